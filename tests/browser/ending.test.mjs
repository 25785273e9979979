// A session that ends is told of two minutes before. The clock of the page is ours, and so nobody waits.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { base, fill, launch, look, open, path, signIn } from "./helpers.mjs";

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

const notice = (page) => page.locator("[data-ending]");
const local = base.replace("127.0.0.1", "localhost");
const [minute, hour] = [60, 3600];

async function signedIn(name, settings = {}) {
  const page = await open(browser, settings);
  await page.clock.install();
  await signIn(page, name);
  await page.waitForURL("**/account");
  return page;
}

const pass = (page, seconds) => page.clock.fastForward(seconds * 1000);

test("who does nothing is told in time, and stays by a button", async () => {
  const page = await signedIn("idle");
  await page.goto("/account/password");
  await pass(page, 12 * hour - 3 * minute);
  assert.equal(await page.getByRole("status").textContent(), "");
  await page.getByLabel("New password").focus();
  await pass(page, 1 * minute + 30);
  const told = page.getByText(/^You will be signed out at \d\d:\d\d, since nothing was done here for long\.$/);
  await told.waitFor();
  // It takes no focus, and is spoken by itself.
  assert.equal(await page.evaluate(() => document.activeElement.id), "new");
  assert.equal(await told.getAttribute("role"), "status");
  await look(page, "ending-idle");
  const stay = page.getByRole("button", { name: "Stay signed in" });
  await stay.focus();
  await page.keyboard.press("Enter");
  await stay.waitFor({ state: "hidden" });
  await pass(page, 12 * hour - 3 * minute);
  assert.ok(await stay.isHidden());
  assert.deepEqual(page.complaints, []);
});

test("one tab that is used is enough for all", async () => {
  const page = await signedIn("idle");
  const other = await page.context().newPage();
  await pass(page, 12 * hour - 1 * minute);
  const stay = page.getByRole("button", { name: "Stay signed in" });
  await stay.waitFor();
  await other.goto("/account");
  await stay.waitFor({ state: "hidden" });
});

test("after the end one signs in again, and is on the same page with what was filled in, but no secret", async () => {
  const page = await signedIn("kit", { baseURL: local });
  const again = page.getByRole("link", { name: "Sign in again" });
  const end = async () => {
    await page.context().clearCookies();
    await pass(page, 12 * hour + 1);
    await again.waitFor();
  };
  const kept = () => page.evaluate(() => JSON.stringify(sessionStorage));
  await page.goto("/account/passkeys?x=1");
  await page.getByLabel("Name").fill("what I have typed");
  await end();
  await look(page, "ending-over");
  await again.click();
  await page.waitForURL("**/sign-in?next=**");
  await fill(page, "kit");
  await page.waitForURL("**/account/passkeys?x=1");
  assert.equal(await page.getByLabel("Name").inputValue(), "what I have typed");
  assert.equal(await kept(), "{}");
  await page.goto("/account/password");
  await page.getByLabel("New password").fill("a secret of mine");
  await end();
  await again.click();
  await page.waitForURL("**/sign-in?next=**");
  assert.equal(await kept(), "{}");
  await fill(page, "kit");
  await page.waitForURL("**/account/password");
  assert.equal(await page.getByLabel("New password").inputValue(), "");
});

test("what somebody has typed is not shown to somebody else", async () => {
  const page = await signedIn("kit");
  await page.evaluate(() => sessionStorage.setItem("meshkey-kept /account", JSON.stringify({ who: "user_other", kept: [["x", "y", false]] })));
  await page.reload();
  assert.equal(await page.evaluate(() => JSON.stringify(sessionStorage)), "{}");
});

// Whoever signs in as this one is signed out after 100 seconds, whatever he does.
test("the end that comes in any case is told of too, and one signs in again", async () => {
  const page = await open(browser);
  await signIn(page, "brief");
  await page.waitForURL("**/account");
  await page.getByText(/^You will be signed out at \d\d:\d\d: sign in again to go on\.$/).waitFor();
  assert.ok(await page.getByRole("button", { name: "Stay signed in" }).isHidden());
  await look(page, "ending-life");
  await page.getByRole("link", { name: "Sign in again" }).click();
  assert.equal(path(page), "/sign-in");
  await fill(page, "kit");
  await page.waitForURL("**/account");
  assert.ok(await page.getByRole("link", { name: "Sign in again" }).isHidden());
});

test("what was typed comes back where the session was ended in another window", async () => {
  const page = await open(browser);
  await signIn(page, "gus");
  await page.waitForURL("**/orgs/acme/keys");
  const other = await page.context().newPage();
  const signOut = async () => {
    await other.goto("/account");
    await other.getByRole("button", { name: "Sign out" }).click();
    await other.waitForURL("**/sign-in");
  };
  // A form whose answer takes the place of the page, and one whose answer is a page.
  const topics = async () => { await page.getByLabel("Only these").check(); };
  const slug = () => page.getByLabel("Slug").fill("of-kit");
  for (const [here, label, button, more] of [
    ["/orgs/acme/keys/new", "Name", "Issue key", topics],
    ["/orgs/acme/meshes", "Name (optional)", "Make the mesh", slug],
  ]) {
    const field = page.getByLabel(label, { exact: true });
    await page.goto(here);
    await field.fill("what I have typed");
    await more();
    await signOut();
    await page.getByRole("button", { name: button }).click();
    await page.waitForURL("**/sign-in?next=**");
    await fill(page, "gus");
    await page.waitForURL(`**${here}`);
    assert.equal(await field.inputValue(), "what I have typed");
    // Somebody signed in there meanwhile: the page is of another session.
    await signOut();
    await fill(other, "gus");
    await other.waitForURL("**/orgs/acme/keys");
    await page.getByRole("button", { name: button }).click();
    await page.getByRole("link", { name: "Load the page again" }).click();
    await page.waitForURL(`**${here}`);
    assert.equal(await field.inputValue(), "what I have typed");
  }
});

test("a key that was typed where none belongs is kept nowhere, and who signs out leaves nothing", async () => {
  const page = await open(browser);
  await signIn(page, "gus");
  await page.waitForURL("**/orgs/acme/keys");
  const kept = () => page.evaluate(() => JSON.stringify(sessionStorage));
  const like = `mshk_${"aB3".repeat(17).slice(0, 49)}`;
  await page.goto("/orgs/acme/keys/new");
  await page.getByLabel("Name", { exact: true }).fill("ci");
  await page.getByLabel("Note").fill(like);
  await page.getByLabel("Names of topics").fill("deploys");
  await page.getByLabel("Only these topics").check();
  await page.getByRole("button", { name: "Issue key" }).click();
  await page.getByRole("alert").getByText(/This looks like a key/).first().waitFor();
  assert.equal(await kept(), "{}");
  await page.getByLabel("Name", { exact: true }).fill("what I have typed");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/sign-in");
  assert.equal(await kept(), "{}");
});
