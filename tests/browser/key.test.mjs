// A key on its pages: looked at, edited, stopped and revoked.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { alert, heading, launch, look, open, path, signIn } from "./helpers.mjs";

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

const keys = "/orgs/acme/keys";

async function enter(name = "dana", settings = {}) {
  const page = await open(browser, settings);
  await signIn(page, name);
  await page.waitForURL((url) => url.pathname !== "/sign-in");
  await page.goto("/account");
  return page;
}

// Asks the API as the page's own script would.
const ask = (page, url, method = "GET", body = undefined) =>
  page.evaluate(async ([url, method, body]) => {
    const token = document.querySelector("[name=form_token]").value;
    const headers = { "X-Form-Token": token, "Content-Type": "application/json" };
    const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
    return answer.json();
  }, [url, method, body]);

async function find(page, label) {
  const { items } = await ask(page, `/v1${keys}?text=${encodeURIComponent(label)}`);
  const id = items.find((key) => key.label === label)?.id;
  assert.ok(id, `no key ${label}`);
  return `${keys}/${id}`;
}

async function issue(page, label, wish = {}) {
  const whole = { label, mesh: "main", capabilities: ["send", "read"], topics: ["deploys"], ...wish };
  const key = await ask(page, `/v1${keys}`, "POST", whole);
  assert.ok(key.secret, JSON.stringify(key));
  return { secret: key.secret, path: `${keys}/${key.id}` };
}

// What the service answers to who holds this secret: without the cookie.
const status = (page, secret) =>
  page.evaluate(async (secret) => {
    const headers = { "X-API-Key": secret };
    const answer = await fetch("/v1/meshes/main/topics/deploys/messages", { headers, credentials: "omit" });
    return answer.status;
  }, secret);

test("every state of a key can be looked at", async () => {
  const page = await enter();
  for (const label of ["ci-deploys", "feed-reader", "rotating", "paused", "old-job", "mesh-admin"]) {
    await page.goto(await find(page, label));
    assert.equal(await heading(page), label);
    await look(page, `key-${label}`);
  }
});

test("what was counted is drawn, told in words and there as a table", async () => {
  const page = await enter();
  const key = await find(page, "ci-deploys");
  await page.goto(key);
  assert.match(await page.getByRole("img").getAttribute("aria-label"), /^25 allowed and 4 denied\./);
  await page.getByText("The numbers as a table").click();
  const table = page.getByRole("table", { name: /^Uses by the hour/ });
  assert.deepEqual((await table.getByRole("row").last().getByRole("cell").allTextContents()).map(Number), [25, 4]);
  await look(page, "key-table");
  await page.getByRole("link", { name: "30 days" }).click();
  await page.waitForURL("**range=30d#usage");
  assert.equal(await page.getByRole("link", { name: "30 days" }).getAttribute("aria-current"), "true");
  await look(page, "key-month");
  await page.goto("/orgs/acme/usage");
  await look(page, "org-usage");
  await page.goto(key);
  await page.getByRole("link", { name: "As JSON" }).click();
  assert.match(await page.locator("body").textContent(), /"label":"ci-deploys"/);
});

test("the id is copied, and that is said", async () => {
  const page = await enter("dana", { permissions: ["clipboard-read", "clipboard-write"] });
  const key = await find(page, "ci-deploys");
  await page.goto(key);
  await page.getByRole("button", { name: "Copy id" }).click();
  await page.getByText("The id is copied.").waitFor({ state: "attached" });
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), key.split("/").pop());
});

test("a key is disabled and enabled, and to reload the page does nothing again", async () => {
  const page = await enter();
  const { secret, path: key } = await issue(page, "stopped");
  await page.goto(key);
  assert.equal(await status(page, secret), 200);
  await page.getByRole("button", { name: "Disable" }).click();
  await page.getByText(/^Disabled\. It holds everywhere after \d+ ms \(1 server\)\.$/).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "status");
  assert.equal(await status(page, secret), 401);
  await look(page, "key-just-disabled");
  await page.reload();
  assert.equal(await page.getByText("Disabled. It holds").count(), 0);
  await page.getByRole("button", { name: "Enable" }).click();
  await page.getByText(/^Enabled\./).waitFor();
  assert.equal(await status(page, secret), 200);
});

test("a key that is narrowed is refused at once", async () => {
  const page = await enter();
  const { secret, path: key } = await issue(page, "narrowed");
  await page.goto(`${key}/edit`);
  await look(page, "key-edit");
  await page.getByLabel("read", { exact: true }).uncheck();
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByText("Nothing was saved yet.").waitFor();
  assert.ok(await page.getByText("read", { exact: true }).last().isVisible());
  assert.equal(await page.getByLabel("read", { exact: true }).isChecked(), false);
  await look(page, "key-edit-preview");
  assert.equal(await status(page, secret), 200);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText(/^Saved, and narrowed everywhere\. It holds everywhere after/).waitFor();
  assert.equal(await status(page, secret), 403);
});

