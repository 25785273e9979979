// Every page of an org in which all texts are hostile: each is sound in both themes, wide and narrow, nothing that somebody has typed
// becomes a part of a page, and each can be read without a script.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { heading, launch, look, open, signIn } from "./helpers.mjs";

const pages = JSON.parse(process.env.MESHKEY_PAGES);
const name = (path) => path.replace(/[^a-z]+/g, "-").replace(/^-/, "");

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

test("every page is sound, and nothing that was typed runs", async (t) => {
  const page = await open(browser);
  const ran = [];
  page.on("dialog", (dialog) => {
    ran.push(`${page.url()}: ${dialog.message()}`);
    return dialog.dismiss();
  });
  await signIn(page, "dana");
  await page.waitForURL("**/orgs/acme/keys");
  for (const path of pages) {
    await t.test(path, async () => {
      const answer = await page.goto(path);
      assert.equal(answer.status(), 200);
      const strange = await page.evaluate(() => {
        const own = (one) => one.src.startsWith(location.origin) || one.src === "";
        return [...document.querySelectorAll("img, iframe, object, embed, script")].filter((one) => one.tagName !== "SCRIPT" || !own(one) || one.textContent !== "").map((one) => one.outerHTML);
      });
      assert.deepEqual(strange, []);
      const inline = await page.evaluate(() => [...document.querySelectorAll("*")].flatMap((one) => one.getAttributeNames().filter((name) => name.startsWith("on") || name === "style")));
      assert.deepEqual(inline, []);
      await look(page, `every-${name(path)}`);
      assert.equal(await page.getByRole("heading", { level: 1 }).count(), 1);
      assert.equal(await page.locator("main").count(), 1);
    });
  }
  assert.deepEqual(ran, []);
});

test("every page can be read without a script, and says the same", async () => {
  const page = await open(browser, { javaScriptEnabled: false });
  await signIn(page, "dana");
  for (const path of pages) {
    await page.goto(path);
    assert.notEqual(await heading(page), "");
    assert.equal(await page.locator("nav.sections a").count() >= 5, true, path);
  }
});

test("letters lead to pages where they are not switched off", async () => {
  const page = await open(browser);
  await signIn(page, "dana");
  await page.waitForURL("**/orgs/acme/keys");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "search");
  await page.keyboard.press("?");
  assert.equal(await page.getByRole("dialog").count(), 0, "what is typed is typed");
  await page.getByRole("searchbox").fill("");
  await page.locator("main").focus();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Shortcuts" }).waitFor();
  await look(page, "shortcuts");
  await page.keyboard.press("Escape");
  assert.equal(await page.getByRole("dialog").count(), 0);
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.waitForURL("**/orgs/acme/audit");
  await page.goto("/account/looks");
  await page.getByLabel("Single letters are shortcuts").uncheck();
  await page.getByLabel("Dark").check();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved in this browser.").waitFor();
  await look(page, "looks");
  await page.goto("/orgs/acme/keys");
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(ground, "rgb(20, 23, 27)", "it is dark though the system is light");
  await page.keyboard.press("/");
  assert.notEqual(await page.evaluate(() => document.activeElement.id), "search");
});

test("menus close by Escape and give the focus back", async () => {
  const page = await open(browser);
  await signIn(page, "dana");
  await page.waitForURL("**/orgs/acme/keys");
  const summary = page.locator("details.switch summary").first();
  await summary.click();
  await page.getByText("You are owner of acme.").waitFor();
  await look(page, "menu-open");
  await page.keyboard.press("Escape");
  assert.equal(await page.getByText("You are owner of acme.").isVisible(), false);
  assert.equal(await summary.evaluate((one) => one === document.activeElement), true);
});

test("nothing overlaps where letters and lines are spaced widely (WCAG 1.4.12)", async () => {
  const page = await open(browser, { viewport: { width: 320, height: 800 } });
  await signIn(page, "dana");
  const spaced = "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }";
  for (const path of pages) {
    await page.goto(path);
    await page.evaluate((text) => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(text);
      document.adoptedStyleSheets = [sheet];
    }, spaced);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wide, 0, `${path} runs out of the side`);
  }
});
