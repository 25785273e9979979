// Every page, in both themes and at both widths: see `look`.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { fill, heading, launch, look, open, signIn, turnOn } from "./helpers.mjs";

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

test("the pages before one is in", async () => {
  const page = await open(browser);
  await page.goto("/sign-in");
  await look(page, "sign-in");
  await page.getByText("Locked out?").click();
  await look(page, "sign-in-locked-out");
  await fill(page, "nobody", "not this one");
  await look(page, "sign-in-wrong");
  for (let tries = 0; tries < 5; tries += 1) await fill(page, "nobody", "not this one");
  await look(page, "sign-in-throttled");
});

test("the account and what belongs to it", async () => {
  const other = await open(browser, { userAgent: "Mozilla/5.0 (X11; Linux x86_64) ".repeat(5) });
  await signIn(other, "ida");
  const page = await open(browser);
  await signIn(page, "ida");
  await page.waitForURL("**/account");
  await look(page, "account");
  await page.goto("/account/password");
  await look(page, "password");
  await page.getByLabel("Old password").fill("not this one");
  await page.getByLabel("New password").fill("quite another phrase");
  await page.getByRole("button", { name: "Change the password" }).click();
  await look(page, "password-wrong");
  await page.goto("/confirm?next=/account");
  await look(page, "confirm");
});

test("the second factor, from off to on and asked for", async () => {
  const page = await open(browser);
  await signIn(page, "uma");
  await page.waitForURL("**/account");
  await page.goto("/account/second-factor");
  await look(page, "second-factor-off");
  await page.getByRole("button", { name: "Turn it on" }).click();
  await look(page, "second-factor-begun");
  await turnOn(page);
  await look(page, "recovery-codes");
  await page.goto("/account/second-factor");
  await look(page, "second-factor-on");
  await page.goto("/confirm");
  await look(page, "confirm-with-code");
  await page.getByRole("button", { name: "Sign out" }).click();
  await fill(page, "uma");
  await page.waitForURL("**/sign-in/second-factor");
  await look(page, "sign-in-second-factor");
  await page.getByLabel("Code").fill("000000");
  await page.getByRole("button", { name: "Go on" }).click();
  await look(page, "sign-in-second-factor-wrong");
});

test("a page that cannot be shown", async () => {
  const page = await open(browser);
  await page.goto("/assets/nothing.css");
  assert.equal(await heading(page), "Not found");
  await look(page, "not-found");
});

test("the link to the content comes first, and every control can be seen to have the focus", async () => {
  const page = await open(browser);
  await signIn(page, "ida");
  await page.waitForURL("**/account");
  await page.keyboard.press("Tab");
  const seen = [];
  for (let steps = 0; steps < 12; steps += 1) {
    const here = await page.evaluate(() => {
      const { activeElement: at } = document;
      const box = at.getBoundingClientRect();
      const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      const isInView = box.bottom > 0 && box.top < innerHeight && at.contains(top);
      return { text: at.textContent.trim(), tag: at.tagName, ring: getComputedStyle(at).outlineStyle, isInView };
    });
    if (here.tag === "BODY") break;
    seen.push(here);
    await page.keyboard.press("Tab");
  }
  assert.equal(seen[0].text, "Skip to the content");
  assert.ok(seen.length >= 6, JSON.stringify(seen));
  assert.deepEqual(seen.filter((here) => here.ring !== "solid" || !here.isInView), []);
});
