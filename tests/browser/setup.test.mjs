// An empty instance is set up, and a password is set anew, by links from the host. The tests follow one another on one house.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";

import { alert, base, fill, heading, launch, look, open, password, path, session, signIn } from "./helpers.mjs";

const { MESHKEY_BINARY, MESHKEY_DATABASE_URL } = process.env;
let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

// What the host prints, on the address of the house.
function link(member, ...verb) {
  const env = { MESHKEY_DATABASE_URL, MESHKEY_ALLOW_FSYNC_OFF: "true" };
  const told = JSON.parse(execFileSync(MESHKEY_BINARY, [...verb, "--json"], { env }));
  return base + told[member].slice(told[member].indexOf("/", "http://".length));
}

const setupLink = () => link("url", "setup-url");
const resetLink = () => link("reset_url", "admin", "reset-password", "dana@example.com");
const field = (page, name) => page.getByLabel(name, { exact: true });

async function fillIn(page, fields) {
  for (const [name, text] of Object.entries(fields)) await field(page, name).fill(text);
  await page.getByRole("button", { name: "Set up" }).click();
}

test("who has no code reads how to get one, and can copy that", async () => {
  for (const isBlocked of [false, true]) {
    const page = await open(browser, { permissions: isBlocked ? [] : ["clipboard-write"] });
    // As over plain HTTP to another host.
    if (isBlocked) await page.addInitScript(() => Object.defineProperty(navigator, "clipboard", { value: undefined }));
    await page.goto("/account");
    await page.goto("/");
    assert.equal(path(page), "/setup");
    await page.getByRole("button", { name: "Copy: docker compose" }).click();
    await page.getByText("Copied: docker compose exec meshkey meshkey setup-url").waitFor();
    await field(page, "Set-up code").focus();
    await page.keyboard.press("Control+V");
    assert.equal(await field(page, "Set-up code").inputValue(), "docker compose exec meshkey meshkey setup-url");
    assert.deepEqual(page.complaints, []);
  }
  const page = await open(browser);
  await page.goto("/sign-in");
  assert.equal(path(page), "/setup");
  await look(page, "setup");
  await fillIn(page, { "Set-up code": "not this one" });
  assert.match(await page.locator("#code-fault").textContent(), /^This code does not work/);
  assert.ok(await page.getByText("kubectl exec deploy/meshkey -- meshkey setup-url").isVisible());
  await look(page, "setup-wrong");
});

test("a link sets it up, once, and its code is not left in the address", async () => {
  const [page, late] = [await open(browser), await open(browser)];
  const requested = [];
  page.on("request", (request) => requested.push(request.url()));
  const url = setupLink();
  const code = url.split("#code=")[1];
  // The page is open already when the link comes.
  await page.goto("/setup");
  await page.goto(url);
  await late.goto(setupLink());
  assert.equal(await field(page, "Set-up code").inputValue(), code);
  assert.equal(page.url(), `${base}/setup`);
  assert.ok(!(await page.getByText("How to get a code").isVisible()));
  await look(page, "setup-with-code");
  const fields = { "Your name": "Dana", "E-mail": "dana@example.com", Password: password, "Name (optional)": "Acme" };
  await fillIn(page, { ...fields, "Short name": "Acme Ltd", "Mesh (optional)": "Main", "Topic (optional)": "deploys" });
  assert.equal(await alert(page), "It is not set up yet: see below what is wrong.");
  assert.match(await page.locator("#org-fault").textContent(), /^a slug is 1 to 48 characters/);
  assert.equal(await field(page, "Short name").getAttribute("aria-invalid"), "true");
  assert.equal(await field(page, "Your name").inputValue(), "Dana");
  assert.equal(await field(page, "Password").inputValue(), "");
  await look(page, "setup-faults");
  await fillIn(page, { "Short name": "acme", "Mesh (optional)": "main", Password: password });
  assert.equal(await page.getByRole("status").textContent(), "You are owner of Acme. Nobody else is anything in it yet.");
  await look(page, "setup-done");
  assert.deepEqual(requested.filter((asked) => asked.includes(code)), []);

  await fillIn(late, { ...fields, "Short name": "other" });
  assert.equal(await heading(late), "Meshkey is set up");
  await look(late, "setup-late");
  await page.getByRole("link", { name: "Sign in" }).click();
  await fill(page, "dana");
  await page.waitForURL("**/orgs/*/keys");
});

test("a link sets a password anew, and whoever was in is out", async () => {
  const [inside, page] = [await open(browser), await open(browser)];
  await signIn(inside, "dana");
  await inside.waitForURL("**/orgs/*/keys");
  await page.goto("/reset");
  await look(page, "reset");
  await page.goto(resetLink());
  await inside.goto("/account");
  assert.equal(path(inside), "/sign-in");
  await field(page, "New password").fill("short");
  await page.getByRole("button", { name: "Set the password" }).click();
  assert.match(await page.locator("#password-fault").textContent(), /at least 12 characters/);
  await look(page, "reset-unfit");
  await field(page, "New password").fill("quite another phrase");
  await page.getByRole("button", { name: "Set the password" }).click();
  assert.match(await page.getByRole("status").textContent(), /^The password of dana@example\.com is set/);
  await look(page, "reset-done");
  await page.getByRole("link", { name: "Sign in" }).click();
  await fill(page, "dana");
  assert.equal(await alert(page), "E-mail or password is wrong");
  await fill(page, "dana", "quite another phrase");
  await page.waitForURL("**/orgs/*/keys");
  assert.notEqual(await session(page), undefined);
});
