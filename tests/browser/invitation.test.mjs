// The link of an invitation, followed in a browser: what it shows, and how it is accepted.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { alert, heading, launch, look, open, password, path, signIn } from "./helpers.mjs";

const invitations = JSON.parse(process.env.MESHKEY_INVITATIONS);
const follow = async (page, name) => {
  await page.goto(`/invitation#token=${invitations[name]}`);
  await page.getByText("Open until").waitFor();
};

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

test("a newcomer follows the link, and joins", async () => {
  const page = await open(browser);
  await follow(page, "newcomer");
  assert.equal(path(page), "/invitation");
  assert.ok(!page.url().includes(invitations.newcomer), "the token is out of the address");
  await look(page, "invitation-newcomer");
  await page.getByLabel("Your name").fill("Nora");
  await page.getByLabel("Password").fill("short");
  await page.getByRole("button", { name: "Make an account and accept" }).click();
  assert.equal(await alert(page), "A password has at least 12 characters");
  assert.equal(await page.getByLabel("Your name").inputValue(), "Nora");
  await look(page, "invitation-wrong");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Make an account and accept" }).click();
  assert.equal(await heading(page), "Welcome");
  await look(page, "invitation-accepted");
  await signIn(page, "newcomer");
  await page.waitForURL("**/orgs/*/keys");
  await page.goto(`/invitation#token=${invitations.newcomer}`);
  await page.getByText("This invitation was accepted").waitFor();
  await look(page, "invitation-over");
});

test("who is signed in accepts with one button, and nobody else does", async () => {
  const page = await open(browser);
  await signIn(page, "fay");
  await page.waitForURL("**/account");
  await follow(page, "ida");
  assert.match(await alert(page), /for somebody else/);
  await look(page, "invitation-of-another");
  const other = await open(browser);
  await follow(other, "ida");
  await look(other, "invitation-has-account");
  await signIn(other, "ida");
  await other.waitForURL("**/account");
  await follow(other, "ida");
  await look(other, "invitation-known");
  await other.getByRole("button", { name: "Accept as Ida" }).click();
  assert.equal(await heading(other), "Welcome");
});

test("another link in the same tab shows the other invitation", async () => {
  const page = await open(browser);
  await follow(page, "first");
  await page.getByText("first@example.com").first().waitFor();
  await page.evaluate((token) => { location.hash = `#token=${token}`; }, invitations.second);
  await page.getByText("second@example.com").first().waitFor();
  assert.equal(new URL(page.url()).hash, "");
  assert.equal(path(page), "/invitation");
  // What no page has a field for only goes out of the address.
  await page.goto("/setup#code=abc");
  await page.waitForFunction(() => location.hash === "" && location.search === "");
  assert.deepEqual(page.complaints, []);
});

test("without a link one can still paste the code, and a wrong one opens nothing", async () => {
  const page = await open(browser);
  await page.goto("/invitation");
  await look(page, "invitation");
  await page.getByLabel("Code of the invitation").fill("nonsense");
  await page.getByRole("button", { name: "See the invitation" }).click();
  assert.match(await alert(page), /opens nothing/);
  await look(page, "invitation-unknown");
});
