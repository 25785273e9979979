// Every page works without this.
"use strict";

// What a browser has kept of a page may be of somebody who has signed out.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// Times in the reader's own zone; in UTC without this.
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  time.title = time.textContent;
  time.textContent = at.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

// What a link brings in its fragment goes into its field, and out of the address, also where the page is open already; and on, where
// that is all that is asked.
const takeCode = () => {
  for (const field of document.querySelectorAll("input[data-fragment]")) {
    const name = field.dataset.fragment;
    const code = new URLSearchParams(location.hash.slice(1)).get(name);
    if (code === null) continue;
    field.value = code;
    history.replaceState(null, "", location.pathname + location.search.replace(/^\?link$/, ""));
    for (const hint of document.querySelectorAll(`[data-without="${name}"]`)) hint.hidden = true;
    if ("send" in field.dataset) field.form.requestSubmit();
  }
};

// A page that has no field for it, such as one of another invitation, gives way to the plain page of its path, which has one. By another
// address, or the browser would stay on this page; what finds no field there either only goes out of the address.
const taken = { invitation: "token", reset: "code", setup: "code", device: "user_code" };
const passOn = () => {
  const [, first] = location.pathname.split("/");
  const name = taken[first];
  if (name === undefined || !new URLSearchParams(location.hash.slice(1)).has(name)) return;
  if (location.search === "?link") history.replaceState(null, "", location.pathname);
  else location.replace(`/${first}?link${location.hash}`);
};
const take = () => {
  takeCode();
  passOn();
};
take();
addEventListener("hashchange", take);

// The code of a terminal goes along while somebody signs in first: what leads on from here keeps the fragment.
if (location.hash.startsWith("#user_code=")) for (const form of document.forms) form.action += location.hash;

// Buttons that copy the text of an element, where that can be done; where it cannot, the text is selected and that is said.
for (const button of document.querySelectorAll("button[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const told = button.closest("section")?.querySelector("[data-copied]");
  const copy = async () => {
    if (isSecureContext && navigator.clipboard) return navigator.clipboard.writeText(source.textContent).then(() => true, () => false);
    return false;
  };
  const select = () => {
    const range = document.createRange();
    range.selectNodeContents(source);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return document.execCommand("copy");
  };
  button.hidden = false;
  button.addEventListener("click", async () => {
    const done = (await copy()) || select();
    if (told) told.textContent = done ? `Copied: ${source.textContent}` : "Copying is blocked here. It is selected: press Ctrl+C or ⌘C.";
  });
}

// Over plain HTTP a browser keeps no session of ours, and says nothing of it.
if (!isSecureContext) for (const told of document.querySelectorAll("[data-insecure]")) told.hidden = false;
