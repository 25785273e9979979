// Keys are issued by their form, and their secrets are seen once.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { alert, base, fill, heading, launch, look, open, password, path } from "./helpers.mjs";

const port = new URL(base).port;
const form = "/orgs/acme/keys/new";

let browser;
before(async () => { browser = await launch("--host-resolver-rules=MAP meshkey.test 127.0.0.1"); });
after(async () => { await browser.close(); });

async function at(name, where, settings) {
  const page = await open(browser, settings);
  await page.goto(`/sign-in?next=${encodeURIComponent(where)}`);
  await fill(page, name);
  await page.waitForURL((url) => url.pathname === where.split("?")[0]);
  return page;
}

async function fillIn(page, name, topics = "deploys") {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Belongs to").selectOption("main");
  await page.locator("#can\\:send").check();
  await page.getByLabel("Names of topics").fill(topics);
}

async function issued(page, name) {
  await fillIn(page, name);
  await page.getByRole("button", { name: "Issue key" }).click();
  await page.getByText("Save this key now. It cannot be shown again.").waitFor();
  return page.locator("#secret").inputValue();
}

// The key that is focused last is the one that is meant; nothing covers it.
async function tabTo(page, id) {
  for (let steps = 0; steps < 80; steps += 1) {
    await page.keyboard.press("Tab");
    const found = await page.evaluate(() => {
      const focused = document.activeElement;
      const box = focused.getBoundingClientRect();
      const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      return { id: focused.id || focused.value, isCovered: box.width > 0 && top !== null && !focused.contains(top) && !top.contains(focused) };
    });
    if (found.id !== id) continue;
    assert.ok(!found.isCovered, `${id} is covered`);
    return;
  }
  assert.fail(`nobody comes to ${id} by the keyboard`);
}

test("the form is sound in each of its states", async () => {
  const page = await at("gus", `${form}?template=ci&mesh=main`);
  assert.equal(await heading(page), "A new key");
  await look(page, "issue");
  await page.getByText("More limits").click();
  await page.getByText("CLI command", { exact: true }).click();
  await page.locator("#can\\:admin").check();
  await look(page, "issue-admin");
  await page.getByRole("button", { name: "Issue admin key" }).waitFor();
  await page.getByRole("button", { name: "Issue admin key" }).click();
  assert.match(await alert(page), /The key was not issued/);
  assert.ok(await page.evaluate(() => document.activeElement.matches("[role=alert]")), "what is wrong takes the focus");
  await look(page, "issue-wrong");
  await page.getByRole("link", { name: /Name at least one topic/ }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "topics");
  await page.goto(`${form}?name=x&cap=admin,sned&topic=*&capp=1`);
  await look(page, "issue-prefilled");
});

test("what is typed is explained at once, by the server", async () => {
  const page = await at("gus", form);
  await page.getByLabel("Belongs to").selectOption("main");
  await page.getByLabel("Names of topics").fill("ci.* deplois");
  await page.getByText("2 topics today (#ci.api and #ci.web), and any new one under it").waitFor();
  await page.getByText("there is no such topic here (did you mean 'deploys'?)").waitFor();
  await page.getByLabel("Names of topics").fill("ci.*");
  await page.getByLabel("Name", { exact: true }).fill("watcher");
  await page.locator("#can\\:read").check();
  const summary = page.locator("#summary");
  await summary.getByText("It cannot post, change state, manage keys, ask about other keys, reach #billing, #deploys, #ops and 1 other topic, or act in another mesh.").waitFor();
  assert.match(await summary.textContent(), /watcher may read on #ci\.\* in mesh main until/);
  await page.getByText("CLI command", { exact: true }).click();
  await page.locator("#command", { hasText: "meshkey key issue watcher --org acme --mesh main --cap read --topic 'ci.*' --expires 90d" }).waitFor();
  await page.getByLabel("Belongs to").selectOption("*");
  await page.getByText("It can act in all 2 meshes, and in new ones.").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a topic that is named is taken out again, or made, without leaving the form", async () => {
  const page = await at("gus", `${form}?mesh=main`);
  await fillIn(page, "chips", "deploys, ops fresh.topic Not_One");
  const hints = page.locator("#names-hint");
  await hints.getByRole("button", { name: "Remove ops" }).click();
  assert.equal(await page.getByLabel("Names of topics").inputValue(), "deploys, fresh.topic, Not_One");
  await hints.getByRole("button", { name: "Remove ops" }).waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.id), "names");
  await look(page, "issue-chips");
  // Made elsewhere meanwhile: that is said, and nothing is lost.
  const other = await at("gus", "/orgs/acme/meshes/main");
  const lost = page.getByRole("link", { name: "Make it" });
  await lost.waitFor();
  await other.getByLabel("Name", { exact: true }).fill("fresh.topic");
  await other.getByRole("button", { name: "Make the topic" }).click();
  await other.getByRole("heading", { name: "#fresh.topic" }).waitFor();
  await lost.click();
  await hints.getByText("is taken").waitFor();
  await hints.getByRole("button", { name: "Remove Not_One" }).click();
  await page.getByLabel("Names of topics").fill("deploys, #quite.new");
  await page.getByRole("link", { name: "Make it" }).click();
  await page.getByRole("link", { name: "Make it" }).waitFor({ state: "detached" });
  await hints.getByText("there is no such topic").waitFor({ state: "detached" });
  assert.equal(path(page), form);
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "chips");
  await page.getByRole("button", { name: "Issue key" }).click();
  await page.getByText("Save this key now. It cannot be shown again.").waitFor();
});