test("what is wrong is said before the form, with a way to each field", async () => {
  const page = await enter();
  const { path: key } = await issue(page, "mistyped");
  await page.goto(`${key}/edit`);
  await page.getByLabel("Topics, or beginnings").fill("deploy");
  await page.getByLabel("Rate").fill("often");
  await page.getByRole("button", { name: "Save" }).click();
  assert.match(await alert(page), /Nothing was saved\./);
  assert.equal(await page.getByLabel("Topics, or beginnings").inputValue(), "deploy");
  await look(page, "key-edit-wrong");
  await page.getByRole("link", { name: /^Rate:/ }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "rate");
});

test("of two who edit at once the second sees both", async () => {
  const [page, other] = [await enter(), await enter()];
  const { path: key } = await issue(page, "twice");
  await page.goto(`${key}/edit`);
  await other.goto(`${key}/edit`);
  await other.getByLabel("Name").fill("twice, by another");
  await other.getByRole("button", { name: "Save" }).click();
  await other.getByText(/^Saved\./).waitFor();
  await page.getByLabel("Note").fill("typed with care");
  await page.getByRole("button", { name: "Save" }).click();
  assert.match(await alert(page), /Somebody else has changed this key/);
  assert.equal(await page.getByLabel("Note").inputValue(), "typed with care");
  const row = page.getByRole("row", { name: /^Name/ });
  assert.deepEqual(await row.getByRole("cell").allTextContents(), ["twice, by another", "twice"]);
  await look(page, "key-edit-conflict");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText(/^Saved\./).waitFor();
});

test("a key that may do all is revoked by its name, and is dead when the answer comes", async () => {
  const page = await enter();
  const { secret, path: key } = await issue(page, "leaked one", { capabilities: ["admin"], topics: "all" });
  await page.goto(`${key}/revoke`);
  await look(page, "key-revoke");
  await page.getByRole("radio", { name: "leaked" }).check();
  await page.getByLabel(/^To be sure/).fill("leaked on");
  await page.getByRole("button", { name: "Revoke for good" }).click();
  assert.match(await alert(page), /^Nothing was revoked/);
  assert.equal(await page.getByLabel(/^To be sure/).inputValue(), "leaked on");
  assert.ok(await page.getByRole("radio", { name: "leaked" }).isChecked());
  await look(page, "key-revoke-wrong");
  assert.equal(await status(page, secret), 200);
  await page.getByLabel(/^To be sure/).fill("leaked one");
  await page.getByRole("button", { name: "Revoke for good" }).click();
  await page.getByText(/^Revoked\. Dead everywhere after \d+ ms \(1 server\)\.$/).waitFor();
  assert.equal(await status(page, secret), 401);
  assert.equal(await page.getByRole("link", { name: "Issue a new one in its place" }).getAttribute("href"), `${keys}/new?from=${key.split("/").pop()}`);
  await look(page, "key-revoked");
  const asker = await issue(page, "asker", { capabilities: ["verify"], mesh: undefined, topics: "all" });
  const verdict = await page.evaluate(async ([asker, key]) => {
    const headers = { "X-API-Key": asker, "Content-Type": "application/json" };
    const body = JSON.stringify({ key, capability: "send" });
    return (await fetch("/v1/verify", { method: "POST", headers, body, credentials: "omit" })).json();
  }, [asker.secret, secret]);
  assert.deepEqual([verdict.allowed, verdict.code], [false, "revoked"]);
});

test("a key that issued others says so before it goes", async () => {
  const page = await enter();
  await page.goto(`${await find(page, "mesh-admin")}/revoke`);
  assert.ok(await page.getByText("Disable instead").isVisible());
  await look(page, "key-revoke-with-children");
});

test("all of it can be done without scripts", async () => {
  const wide = await enter();
  const { path: key } = await issue(wide, "plain");
  const page = await open(browser, { javaScriptEnabled: false });
  await signIn(page, "dana");
  await page.goto(key);
  await page.getByRole("button", { name: "Disable" }).click();
  assert.equal(path(page), `${key}/disable`);
  assert.ok(await page.getByText(/^Disabled\. It holds everywhere/).isVisible());
  await page.goto(`${key}/revoke`);
  await page.getByRole("button", { name: "Revoke for good" }).click();
  assert.ok(await page.getByText(/^Revoked\. Dead everywhere/).isVisible());
  // What was answered can be sent again, and is told to be so already.
  await page.reload();
  assert.match(await alert(page), /^Key already revoked\./);
});

test("a member looks at its own key and is told whom to ask", async (context) => {
  const page = await enter("mia");
  const { items } = await ask(page, `/v1/me/keys?org=acme`);
  if (!items?.length) return context.skip("there is no key of hers here");
  await page.goto(`${keys}/${items[0].id}`);
  assert.ok(await page.getByText("ask Dana").isVisible());
  assert.ok(await page.getByRole("button", { name: "Edit" }).isDisabled());
  await look(page, "key-own");
});

test("what is hostile is text", async (context) => {
  const page = await enter();
  const { items } = await ask(page, `/v1${keys}?text=onerror`);
  if (!items.length) return context.skip("there is no such key here");
  await page.goto(`${keys}/${items[0].id}`);
  assert.equal(await heading(page), "<img src=x onerror=alert(1)>");
  await look(page, "key-hostile");
});
