// Whether one is written to about keys that end.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { heading, launch, look, open, path, signIn } from "./helpers.mjs";

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

for (const javaScriptEnabled of [true, false]) {
  test(`it is turned off and on again, ${javaScriptEnabled ? "with" : "without"} scripts`, async () => {
    const page = await open(browser, { javaScriptEnabled });
    await signIn(page, "ida");
    await page.waitForURL("**/account");
    await page.getByRole("link", { name: "Mail about them" }).click();
    assert.equal(await heading(page), "Keys that end");
    const box = page.getByRole("checkbox", { name: /Write to ida@example\.com/ });
    assert.ok(await box.isChecked());
    if (javaScriptEnabled) await look(page, "notices");
    for (const wanted of [false, true]) {
      await box.setChecked(wanted);
      await page.getByRole("button", { name: "Save" }).click();
      assert.equal(await page.getByRole("status").filter({ hasText: "Saved." }).count(), 1);
      assert.equal(path(page), "/account/notices");
      if (javaScriptEnabled) await look(page, "notices-saved");
      await page.goto("/account/notices");
      assert.equal(await box.isChecked(), wanted);
    }
  });
}
