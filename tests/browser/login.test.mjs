// A terminal asks to be let in, and its person decides in a browser.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { alert, base, fill, heading, launch, look, open, path, signIn } from "./helpers.mjs";

const client = "meshkey-cli";
const post = async (where, fields) => {
  const answer = await fetch(`${base}${where}`, { method: "POST", body: new URLSearchParams({ client_id: client, ...fields }) });
  return answer.json();
};
const begin = (more = {}) => post("/v1/device-authorization", { device_name: "laptop of Gus", ...more });
const take = ({ device_code }) =>
  post("/v1/token", { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code });

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

test("a code is typed, compared and approved, by the keyboard alone", async () => {
  const page = await open(browser);
  await signIn(page, "gus");
  await page.waitForURL("**/orgs/acme/keys");
  await page.goto("/device");
  await look(page, "device");
  await page.getByLabel("Code").fill("BBBB-BBBB");
  await page.keyboard.press("Enter");
  assert.match(await alert(page), /No terminal waits with this code/);
  await look(page, "device-wrong");
  const begun = await begin({ scope: "send topic:deploys", mesh: "main" });
  await page.getByLabel("Code").fill(begun.user_code.toLowerCase());
  await page.keyboard.press("Enter");
  await page.waitForURL("**/device/request?id=*");
  const place = page.url();
  assert.equal(await heading(page), "Does this code stand in your terminal?");
  assert.equal(await page.locator(".user-code").textContent(), begun.user_code);
  assert.ok(await page.getByLabel("send", { exact: true }).isChecked());
  assert.ok(!(await page.getByLabel(/^admin/).isChecked()));
  assert.equal(await page.getByLabel("Names of topics").inputValue(), "deploys");
  await look(page, "device-request");
  await page.getByLabel("Names of topics").fill("deplois");
  await page.getByRole("button", { name: "Approve" }).click();
  assert.match(await page.getByRole("alert").first().textContent(), /deplois/);
  await look(page, "device-request-wrong");
  await page.getByLabel("Names of topics").fill("deploys");
  await page.getByRole("button", { name: "Approve" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("You may close this page").waitFor();
  assert.equal(await heading(page), "Approved");
  await look(page, "device-approved");
  const token = await take(begun);
  assert.equal(token.scope, "send topic:deploys");
  await page.goto(place);
  assert.equal(await heading(page), "Nothing to decide");
  await look(page, "device-over");
});

test("the link brings the code, also through signing in, and never decides", async () => {
  const begun = await begin();
  const page = await open(browser);
  await page.goto(begun.verification_uri_complete.replace(/^https?:\/\/[^/]+/, base));
  await page.waitForURL("**/sign-in**");
  await fill(page, "gus");
  await page.waitForURL("**/device**");
  assert.equal(path(page), "/device");
  assert.equal(await page.getByLabel("Code").inputValue(), begun.user_code);
  assert.ok(!page.url().includes(begun.user_code), "the code is out of the address");
  assert.equal((await take(begun)).error, "authorization_pending");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.waitForURL("**/device/request?id=*");
  // A choice is forced: on which topics, and where.
  await page.getByLabel("Where").selectOption("main");
  await page.getByRole("button", { name: "Approve" }).click();
  assert.equal(path(page), "/device/request");
  assert.equal(await page.getByRole("heading", { name: "Approved" }).count(), 0);
  await page.getByRole("button", { name: "Deny" }).click();
  await page.getByText("The terminal gets nothing").waitFor();
  await look(page, "device-denied");
});

test("without scripts the code is typed and all else is the same", async () => {
  const begun = await begin();
  const page = await open(browser, { javaScriptEnabled: false });
  await signIn(page, "gus");
  await page.goto("/device");
  await page.getByLabel("Code").fill(begun.user_code);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByLabel("Where").selectOption("main");
  await page.getByLabel("All topics, now and later").check();
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText("You may close this page").waitFor();
  assert.equal((await take(begun)).token_type, "Bearer");
});
