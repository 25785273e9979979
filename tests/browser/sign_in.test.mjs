// Signing in and out as people do it.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { alert, base, code, email, fill, heading, launch, open, password, path, session, signIn, turnOn } from "./helpers.mjs";

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

async function serve(answer) {
  const server = createServer(answer);
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}

function close(server) {
  server.closeAllConnections();
  server.close();
}

test("a wrong password is said to be wrong, and the right one opens the account", async () => {
  const page = await open(browser);
  await page.goto("/account/password");
  assert.equal(path(page), "/sign-in");
  await fill(page, "dana", "not this one");
  assert.equal(await alert(page), "E-mail or password is wrong");
  assert.equal(await page.getByLabel("E-mail").inputValue(), email("dana"));
  assert.equal(await page.getByLabel("Password").inputValue(), "");
  // By keyboard alone: the field for the password has the focus already.
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/account/password");
  const cookie = await session(page);
  assert.deepEqual([cookie.secure, cookie.httpOnly, cookie.sameSite, cookie.path], [true, true, "Lax", "/"]);
  assert.equal(await page.evaluate(() => document.cookie), "");
  assert.deepEqual(page.complaints, []);
});

test("who tries too often is told how long to wait, and may still type", async () => {
  const page = await open(browser);
  await page.goto("/sign-in");
  for (let tries = 0; tries < 5; tries += 1) {
    await fill(page, "tries", "not this one");
    assert.equal(await alert(page), "E-mail or password is wrong");
  }
  await fill(page, "tries");
  assert.match(await alert(page), /^Too many tries\. Try again in \d+ s\.$/);
  assert.ok(await page.getByLabel("Password").isEnabled());
});

// A neighbour on the same host can give a browser our cookie, since cookies know no ports.
test("what a browser had before it signs in is not honoured", async () => {
  const fixed = Buffer.alloc(32, 7).toString("base64url");
  const cookie = `__Host-meshkey=${fixed}; Path=/; Secure; HttpOnly; SameSite=Lax`;
  const neighbour = await serve((_, answer) => answer.setHeader("set-cookie", cookie).end("hello"));
  const [page, thief] = [await open(browser), await open(browser)];
  for (const visitor of [page, thief]) {
    await visitor.goto(`http://127.0.0.1:${neighbour.address().port}/`);
    assert.equal((await session(visitor)).value, fixed);
    await visitor.goto("/account");
    assert.equal(path(visitor), "/sign-in");
  }
  await fill(page, "dana");
  await page.waitForURL("**/account");
  assert.notEqual((await session(page)).value, fixed);
  await thief.goto("/account");
  assert.equal(path(thief), "/sign-in");
  close(neighbour);
});

