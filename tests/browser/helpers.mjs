// A browser, the people of the house under test, and what is asked of every page. Where the house and the packages are comes by
// the environment.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { MESHKEY_BASE, MESHKEY_PACKAGES, MESHKEY_CHROMIUM, MESHKEY_SHOTS } = process.env;
const require = createRequire(`${MESHKEY_PACKAGES}/package.json`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const base = MESHKEY_BASE;
export const password = "a harmless phrase";
export const email = (name) => `${name}@example.com`;

// As root a browser has no sandbox. Pages are kept for Back as in a browser of a person, which Playwright switches off.
const options = {
  executablePath: MESHKEY_CHROMIUM,
  args: ["--no-sandbox"],
  ignoreDefaultArgs: ["--disable-back-forward-cache"],
};
export const launch = (...more) => chromium.launch({ ...options, args: [...options.args, ...more] });

// A window of its own: nothing is shared with another. What a page complains of is an error.
export async function open(browser, settings = {}) {
  const context = await browser.newContext({ baseURL: base, ...settings });
  const page = await context.newPage();
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("console", (message) => {
    // That an answer has a status of 400 or more is no complaint about the page.
    const isStatus = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isStatus) page.complaints.push(message.text());
  });
  return page;
}

export async function signIn(page, name, secret = password) {
  await page.goto("/sign-in");
  await fill(page, name, secret);
}

export async function fill(page, name, secret = password) {
  await page.getByLabel("E-mail").fill(email(name));
  await page.getByLabel("Password").fill(secret);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

export const heading = (page) => page.getByRole("heading", { level: 1 }).textContent();
export const alert = (page) => page.getByRole("alert").textContent();
export const path = (page) => new URL(page.url()).pathname;

export async function session(page) {
  const cookies = await page.context().cookies();
  return cookies.find((cookie) => cookie.name === "__Host-meshkey");
}

// What an authenticator app shows (RFC 6238), so many steps from now.
export function code(base32, steps = 0) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...base32].map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const bytes = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
  const hash = createHmac("sha1", bytes).update(counter).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

// Turns the second factor on, from its page; gives what the app has and the recovery codes. The step before now is used up.
export async function turnOn(page) {
  await page.goto("/account/second-factor");
  await page.getByRole("button", { name: "Turn it on" }).click();
  const secret = (await page.locator("section code").first().textContent()).replaceAll(" ", "");
  await page.getByLabel("Code").fill(code(secret, -1));
  await page.getByRole("button", { name: "Turn it on" }).click();
  assert.equal(await heading(page), "Your recovery codes");
  return { secret, codes: await page.locator("ol.codes code").allTextContents() };
}

// Every page is sound in both themes, wide and narrow: axe finds nothing, nothing runs out of the side, nobody complains. All of axe is asked
// twice, so that each theme and each width was seen by all of it; of the other pairs, what depends on colours and sizes.
export async function look(page, name) {
  for (const [theme, width, rules] of [["light", 1280, all], ["dark", 1280, seen], ["dark", 320, all], ["light", 320, seen]]) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 800 });
    await shoot(page, `${name}-${theme}-${width}`);
    const place = `${name}, ${theme}, ${width} px`;
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wide, 0, `${place}: it runs out of the side`);
    assert.deepEqual(await violations(page, rules), [], place);
  }
  assert.deepEqual(page.complaints, [], name);
}

const all = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] };
const seen = { type: "rule", values: ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"] };

async function violations(page, runOnly) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(`${axe}; null`);
  const found = await page.evaluate((runOnly) => globalThis.axe.run(document, { runOnly, resultTypes: ["violations"] }), runOnly);
  const where = (node) => `${node.html} ${node.any.map((check) => check.message).join("; ")}`;
  return found.violations.map((rule) => `${rule.id}: ${rule.nodes.map(where).join(" | ")}`);
}

async function shoot(page, name) {
  if (!MESHKEY_SHOTS) return;
  mkdirSync(MESHKEY_SHOTS, { recursive: true });
  await page.screenshot({ path: `${MESHKEY_SHOTS}/${name}.png`, fullPage: true });
}
