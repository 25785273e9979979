// Passkeys, with the authenticator that Chromium has for tests. A browser binds them to a name, so that the house is at `localhost`.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { alert, base, email, fill, heading, launch, look, open, password, path, signIn, turnOn } from "./helpers.mjs";

const local = base.replace("127.0.0.1", "localhost");
const button = "Sign in with a passkey";

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

// A window with a device, which the person touches as long as that is said. What is asked before is not answered later.
async function withDevice({ isOffered = false } = {}) {
  const page = await open(browser, { baseURL: local });
  // What is offered in the field for the address would be taken as soon as the person touches the device.
  const offerNothing = () => { PublicKeyCredential.isConditionalMediationAvailable = async () => false; };
  if (!isOffered) await page.addInitScript(offerNothing);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: { ...options, automaticPresenceSimulation: false },
  });
  const send = (method, values) => devtools.send(`WebAuthn.${method}`, { authenticatorId, ...values });
  const touch = (enabled) => send("setAutomaticPresenceSimulation", { enabled });
  return { page, send, touch };
}

async function add({ page, touch }, name) {
  await touch(true);
  await page.goto("/account/passkeys");
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByRole("button", { name: `Remove ${name}` }).waitFor();
}

const arrive = (page, place) => page.waitForURL((url) => url.pathname === place);

async function signOut(page) {
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await page.waitForURL("**/sign-in");
}

test("a passkey is added, signs in by the button, and opens nothing when it was removed", async () => {
  const device = await withDevice();
  const { page } = device;
  await signIn(page, "kit");
  await arrive(page, "/account");
  await page.getByRole("link", { name: "Add a passkey" }).click();
  assert.equal(await heading(page), "Passkeys");
  await look(page, "passkeys-none");
  await add(device, "This computer");
  await look(page, "passkeys-one");
  // One device has one passkey of a person.
  await page.getByLabel("Name").fill("Once more");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("This device has a passkey of yours already.").waitFor();
  await look(page, "passkeys-known");
  await turnOn(page);
  await page.goto("/account/passkeys");
  await signOut(page);
  await page.goto("/sign-in?next=/account/passkeys");
  await page.getByRole("button", { name: button }).click();
  // It is both factors: no code is asked for.
  await arrive(page, "/account/passkeys");
  assert.match(await page.locator("ul.rows").textContent(), /last used/);
  await page.getByRole("button", { name: "Remove This computer" }).click();
  await page.getByText("You have none yet.").waitFor();
  await signOut(page);
  await page.getByRole("button", { name: button }).click();
  await page.getByRole("alert").first().waitFor();
  assert.match(await alert(page), /^That passkey does not open anything here/);
  await look(page, "sign-in-passkey-wrong");
  assert.deepEqual(page.complaints, []);
});

test("a passkey is offered in the field for the address", async () => {
  const device = await withDevice({ isOffered: true });
  const { page, touch } = device;
  await signIn(page, "ola");
  await arrive(page, "/account");
  await add(device, "This computer");
  await touch(false);
  await signOut(page);
  await touch(true);
  // Whoever picks one there is in: no button is pressed.
  // It may be so at once, in the middle of the page's coming.
  await page.reload().catch(() => {});
  await arrive(page, "/account");
  assert.ok((await page.content()).includes(email("ola")));
});

test("a passkey confirms who one is, and stands for the second factor", async () => {
  const device = await withDevice();
  const { page } = device;
  await signIn(page, "quin");
  await arrive(page, "/account");
  await add(device, "This computer");
  await turnOn(page);
  await page.goto("/confirm?next=/account/passkeys");
  await look(page, "confirm-with-passkey");
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await arrive(page, "/account/passkeys");
  await signOut(page);
  await fill(page, "quin", password);
  await arrive(page, "/sign-in/second-factor");
  await look(page, "sign-in-second-factor-with-passkey");
  await page.getByRole("button", { name: "Use a passkey instead" }).click();
  await arrive(page, "/account");
});

test("a device that does not know the person, and a copy that counts backwards, are refused", async () => {
  const device = await withDevice();
  const { page, send } = device;
  await signIn(page, "lee");
  await arrive(page, "/account");
  await add(device, "This computer");
  await signOut(page);
  await send("setUserVerified", { isUserVerified: false });
  await page.getByRole("button", { name: button }).click();
  await page.getByText("No passkey was shown.").waitFor();
  await look(page, "sign-in-passkey-not-shown");
  assert.equal(path(page), "/sign-in");
  await send("setUserVerified", { isUserVerified: true });
  await page.getByRole("button", { name: button }).click();
  await arrive(page, "/account");
  const { credentials } = await send("getCredentials");
  const copy = async (signCount) => {
    await send("removeCredential", { credentialId: credentials[0].credentialId });
    await send("addCredential", { credential: { ...credentials[0], signCount } });
    await signOut(page);
    await page.getByRole("button", { name: button }).click();
  };
  await copy(credentials[0].signCount + 10);
  await arrive(page, "/account");
  await copy(0);
  await page.getByRole("alert").first().waitFor();
  assert.match(await alert(page), /^That passkey does not open anything here/);
});

test("by another name than that of the server no passkey is offered, and the password is", async () => {
  const page = await open(browser);
  await page.goto("/sign-in");
  assert.ok(await page.getByRole("button", { name: button }).isHidden());
  await fill(page, "ida");
  await page.waitForURL("**/account");
  await page.goto("/account/passkeys");
  assert.ok(await page.getByText(`It takes a browser with scripts, at ${local}.`).isVisible());
  assert.ok(await page.getByLabel("Name").isHidden());
  await look(page, "passkeys-elsewhere");
});
