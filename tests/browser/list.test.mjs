// Keys, many at a time: the list, the search into which one may paste a key, what is done with several, and which end soon.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { alert, base, heading, launch, look, open, path, signIn } from "./helpers.mjs";

// The secrets of the keys under test, by their names.
const secrets = JSON.parse(process.env.MESHKEY_INVITATIONS);
const keys = "/orgs/acme/keys";
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const dana = async (settings) => {
  const page = await open(browser, settings);
  await signIn(page, "dana");
  await page.goto(keys);
  return page;
};
const names = (page) => page.locator("tbody th bdi").allTextContents();
const query = (page) => new URL(page.url()).searchParams;

test("the list is sound, with its menu and its fields open, and empty", async () => {
  const page = await dana();
  await look(page, "keys");
  await page.getByText("Filter", { exact: true }).click();
  await look(page, "keys-fields");
  await page.locator("summary", { hasText: "More about feed-reader" }).click();
  await look(page, "keys-menu");
  await page.keyboard.press("Escape");
  const focused = await page.evaluate(() => document.activeElement.textContent);
  assert.match(focused, /More about feed-reader/);
  await page.goto(`${keys}?status=expired&mesh=main&text=nothing`);
  assert.equal(await page.getByRole("heading", { level: 2 }).textContent(), "No keys match");
  await look(page, "keys-no-match");
  await page.goto(`${keys}?topic=Not%20One`);
  await look(page, "keys-wrong");
  await page.goto("/orgs/acme/expiring");
  await look(page, "expiring");
});

test("filters survive Reload and Back", async () => {
  const page = await dana();
  const all = await names(page);
  await page.getByText("Filter", { exact: true }).click();
  await page.getByLabel("active", { exact: true }).check();
  await page.getByLabel("rotating", { exact: true }).check();
  await page.getByLabel("Can do").selectOption("read");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await page.waitForURL("**capability=read**");
  assert.deepEqual(query(page).getAll("status").sort(), ["active", "rotating"]);
  const narrowed = await names(page);
  assert.ok(narrowed.length > 0 && narrowed.length < all.length, String(narrowed));
  await page.reload();
  assert.deepEqual(await names(page), narrowed);
  await page.getByRole("link", { name: "Name (sort)" }).click();
  await page.waitForURL("**sort=label**");
  assert.equal(await page.locator("th[aria-sort]").getAttribute("aria-sort"), "ascending");
  assert.deepEqual(await names(page), [...narrowed].sort());
  await page.goBack();
  assert.deepEqual(await names(page), narrowed);
  await page.getByRole("link", { name: /^rotating .*take this filter away/ }).click();
  await page.waitForURL((url) => url.searchParams.getAll("status").length === 1);
  assert.deepEqual(query(page).getAll("status"), ["active"]);
  await page.getByRole("link", { name: "Clear all" }).click();
  assert.deepEqual(await names(page), all);
});

test("a key that is pasted is found, and stands nowhere", async () => {
  const page = await dana();
  const secret = secrets["ci-deploys"];
  const seen = [];
  page.on("response", async (answer) => {
    seen.push(answer.url(), JSON.stringify(await answer.allHeaders()), await answer.text().catch(() => ""));
  });
  await page.getByLabel("Search keys").fill(`MESHKEY_KEY="${secret}"`);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "That is ci-deploys" }).waitFor();
  assert.equal(await page.getByLabel("Search keys").inputValue(), "");
  for (const name of ["Revoke…", "Rotate…", "See it"]) assert.ok(await page.getByRole("link", { name }).isVisible(), name);
  await look(page, "search-found");
  // It is an answer within the page: the browser has nothing to send again by Reload or Back.
  assert.equal(new URL(page.url()).pathname, keys);
  await page.reload();
  await page.getByRole("heading", { level: 1, name: "Keys" }).waitFor();
  await page.getByLabel("Search keys").fill(secret.slice(0, -1));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "No such key" }).waitFor();
  assert.match(await alert(page), /^It is no whole key/);
  await look(page, "search-broken");
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state, location.href]));
  const body = secret.slice(5, 40);
  for (const text of [...seen, kept]) assert.ok(!text.includes(body), text.slice(0, 200));
  assert.ok(seen.some((text) => text.includes("That is ci-deploys")), "the answers were read");
});

test("words that are searched for lead to the list", async () => {
  const page = await dana();
  await page.keyboard.press("/");
  await page.keyboard.type("FEED");
  await page.keyboard.press("Enter");
  await page.waitForURL("**text=FEED");
  assert.deepEqual(await names(page), ["feed-reader"]);
});

test("several keys are disabled, once it was shown what that means", async () => {
  const page = await dana();
  await page.getByRole("button", { name: "Tick all" }).click();
  const boxes = page.getByRole("checkbox", { name: /^Choose/ });
  const count = await boxes.count();
  assert.equal(await page.locator("[data-ticked]").textContent(), ` (${count})`);
  await page.getByRole("button", { name: "Tick none" }).click();
  for (const name of ["spare one", "spare two"]) await page.getByLabel(`Choose ${name}`).check();
  await page.locator("form.bulk").getByRole("button", { name: "Revoke…" }).click();
  assert.equal(await heading(page), "Revoke 2 keys?");
  await look(page, "bulk-review");
  await page.getByRole("button", { name: "Revoke 2 keys" }).click();
  await page.getByRole("alert").waitFor();
  assert.equal(await alert(page), "Type acme, to show that you mean it");
  await look(page, "bulk-refused");
  await page.goto(keys);
  for (const name of ["spare one", "spare two"]) await page.getByLabel(`Choose ${name}`).check();
  await page.locator("form.bulk").getByRole("button", { name: "Disable…" }).click();
  await page.getByRole("button", { name: "Disable 2 keys" }).click();
  await page.getByText("2 of 2 disabled.").waitFor();
  assert.equal(await page.getByText("Disabled: refused everywhere").count(), 2);
  await look(page, "bulk-done");
  // At the very next request.
  const answer = await fetch(`${base}/v1/whoami`, { headers: { authorization: `Bearer ${secrets["spare one"]}` } });
  assert.equal(answer.status, 401);
});

test("without scripts the list is read, narrowed and worked with", async () => {
  const page = await dana({ javaScriptEnabled: false });
  assert.ok((await names(page)).includes("ci-deploys"));
  await page.getByLabel("Choose ci-deploys").check();
  await page.locator("form.bulk").getByRole("button", { name: "Set expiry…" }).click();
  assert.equal(await heading(page), "Set expiry of 1 key");
  await page.getByLabel("Expires").fill("2020-01-01");
  await page.getByRole("button", { name: "Set expiry" }).click();
  assert.match(await alert(page), /^0 of 1 given this expiry/);
  await page.getByRole("link", { name: "Back to the keys" }).click();
  assert.equal(path(page), keys);
});

test("a member sees its own keys, and whom to ask for others", async () => {
  const page = await open(browser);
  await signIn(page, "mia");
  await page.goto(keys);
  assert.equal(await page.getByRole("heading", { level: 2 }).textContent(), "You have no keys here");
  assert.match(await page.locator(".empty").textContent(), /Dana/);
  await look(page, "keys-none");
  await page.goto("/orgs/acme/expiring");
  assert.equal(await page.getByRole("heading", { level: 2 }).textContent(), "Nothing expires in the next 30 days");
  await look(page, "expiring-none");
});