test("after signing out, Back shows nothing", async () => {
  const page = await open(browser);
  await signIn(page, "dana");
  await page.waitForURL("**/account");
  await page.getByRole("link", { name: "Change the password" }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/sign-in");
  assert.equal(await session(page), undefined);
  for (let steps = 0; steps < 2; steps += 1) {
    await page.goBack({ waitUntil: "commit" });
    await page.waitForURL("**/sign-in**");
    await page.waitForLoadState();
    assert.equal(await heading(page), "Sign in");
    assert.ok(!(await page.content()).includes(email("dana")));
  }
});

test("a second factor is asked for, and a recovery code does instead, once", async () => {
  const page = await open(browser);
  await signIn(page, "fay");
  await page.waitForURL("**/account");
  const { secret, codes } = await turnOn(page);
  assert.equal(codes.length, 10);
  await page.getByRole("link", { name: "I have kept them" }).click();
  assert.ok((await page.content()).includes("10 recovery codes left"));
  await page.getByRole("button", { name: "Sign out" }).click();
  await fill(page, "fay");
  await page.waitForURL("**/sign-in/second-factor");
  const half = (await session(page)).value;
  await page.goto("/account");
  assert.equal(path(page), "/sign-in");
  await page.goto("/sign-in/second-factor");
  await page.getByLabel("Code").fill(code(secret, 5));
  await page.getByRole("button", { name: "Go on" }).click();
  assert.match(await alert(page), /^The code is wrong/);
  await page.getByLabel("Code").fill(codes[3]);
  await page.keyboard.press("Enter");
  await page.waitForURL("**/account");
  assert.notEqual((await session(page)).value, half);
  assert.ok((await page.content()).includes("9 recovery codes left"));
  await page.getByRole("button", { name: "Sign out" }).click();
  await fill(page, "fay");
  await page.getByLabel("Code").fill(codes[3]);
  await page.keyboard.press("Enter");
  assert.match(await alert(page), /^The code is wrong/);
  await page.getByLabel("Code").fill(code(secret));
  await page.keyboard.press("Enter");
  await page.waitForURL("**/account");
});

// Whoever signs in as this one has last shown who he is a while ago.
test("what matters most takes a fresh proof", async () => {
  const page = await open(browser);
  await signIn(page, "stale");
  await page.waitForURL("**/account");
  await page.getByRole("link", { name: "Turn it on" }).click();
  assert.equal(await heading(page), "Confirm that it is you");
  await page.getByLabel("Password").fill("not this one");
  await page.getByRole("button", { name: "Confirm" }).click();
  assert.equal(await alert(page), "That is wrong");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.waitForURL("**/account/second-factor");
  await page.getByRole("button", { name: "Turn it on" }).click();
  assert.ok(await page.getByRole("img", { name: /QR code/ }).isVisible());
});

test("who is signed out elsewhere is out at once", async () => {
  const [here, there] = [await open(browser, { userAgent: "Here" }), await open(browser, { userAgent: "There" })];
  for (const page of [here, there]) {
    await signIn(page, "lee");
    await page.waitForURL("**/account");
  }
  await here.reload();
  await here.getByRole("button", { name: "Sign out There from" }).click();
  await here.waitForURL("**/account");
  assert.equal(await here.getByRole("button", { name: /^Sign out There/ }).count(), 0);
  await there.reload();
  assert.equal(path(there), "/sign-in");
  await signIn(there, "lee");
  await there.waitForURL("**/account");
  await here.reload();
  await here.getByRole("button", { name: "Sign out everywhere else" }).click();
  await there.reload();
  assert.equal(path(there), "/sign-in");
  await here.reload();
  assert.equal(path(here), "/account");
});

test("a form that another origin sends is refused, though the cookie comes with it", async () => {
  const page = await open(browser);
  await signIn(page, "dana");
  await page.waitForURL("**/account");
  const form = (action) =>
    `<!doctype html><form method="post" action="${base}${action}"><input name="end" value="others"></form><script>document.forms[0].submit()</script>`;
  const evil = await serve((request, answer) => answer.setHeader("content-type", "text/html").end(form(request.url)));
  const { port } = evil.address();
  // Another port is the same site, so that the browser sends the cookie; another name is another site.
  for (const host of ["127.0.0.1", "localhost"]) {
    for (const action of ["/sign-out", "/account/sessions", "/sign-in"]) {
      await page.goto(`http://${host}:${port}${action}`, { waitUntil: "commit" });
      await page.waitForURL(`${base}${action}`);
      assert.equal(await heading(page), "Not from here", `${host} ${action}`);
    }
  }
  close(evil);
  await page.goto("/account");
  assert.equal(path(page), "/account");
});

test("what people are called is text", async () => {
  const page = await open(browser);
  let asked = false;
  page.on("dialog", (dialog) => { asked = true; dialog.dismiss(); });
  await signIn(page, "hostile");
  await page.waitForURL("**/account");
  assert.ok((await page.locator("main").textContent()).includes("<img src=x onerror=alert(1)>"));
  assert.equal(await page.locator("main img").count(), 0);
  assert.deepEqual([asked, page.complaints], [false, []]);
});
