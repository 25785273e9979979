// What each page of an org tells to who hears it: its structure as assistive technology has it, kept as text in `aria`, so that a change
// of it is read in review. What differs from run to run is left out. `MESHKEY_ARIA=update` writes the texts anew.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { launch, open, signIn } from "./helpers.mjs";

const pages = Object.entries(JSON.parse(process.env.MESHKEY_PAGES));
const place = fileURLToPath(new URL("aria/", import.meta.url));
const isUpdate = process.env.MESHKEY_ARIA === "update";
const file = (pattern) => `${pattern.replace("/orgs/{org}/", "").replace(/[^a-z]+/g, "-").replace(/-$/, "")}.yml`;

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

// What is of one run: ids, secrets, hashes, and all that says when.
const months = "(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)";
const passing = [
  [/\b([a-z]+)_(?:[0-9a-hjkmnp-tv-z]{26}|01[0-9a-hjkmnp-tv-z]{8})\b/g, "$1_ID"],
  [/mshk_[\w-]+/g, "mshk_HINT"],
  [/\b[0-9a-f]{64}\b/g, "HASH"],
  [/\b\d{4}-\d{2}-\d{2}T[\d:.]+Z?/g, "TIME"],
  [/\b\d{4}-\d{2}-\d{2}\b/g, "DATE"],
  [new RegExp(`\\b\\d{1,2} ${months}(?: \\d{4})?`, "g"), "DATE"],
  [/\b\d\d?:\d\d(?::\d\d)?\b/g, "CLOCK"],
  [/\bjust now\b|\b\d+ ?(?:ms|s|min|h|d|seconds?|minutes?|hours?|days?) ago\b/g, "AGO"],
  [/\b\d+ used\b/g, "N used"],
  [/\bafter \d+ ms\b/g, "after N ms"],
  [/127\.0\.0\.1(?::\d+)?/g, "ADDRESS"],
];
const steady = (text) => `${passing.reduce((rest, [what, name]) => rest.replace(what, name), text).trimEnd()}\n`;

test("each page tells what it told", async (t) => {
  const page = await open(browser, { viewport: { width: 1280, height: 800 } });
  await signIn(page, "dana");
  await page.waitForURL("**/orgs/acme/keys");
  mkdirSync(place, { recursive: true });
  for (const [pattern, path] of pages) {
    await t.test(pattern, async () => {
      await page.goto(path);
      const told = steady(await page.locator("main").ariaSnapshot());
      if (isUpdate) writeFileSync(place + file(pattern), told);
      else assert.equal(told, readFileSync(place + file(pattern), "utf8"));
    });
  }
});

test("no text is kept of a page that there is not", () => {
  const known = new Set(pages.map(([pattern]) => file(pattern)));
  assert.equal(known.size, pages.length, "two pages have one text");
  assert.deepEqual(readdirSync(place).filter((one) => !known.has(one)), []);
});
