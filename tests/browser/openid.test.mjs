// Signing in by a provider, in a browser: the buttons, the way there and back, and what is said where it does not lead in.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { alert, code, heading, launch, look, open, path, session, signIn, turnOn } from "./helpers.mjs";

const invitations = JSON.parse(process.env.MESHKEY_INVITATIONS);

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

// At the provider, which is another site.
async function signInThere(page, login) {
  await page.getByRole("heading", { name: "Provider" }).waitFor();
  assert.equal(new URL(page.url()).hostname, "localhost");
  await page.getByLabel("Login").fill(login);
  await page.getByRole("button", { name: "Sign in there" }).click();
}

async function enter(page, login) {
  await page.goto("/sign-in");
  await page.getByRole("button", { name: "Sign in with The one" }).click();
  await signInThere(page, login);
}

async function connect(page) {
  await page.goto("/account");
  await page.getByRole("link", { name: "Connect or disconnect" }).click();
  assert.equal(await heading(page), "Sign-in by others");
  await page.getByRole("button", { name: "Connect The one" }).click();
}

test("who has connected a provider signs in by it, and goes back where it wanted to", async () => {
  const page = await open(browser);
  await signIn(page, "lee");
  await page.waitForURL("**/account");
  await connect(page);
  await signInThere(page, "lee");
  await page.getByText("The one · lee@example.com").waitFor();
  assert.equal(path(page), "/account/identities");
  await look(page, "identities");

  const later = await open(browser);
  await later.goto("/account/password");
  assert.equal(path(later), "/sign-in");
  await look(later, "sign-in-with-providers");
  await later.getByRole("button", { name: "Sign in with The one" }).click();
  await signInThere(later, "lee");
  await later.waitForURL("**/account/password");
  assert.ok(await session(later), "there is a session");
  assert.deepEqual(later.complaints, []);

  // What matters most is not opened by it until the provider has asked anew.
  await later.goto("/account/identities");
  assert.equal(await heading(later), "Confirm that it is you");
  await look(later, "confirm-with-provider");
  await later.getByRole("button", { name: "Confirm with The one" }).click();
  await signInThere(later, "lee");
  await later.waitForURL("**/account/identities");
  await later.getByRole("button", { name: /^Disconnect/ }).click();
  await later.getByText("Nothing is connected.").waitFor();
});

test("the second factor is asked for after the provider", async () => {
  const page = await open(browser);
  await signIn(page, "fay");
  await page.waitForURL("**/account");
  await connect(page);
  await signInThere(page, "fay");
  await page.getByText("The one · fay@example.com").waitFor();
  const { secret } = await turnOn(page);
  const later = await open(browser);
  await enter(later, "fay");
  await later.waitForURL("**/sign-in/second-factor");
  await later.getByLabel("Code").fill(code(secret));
  await later.getByRole("button", { name: "Go on" }).click();
  await later.waitForURL("**/account");
});

test("who is connected with nobody is told so in plain words, and who declines too", async () => {
  const page = await open(browser);
  await enter(page, "stranger");
  await page.getByText("No account here is connected").waitFor();
  assert.equal(await heading(page), "Not signed in");
  await look(page, "not-connected");
  const other = await open(browser);
  await other.goto("/sign-in");
  await other.getByRole("button", { name: "Sign in with The one" }).click();
  await other.getByRole("button", { name: "Refuse" }).click();
  await other.getByText("it was declined there").waitFor();
  assert.match(await alert(other), /did not tell who you are/);
  assert.equal(await session(other), undefined);
});

test("an invitation is accepted without a password", async () => {
  const page = await open(browser);
  await page.goto(`/invitation#token=${invitations.newcomer}`);
  await page.getByText("Open until").waitFor();
  await look(page, "invitation-with-providers");
  await page.getByRole("button", { name: "Accept with The one" }).click();
  await signInThere(page, "newcomer");
  await page.getByText("You are a member of acme now.").waitFor();
  await page.getByRole("link", { name: "To your account" }).click();
  await page.getByText("newcomer@example.com").waitFor();
  await page.getByRole("link", { name: "Change the password" }).click();
  await page.getByRole("button", { name: "Confirm with The one" }).click();
  await signInThere(page, "newcomer");
  await page.waitForURL("**/account/password");
  assert.equal(await heading(page), "Set a password");
  await look(page, "first-password");
});