test("what the policy of a mesh forbids is not to be chosen there", async () => {
  const page = await at("gus", form);
  await page.getByLabel("Belongs to").selectOption("lab");
  await page.waitForFunction(() => document.getElementById("expires-90d").disabled);
  assert.ok(await page.locator("#expires-never").isDisabled());
  assert.ok(await page.locator("#expires-30d").isEnabled());
  assert.ok(!(await page.locator("#expires-90d").isChecked()));
  await page.getByText("a key ends at most 30 days after it is issued").first().waitFor();
  await page.goto(`${form}?mesh=lab`);
  assert.ok(await page.locator("#expires-30d").isChecked());
  await look(page, "issue-policy");
});

test("to start from a template keeps what was typed, and Enter starts from none", async () => {
  const page = await at("gus", form);
  await page.getByLabel("Name", { exact: true }).fill("kept");
  await page.getByLabel("Names of topics").fill("deploys");
  await page.getByRole("button", { name: /^Read-only feed/ }).click();
  await page.waitForFunction(() => document.getElementById("can:read").checked);
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "kept");
  assert.equal(await page.getByLabel("Names of topics").inputValue(), "deploys");
  await page.getByRole("button", { name: "For myself" }).click();
  await page.getByRole("heading", { name: "A new key of yours" }).waitFor();
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "kept");
  await look(page, "issue-template");
  await page.getByLabel("Names of topics").fill("");
  await page.getByLabel("Name", { exact: true }).press("Enter");
  assert.match(await alert(page), /The key was not issued/);
});

test("a key is issued by the keyboard alone", async () => {
  const page = await at("gus", `${form}?mesh=main`);
  await tabTo(page, "name");
  await page.keyboard.type("by keyboard");
  await tabTo(page, "can:send");
  await page.keyboard.press("Space");
  await tabTo(page, "names");
  await page.keyboard.type("deploys");
  await page.keyboard.press("Escape");
  await tabTo(page, "issue");
  await page.keyboard.press("Enter");
  await page.getByText("Save this key now").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Save this key now. It cannot be shown again.");
  await tabTo(page, "saved");
  await page.keyboard.press("Space");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/orgs/acme/keys/key_*?new=1");
});

