// Meshes, topics, and who can touch one; members and invitations. The ground is made in tests/it/browser/places.rs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { alert, fill, heading, launch, look, open, password, path, signIn } from "./helpers.mjs";

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const status = (page) => page.getByRole("status").filter({ hasText: /\S/ }).first().textContent();
const as = async (name) => {
  const page = await open(browser);
  await signIn(page, name);
  await page.waitForURL((url) => url.pathname !== "/sign-in");
  return page;
};

test("a mesh is made, then a topic, and each refusal keeps what was typed", async () => {
  const page = await as("dana");
  await page.goto("/orgs/acme/meshes");
  await look(page, "meshes");
  await page.getByLabel("Slug").fill("No Slug");
  await page.getByLabel("Name (optional)").fill("The Lab");
  await page.getByRole("button", { name: "Make the mesh" }).click();
  assert.match(await alert(page), /A slug is 1 to 48 characters/);
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "alert");
  await look(page, "meshes-refused");
  await page.getByRole("link", { name: /A slug is/ }).click();
  assert.equal(await page.evaluate(() => location.hash), "#slug");
  assert.equal(await page.getByLabel("Name (optional)").inputValue(), "The Lab");
  await page.getByLabel("Slug").fill("lab");
  await page.getByRole("button", { name: "Make the mesh" }).click();
  assert.equal(await heading(page), "The Lab");
  assert.match(await status(page), /The mesh was made/);
  await look(page, "mesh-empty");
  await page.getByLabel("Name", { exact: true }).fill("#deploys");
  await page.getByLabel("What for (optional)").fill("Releases");
  await page.getByRole("button", { name: "Make the topic" }).click();
  assert.equal(await heading(page), "Who can touch #deploys?");
  await page.getByRole("link", { name: "lab", exact: true }).click();
  await page.getByLabel("Name", { exact: true }).fill("deploys");
  await page.getByRole("button", { name: "Make the topic" }).click();
  assert.match(await alert(page), /The name is taken/);
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "deploys");
  await page.context().close();
});

test("who can touch a topic is told by what they may do, and through what", async () => {
  const page = await as("dana");
  await page.goto("/orgs/acme/meshes/main");
  const row = page.getByRole("row").filter({ hasText: "#deploys" });
  assert.deepEqual(await row.getByRole("cell").allTextContents(), ["", "5", "3", "2", "0"]);
  await look(page, "mesh");
  await row.getByRole("link").click();
  assert.equal(await heading(page), "Who can touch #deploys?");
  await page.setViewportSize({ width: 1280, height: 800 });
  const told = await page.locator("main").ariaSnapshot();
  const expected = [
    /heading "Send 3" \[level=2\]/,
    /rowheader "By name or pattern 2"/,
    /rowheader "by-pattern mshk_[^ ]+…"[^]*?cell "#dep\*"/,
    /rowheader "by-name mshk_[^ ]+…"[^]*?cell "#deploys"/,
    /rowheader "Through all topics 1"/,
    /rowheader "everywhere mshk_[^ ]+…"[^]*?cell "All topics"/,
    /heading "Read 1" \[level=2\]/,
    /heading "Change state 0" \[level=2\]/,
    /heading "Everything, through admin 2" \[level=2\]/,
    /rowheader "Through admin 2"/,
    /rowheader "lead mshk_[^ ]+…"/,
    /cell "Whole org All topics"/,
    /heading "People \d+" \[level=2\]/,
    /rowheader "Dana dana@example.com"[^]*?cell "owner of the org"[^]*?cell "everything"/,
    /rowheader "Mia mia@example.com"[^]*?cell "member of the org"[^]*?cell "send, read, change state"/,
  ];
  let rest = told;
  for (const part of expected) {
    const found = rest.match(part);
    assert.ok(found, `${part} is missing, or in another place:\n${told}`);
    rest = rest.slice(found.index);
  }
  assert.ok(!told.includes("elsewhere"), told);
  await look(page, "topic");
  await page.getByLabel("What it is for").fill("What goes out");
  await page.getByRole("button", { name: "Save" }).click();
  assert.equal(await status(page), "Saved.");
  assert.match(await page.locator("main").textContent(), /What goes out/);
  await page.context().close();
});

