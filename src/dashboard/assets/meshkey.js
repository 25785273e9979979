// Every page works without this.
"use strict";

// What a browser has kept of a page may be of somebody who has signed out.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// Times in the reader's own zone; in UTC without this.
const localise = (root) => {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime()) || "utc" in time.dataset) continue;
    time.dataset.utc = "";
    time.title = time.textContent;
    time.textContent = at.toLocaleString("en-GB", { dateStyle: "medium", ...("day" in time.dataset ? {} : { timeStyle: "short" }) });
  }
};

// What is done with a page when it is there, and with what takes the place of a part of it.
const onShown = (work) => {
  work(document);
  addEventListener("meshkey:shown", ({ detail }) => work(detail));
};
onShown(localise);

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

// Over plain HTTP a browser keeps no session of ours, and says nothing of it.
if (!isSecureContext) for (const told of document.querySelectorAll("[data-insecure]")) told.hidden = false;