test("nothing but to say that it is saved ends the one time that it is seen", async () => {
  const page = await at("gus", form);
  const secret = await issued(page, "guarded");
  assert.match(secret, /^mshk_/);
  assert.equal(await page.locator("#secret").getAttribute("type"), "password");
  await look(page, "reveal");
  assert.ok(await page.getByRole("button", { name: "Done" }).isDisabled());
  await page.keyboard.press("Escape");
  await page.mouse.click(5, 5);
  assert.equal(await page.locator("#secret").inputValue(), secret);
  const asked = [];
  page.on("dialog", async (dialog) => {
    asked.push(dialog.type());
    await dialog.dismiss();
  });
  await page.evaluate(() => { setTimeout(() => location.reload(), 0); });
  await page.waitForEvent("dialog");
  await page.close({ runBeforeUnload: true });
  await page.waitForEvent("dialog").catch(() => {});
  assert.deepEqual(asked, ["beforeunload", "beforeunload"]);
  assert.equal(await page.locator("#secret").inputValue(), secret);
  await page.getByRole("button", { name: "Show" }).click();
  assert.equal(await page.locator("#secret").getAttribute("type"), "text");
  await page.getByRole("button", { name: "Hide" }).click();
  await page.getByText("Kubernetes Secret").click();
  assert.match(await page.locator("#as-kubernetes").textContent(), new RegExp(`MESHKEY_KEY: "${secret}"`));
  await look(page, "reveal-formats");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download guarded.env" }).click()]);
  assert.equal(download.suggestedFilename(), "guarded.env");
  await page.getByRole("button", { name: "Test it now" }).click();
  await page.getByText("Works: send on #deploys in main.").waitFor();
  await page.getByLabel("I saved it").check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.waitForURL("**/orgs/acme/keys/key_*?new=1&tested=20*");
  await page.getByText("Your test was seen. Waiting for the first use elsewhere…").waitFor();
  assert.equal(asked.length, 2, "who has saved it is not asked");
});

test("Back after it was seen shows no secret", async () => {
  const page = await at("gus", form);
  const secret = await issued(page, "gone back");
  await page.getByLabel("I saved it").check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.waitForURL("**?new=1");
  await page.goBack({ waitUntil: "commit" });
  await page.waitForURL(`**${form}`);
  await page.getByRole("button", { name: "Issue key" }).waitFor();
  const held = await page.evaluate(() => document.documentElement.outerHTML + [...document.querySelectorAll("input")].map((field) => field.value).join());
  assert.ok(!held.includes(secret));
});

test("the secret is in one answer, and nowhere else", async () => {
  const page = await at("gus", form);
  const [bodies, told] = [[], []];
  page.on("request", (request) => told.push(request.url(), JSON.stringify(request.headers()), request.postData() ?? ""));
  page.on("console", (message) => told.push(message.text()));
  page.on("response", (response) => {
    told.push(response.url(), JSON.stringify(response.headers()));
    bodies.push(response.text().catch(() => ""));
  });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: base });
  const secret = await issued(page, "nowhere else");
  await page.locator("[data-copy=secret]").click();
  await page.getByText("The key is copied.").waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
  assert.equal(await page.locator("#secret").getAttribute("type"), "password", "to copy it does not show it");
  const kept = () => page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, document.title, history.state, location.href]));
  told.push(await kept());
  await page.getByLabel("I saved it").check();
  await page.getByRole("button", { name: "Done" }).click();
  await page.waitForURL("**?new=1");
  told.push(await kept());
  const holding = (await Promise.all(bodies)).filter((body) => body.includes(secret));
  assert.equal(holding.length, 1);
  assert.deepEqual(told.filter((text) => text.includes(secret)), []);
});

// Over plain HTTP no session of ours is kept, and so nobody issues a key there. What is tried is a page of the house over plain HTTP,
// with its scripts and its policy, into which the answer that shows a secret is put as it is put after a form was sent.
test("it is copied over plain HTTP too", async () => {
  const page = await at("gus", form);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: base });
  await fillIn(page, "plain");
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === "POST" && response.request().postData()?.includes("do=issue")),
    page.getByRole("button", { name: "Issue key" }).click(),
  ]);
  const body = await answer.text();
  await page.getByText("Save this key now").waitFor();
  const secret = await page.locator("#secret").inputValue();
  await page.evaluate(() => navigator.clipboard.writeText("something else"));
  const plain = await page.context().newPage();
  await plain.goto(`http://meshkey.test:${port}/sign-in`);
  assert.equal(await plain.evaluate(() => isSecureContext), false);
  await plain.evaluate((text) => {
    const main = new DOMParser().parseFromString(text, "text/html").querySelector("main");
    document.querySelector("main").replaceWith(main);
    dispatchEvent(new CustomEvent("meshkey:shown", { detail: main }));
  }, body);
  assert.ok(await plain.getByText("secrets can be read on the way").isVisible());
  await plain.locator("[data-copy=secret]").click();
  await plain.getByText("The key is copied.").waitFor();
  assert.equal(await plain.locator("#secret").getAttribute("type"), "text", "what is copied so is seen");
  await page.bringToFront();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), secret);
  assert.ok(!(await page.getByText("secrets can be read on the way").isVisible()));
});

