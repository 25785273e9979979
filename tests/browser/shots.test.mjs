// The pictures of the README, light and dark. They are as high as what matters.

import assert from "node:assert/strict";
import { mkdirSync, statSync } from "node:fs";
import { after, before, test } from "node:test";

import { launch, open, signIn } from "./helpers.mjs";

const { MESHKEY_PICTURES, MESHKEY_KEYS } = process.env;
const keys = JSON.parse(MESHKEY_KEYS);
const pictures = {
  keys: "/orgs/acme/keys",
  key: `/orgs/acme/keys/${keys["ci-deploys"]}`,
  issue: "/orgs/acme/keys/new?name=ci-deploys&cap=send&topic=deploys&expires=90d&mesh=main",
  topic: "/orgs/acme/meshes/main/topics/deploys",
};

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

test("each page is pictured in both themes", async () => {
  mkdirSync(MESHKEY_PICTURES, { recursive: true });
  const page = await open(browser, { viewport: { width: 1200, height: 760 }, reducedMotion: "reduce" });
  await signIn(page, "dana");
  await page.waitForURL("**/orgs/acme/keys");
  for (const [name, path] of Object.entries(pictures)) {
    await page.goto(path, { waitUntil: "networkidle" });
    for (const theme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme: theme });
      const file = `${MESHKEY_PICTURES}/${name}-${theme}.png`;
      await page.screenshot({ path: file });
      assert.ok(statSync(file).size > 20_000, file);
    }
  }
});
