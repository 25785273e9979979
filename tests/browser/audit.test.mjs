// The audit and the policies of an org, in a browser. Dana owns the org; the ground's admin key makes what is to be seen.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { base, heading, launch, look, open, path, signIn } from "./helpers.mjs";

const { admin } = JSON.parse(process.env.MESHKEY_INVITATIONS);
const home = "/orgs/acme/audit";

let browser;
let page;
before(async () => {
  browser = await launch();
  page = await open(browser);
  await signIn(page, "dana");
  await page.waitForURL("**/orgs/acme/keys");
});
after(async () => { await browser.close(); });

async function issue(label, more = {}) {
  const body = { label, mesh: "main", capabilities: ["read"], topics: "all", ...more };
  const headers = { authorization: `Bearer ${admin}`, "content-type": "application/json" };
  const answer = await fetch(`${base}/v1/orgs/acme/keys`, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, ...(await answer.json()) };
}

const rows = () => page.locator("table.audit tbody[data-seq]");

test("events are looked at, and each opens", async () => {
  await issue("<img src=x onerror=alert(1)>");
  await page.goto(home);
  assert.equal(await heading(page), "Audit");
  await look(page, "audit");
  const first = rows().first();
  await first.locator("summary").first().focus();
  await page.keyboard.press("Enter");
  assert.match(await first.locator(".told").innerText(), /<img src=x onerror=alert\(1\)>/);
  await first.locator("details details summary").click();
  await look(page, "audit-open");
  await first.getByRole("link", { name: /^Link to event/ }).click();
  assert.match(await heading(page), /^Event \d+$/);
  await look(page, "audit-one");
});

test("filters survive Reload and Back, and what is none is said", async () => {
  await page.goto(home);
  await page.getByLabel("What", { exact: true }).selectOption("mesh.*");
  await page.getByLabel("When", { exact: true }).selectOption("24h");
  await page.getByRole("button", { name: "Filter" }).click();
  await page.waitForURL(/action=mesh/);
  const filtered = await rows().count();
  assert.ok(filtered > 0);
  await page.reload();
  assert.equal(await rows().count(), filtered);
  assert.equal(await page.getByLabel("What", { exact: true }).inputValue(), "mesh.*");
  await page.getByRole("link", { name: "Clear filters" }).click();
  await page.waitForURL(`**${home}`);
  assert.ok((await rows().count()) > filtered);
  await page.goBack();
  assert.equal(await page.getByLabel("When", { exact: true }).inputValue(), "24h");
  assert.equal(await rows().count(), filtered);
  await page.goto(`${home}?action=gate.*`);
  await page.getByText("No events match").waitFor();
  await look(page, "audit-no-match");
  await page.goto(`${home}?acter=x&address=here&since=soon`);
  await page.getByRole("link", { name: /Expected an address/ }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "address");
  await look(page, "audit-wrong");
});

test("what is filtered is taken along, no cell of it is a formula, and that it was is an event", async () => {
  await issue("=1+1");
  await page.goto(`${home}?action=key.issued`);
  await page.getByText("Export", { exact: true }).click();
  await look(page, "audit-export");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "As CSV" }).click()]);
  assert.equal(download.suggestedFilename(), "audit-acme.csv");
  const text = readFileSync(await download.path(), "utf8");
  assert.equal(text.trimEnd().split("\r\n").length, (await rows().count()) + 1);
  assert.ok(text.includes("=1+1") && !/(^|,|")[=+@-]/m.test(text.replaceAll('""', "")), text);
  await page.goto(`${home}?action=audit.exported`);
  assert.equal(await rows().count(), 1);
});

test("new events come by themselves while that is switched on", async () => {
  await page.goto(home);
  const before = await rows().count();
  await page.getByRole("button", { name: "Watch live" }).click();
  const told = page.locator("[data-live-told]");
  assert.equal(await told.getAttribute("role"), "status");
  await issue("watched");
  await page.waitForFunction(() => document.querySelector("[data-live-told]").textContent === "1 new event");
  assert.match(await rows().first().innerText(), /watched/);
  assert.equal(await rows().count(), before + 1);
  await look(page, "audit-live");
  await page.getByRole("button", { name: "Watch live" }).click();
  assert.equal(await told.textContent(), "Paused.");
  assert.equal(await page.getByRole("button", { name: "Watch live" }).getAttribute("aria-pressed"), "false");
});

test("the chain is proved", async () => {
  await page.goto(home);
  await page.getByRole("button", { name: "Verify the chain" }).click();
  await page.getByText(/^Verified through .*: \d+ events$/).waitFor();
  await look(page, "audit-chain");
});

test("a policy is changed when one has seen what that means, and then binds", async () => {
  await issue("endless", { expires_at: null });
  await page.goto("/orgs/acme/policy");
  await look(page, "policy");
  await page.getByLabel("Longest life", { exact: true }).fill("soon");
  await page.getByRole("button", { name: "See what would change" }).click();
  await page.getByRole("alert").getByRole("link").click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "longest_life");
  await look(page, "policy-wrong");
  await page.getByLabel("Longest life", { exact: true }).fill("20d");
  await page.getByLabel("Every key has a note").check();
  await page.getByRole("button", { name: "See what would change" }).click();
  await page.getByText(/live keys do not comply/).waitFor();
  await look(page, "policy-preview");
  await page.getByRole("button", { name: "Back to the form" }).click();
  assert.equal(await page.getByLabel("Longest life", { exact: true }).inputValue(), "20d");
  await page.getByRole("button", { name: "See what would change" }).click();
  await page.getByLabel(/^Leave them as they are/).check();
  await page.getByRole("button", { name: "Save the policy" }).click();
  await page.getByText("The policy is saved.").waitFor();
  assert.equal(path(page), "/orgs/acme/policy");
  const refused = await issue("late", { note: "n", expires_at: new Date(Date.now() + 40 * 86_400_000).toISOString() });
  assert.equal(refused.status, 403);
  assert.match(refused.errors[0].detail, /ends at most 20 days after it is issued/);
});

test("keys that do not comply are listed, and are given an end", async () => {
  await page.goto("/orgs/acme/policy");
  await page.getByRole("link", { name: "Keys that do not comply" }).click();
  assert.equal(await heading(page), "Keys that do not comply");
  await look(page, "violations");
  await page.getByRole("button", { name: "See the ends" }).click();
  await look(page, "spread");
  await page.getByRole("button", { name: /^Give \d+ keys an end$/ }).click();
  await page.getByText(/keys were given an end/).waitFor();
  await page.goto("/orgs/acme/meshes/main/policy");
  await look(page, "policy-of-mesh");
  await page.getByLabel("Longest life", { exact: true }).fill("10d");
  await page.getByRole("button", { name: "See what would change" }).click();
  await page.getByRole("button", { name: "Save the policy" }).click();
  await page.getByText("10 days, set by the mesh").waitFor();
});