test("who has to confirm first finds all that was typed", async () => {
  const page = await at("stella", form);
  await fillIn(page, "of an admin", "deploys, ops");
  await page.locator("#can\\:admin").check();
  await page.getByRole("button", { name: "Issue admin key" }).click();
  await page.getByRole("link", { name: "Confirm that it is you" }).click();
  await page.waitForURL("**/confirm?next=*");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.waitForURL(`**${form}?*`);
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "of an admin");
  assert.equal(await page.getByLabel("Names of topics").inputValue(), "deploys, ops");
  assert.ok(await page.locator("#can\\:admin").isChecked());
  await page.getByRole("button", { name: "Issue admin key" }).click();
  await page.getByText("Save this key now").waitFor();
});

test("without scripts a key is issued, and to reload the answer issues none", async () => {
  const page = await at("gus", form, { javaScriptEnabled: false });
  await fillIn(page, "without scripts");
  await page.getByRole("button", { name: "Preview" }).click();
  assert.match(await alert(page), /All checks are passed/);
  await page.getByRole("button", { name: "Issue key" }).click();
  assert.equal(await page.locator("#secret").getAttribute("type"), "text");
  const secret = await page.locator("#secret").inputValue();
  await page.reload();
  assert.equal(await heading(page), "Shown once already");
  assert.ok(!(await page.content()).includes(secret));
  await page.getByRole("link", { name: "Rotate it" }).click();
  assert.equal(await heading(page), "Rotate without scripts");
  await page.getByLabel("1 hour").check();
  await page.getByRole("button", { name: "Rotate" }).click();
  const next = await page.locator("#secret").inputValue();
  assert.ok(next.startsWith("mshk_") && next !== secret);
  await page.getByRole("button", { name: "Done" }).click();
  assert.match(path(page), /^\/orgs\/acme\/keys\/key_/);
});

test("a member issues a key of its own", async () => {
  const page = await at("mia", form);
  assert.equal(await heading(page), "A new key of yours");
  assert.equal(await page.locator("#can\\:admin").count(), 0);
  await look(page, "issue-own");
  const secret = await issued(page, "my own");
  const answer = await fetch(`${base}/v1/whoami`, { headers: { authorization: `Bearer ${secret}` } });
  const own = await answer.json();
  assert.ok(own.key.user.startsWith("user_"));
  await page.getByLabel("I saved it").check();
  await page.goto(`/orgs/acme/keys/${own.key.id}/rotate`);
  await look(page, "rotate");
  await page.getByLabel("How long, such as 90m or 2d").fill("never");
  assert.ok(await page.locator("#overlap-other").isChecked(), "who types a time means it");
  await page.getByRole("button", { name: "Rotate" }).click();
  assert.match(await alert(page), /was not rotated/);
  await look(page, "rotate-wrong");
  await page.getByLabel("None: the old secret dies now").check();
  await page.getByRole("button", { name: "Rotate" }).click();
  await page.getByText("Save this key now").waitFor();
  const old = await fetch(`${base}/v1/whoami`, { headers: { authorization: `Bearer ${secret}` } });
  assert.equal(old.status, 401);
});

test("a new key waits for its first use, and says when it comes", async () => {
  const page = await at("gus", form);
  let isUsed = false;
  await page.route("**/v1/orgs/acme/keys/key_one", (route) =>
    route.fulfill({
      headers: { date: "Fri, 20 Nov 2026 12:00:44 GMT" },
      // The first is of the test that was made where the secret was shown.
      json: isUsed ? { last_used_at: "2026-11-20T12:00:00Z", last_used_from: "10.0.4.7" } : { last_used_at: "2026-11-20T11:58:00Z" },
    }));
  const asked = page.waitForRequest("**/v1/orgs/acme/keys/key_one");
  await page.evaluate(() => {
    const main = document.querySelector("main");
    const told = Object.assign(document.createElement("p"), { className: "waiting", textContent: "Waiting for first use…" });
    told.dataset.waiting = "/v1/orgs/acme/keys/key_one";
    told.dataset.tested = "2026-11-20T11:58:05Z";
    main.append(told);
    dispatchEvent(new CustomEvent("meshkey:shown", { detail: main }));
  });
  await asked;
  assert.equal(await page.locator("p.waiting").textContent(), "Waiting for first use…");
  isUsed = true;
  await page.getByText("First used 44 s ago from 10.0.4.7.").waitFor();
});