test("archiving shows first whom it would hit, and then since when it holds", async () => {
  const page = await as("dana");
  await page.goto("/orgs/acme/meshes/old/topics/only");
  await page.getByRole("link", { name: "Archive…" }).click();
  assert.equal(await heading(page), "Archive #only?");
  assert.match(await page.locator("main").textContent(), /1 would be left with no live topic at all/);
  assert.ok(await page.getByRole("link", { name: "confined" }).isVisible());
  await look(page, "archive-topic");
  await page.getByRole("button", { name: "Archive the topic" }).click();
  assert.match(await status(page), /takes nothing more/);
  await page.goto("/orgs/acme/meshes/old/archive");
  assert.match(await page.locator("main").textContent(), /2 keys of this mesh would be refused/);
  await look(page, "archive-mesh");
  await page.getByRole("button", { name: "Archive the mesh" }).click();
  assert.match(await status(page), /The mesh is archived.*Effective everywhere after \d+ ms/);
  await look(page, "mesh-archived");
  await page.goto("/orgs/acme/meshes");
  await page.getByText(/^Archived \(/).click();
  await page.getByRole("link", { name: "old" }).click();
  await page.getByRole("link", { name: "Unarchive…" }).click();
  await page.getByRole("button", { name: "Unarchive the mesh" }).click();
  assert.match(await status(page), /its keys work/);
  await page.context().close();
});

test("somebody is invited, comes by the link, and is a member", async () => {
  const page = await as("dana");
  await page.goto("/orgs/acme/members");
  await look(page, "members");
  await page.getByRole("link", { name: "Invite somebody" }).click();
  await look(page, "invite");
  await page.getByLabel("E-mail").fill("nina@example.com");
  await page.getByLabel("Where").selectOption("main");
  const answers = [];
  page.on("response", async (answer) => answers.push([answer.url(), await answer.text().catch(() => "")]));
  await page.getByRole("button", { name: "Make the link" }).click();
  await page.getByRole("button", { name: "Copy the link" }).waitFor();
  const link = await page.getByLabel("Link").inputValue();
  assert.match(link, /\/invitation#token=[\w-]{43}$/);
  const token = link.split("#token=")[1];
  const told = answers.filter(([, text]) => text.includes(token));
  assert.equal(told.length, 1, "the link is in exactly one answer");
  assert.ok(answers.every(([url]) => !url.includes(token)));
  assert.match(await page.locator("main").textContent(), /nobody but you has the link/);
  await look(page, "invited");
  // Neither Back and Forward nor Reload shows it again.
  await page.goto("/orgs/acme/members");
  await page.goBack({ waitUntil: "commit" });
  await page.getByRole("heading", { level: 1 }).waitFor();
  assert.ok(!(await page.content()).includes(token));

  const nina = await open(browser);
  await nina.goto(new URL(link).pathname + new URL(link).hash);
  await nina.getByLabel("Your name").fill("Nina");
  await nina.getByLabel("Password").fill(password);
  await nina.getByRole("button", { name: "Make an account and accept" }).click();
  assert.equal(await heading(nina), "Welcome");
  await nina.context().close();

  await page.goto("/orgs/acme/members?text=nina");
  const row = page.getByRole("row").filter({ hasText: "nina@example.com" });
  assert.match(await row.textContent(), /Nina.*not verified.*member of main/);
  await page.context().close();
});

test("an invitation is sent anew and withdrawn", async () => {
  const page = await as("dana");
  await page.goto("/orgs/acme/invitations");
  await page.getByLabel("E-mail").fill("otto@example.com");
  await page.getByRole("button", { name: "Make the link" }).click();
  const first = await page.getByLabel("Link").inputValue();
  await page.getByRole("link", { name: "Done" }).click();
  await page.getByRole("link", { name: "otto@example.com" }).click();
  await look(page, "invitation");
  await page.getByRole("button", { name: "Make a new link" }).click();
  assert.notEqual(await page.getByLabel("Link").inputValue(), first);
  await page.goto("/orgs/acme/invitations");
  await page.getByLabel("E-mail").fill("otto@example.com");
  await page.getByRole("button", { name: "Make the link" }).click();
  assert.match(await alert(page), /is open for this address/);
  await page.getByRole("link", { name: "See that invitation" }).click();
  await page.getByRole("button", { name: "Withdraw the invitation" }).click();
  assert.match(await status(page), /was withdrawn/);
  assert.equal(await page.getByRole("link", { name: "otto@example.com" }).count(), 0);
  await page.context().close();
});

test("roles are changed, and a member is removed with its keys", async () => {
  const page = await as("dana");
  await page.goto("/orgs/acme/members?text=zoe");
  await page.getByRole("link", { name: "Zoe" }).click();
  await look(page, "member");
  await page.getByLabel("At the org").selectOption("viewer");
  await page.getByRole("button", { name: "Save" }).click();
  assert.match(await status(page), /new roles\. Effective everywhere after \d+ ms/);
  await page.getByRole("link", { name: "Remove from the org…" }).click();
  assert.equal(await heading(page), "Remove Zoe from acme?");
  const main = await page.locator("main").textContent();
  assert.match(main, /Personal keys 1They are revoked, for good/);
  assert.match(main, /issued for the org 1They belong to the org, and stay/);
  await look(page, "remove");
  await page.getByRole("button", { name: "Remove the member" }).click();
  assert.match(await status(page), /The member was removed/);
  await page.goto("/orgs/acme/members?text=zoe");
  assert.match(await page.locator("main").textContent(), /No member matches/);
  await look(page, "members-none");
  await page.getByRole("link", { name: "Clear filters" }).last().click();
  assert.equal(path(page), "/orgs/acme/members");
  await page.context().close();
});

test("the last owner is told why it stays, and a member whom to ask", async () => {
  const page = await as("dana");
  await page.goto("/orgs/acme/members?text=dana");
  await page.getByRole("link", { name: "Dana" }).last().click();
  assert.match(await page.locator("main").textContent(), /This is the last owner/);
  assert.ok(await page.getByRole("button", { name: "Save" }).isDisabled());
  await look(page, "member-own");
  await page.getByRole("link", { name: "Leave the org…" }).click();
  assert.match(await alert(page), /An org always has an owner/);
  await look(page, "leave-refused");
  await page.context().close();

  const mia = await as("mia");
  for (const place of ["meshes", "meshes/main", "members", "invitations"]) {
    await mia.goto(`/orgs/acme/${place}`);
    assert.match(await mia.locator("main").textContent(), /Ask .*Dana/, place);
  }
  await look(mia, "not-allowed");
  await mia.goto("/orgs/acme/keys");
  await mia.locator("details.switch summary").first().click();
  await mia.getByRole("link", { name: "Leave acme…" }).click();
  assert.equal(await heading(mia), "Leave acme?");
  await look(mia, "leave");
  await mia.context().close();
});

test("who has not shown for long who it is confirms it, and nothing typed is lost", async () => {
  const page = await open(browser);
  await page.goto("/sign-in?next=/orgs/acme/invitations");
  await fill(page, "stale");
  await page.getByLabel("E-mail").fill("newadmin@example.com");
  await page.getByLabel("Role", { exact: true }).selectOption("admin");
  await page.getByRole("button", { name: "Make the link" }).click();
  const confirm = page.getByRole("link", { name: "Confirm that it is you" });
  await look(page, "invite-not-fresh");
  await confirm.click();
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Confirm" }).click();
  await page.waitForURL((url) => url.pathname === "/orgs/acme/invitations");
  assert.equal(await page.getByLabel("E-mail").inputValue(), "newadmin@example.com");
  assert.equal(await page.getByLabel("Role", { exact: true }).inputValue(), "admin");
  await page.getByRole("button", { name: "Make the link" }).click();
  await page.getByRole("button", { name: "Copy the link" }).waitFor();
  await page.context().close();
});

test("without scripts the forms work as well", async () => {
  const page = await open(browser, { javaScriptEnabled: false });
  await signIn(page, "dana");
  await page.goto("/orgs/acme/invitations");
  await page.getByLabel("E-mail").fill("plain@example.com");
  await page.getByRole("button", { name: "Make the link" }).click();
  assert.match(await page.getByLabel("Link").inputValue(), /#token=/);
  await page.goto("/orgs/acme/meshes/main/topics/deploys");
  assert.equal(await heading(page), "Who can touch #deploys?");
  await page.context().close();
});
