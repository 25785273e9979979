
// A form whose answer takes the place of what is on the page, without the browser's resending it on Reload. It is sent as it would be
// without this; where the answer does not come, nothing is lost, and to send it again does nothing twice.
{
  const say = (form, text) => {
    form.querySelector("[data-lost]")?.remove();
    const box = Object.assign(document.createElement("p"), { className: "alert", textContent: text });
    box.dataset.lost = "";
    box.setAttribute("role", "alert");
    form.prepend(box);
    box.scrollIntoView({ block: "center" });
  };
  const show = (text) => {
    const next = new DOMParser().parseFromString(text, "text/html");
    const main = next.querySelector("main");
    document.querySelector("main").replaceWith(main);
    document.title = next.title;
    dispatchEvent(new CustomEvent("meshkey:shown", { detail: main }));
    const first = main.querySelector("[role=alert], [data-first]") ?? main.querySelector("h1");
    first.tabIndex = -1;
    first.focus();
    scrollTo(0, 0);
    first.scrollIntoView({ block: "nearest" });
  };
  const send = async (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !("swap" in form.dataset) || event.defaultPrevented) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    const buttons = [...form.querySelectorAll("button")];
    for (const button of buttons) button.disabled = true;
    // A button without an address of its own says that of the page.
    const path = event.submitter?.hasAttribute("formaction") ? event.submitter.formAction : form.action;
    const answer = await fetch(path, { method: "POST", body }).catch(() => null);
    const text = await answer?.text().catch(() => null);
    if (answer && form.dataset.swap === "wipe") form.reset();
    for (const button of buttons) button.disabled = false;
    if (answer?.redirected) {
      const next = new URL(answer.url);
      // Back to this page, and not to the one that the form went to.
      if (next.pathname === "/sign-in") next.search = `?next=${encodeURIComponent(location.pathname + location.search)}`;
      location.assign(next);
    }
    else if (text?.includes("<main")) show(text);
    else say(form, "The answer did not come, and so it is not known whether this was done. Send it again: it is done once only.");
  };
  document.addEventListener("submit", send);
}

// What a page shows once is not kept by the browser for Back and Forward.
addEventListener("pagehide", () => {
  for (const secret of document.querySelectorAll("[data-secret]")) {
    if ("value" in secret) secret.value = "";
    secret.textContent = "";
    secret.removeAttribute("value");
  }
});

// Menus close by Escape and by a click elsewhere; what is told beside a thing goes by Escape.
addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.switch[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  document.body.classList.add("untold");
});
for (const what of ["pointermove", "focusin"]) addEventListener(what, () => document.body.classList.remove("untold"));
addEventListener("click", ({ target }) => {
  for (const menu of document.querySelectorAll("details.switch[open]")) if (!menu.contains(target)) menu.open = false;
});

// Single letters, where the reader has not switched them off. Never while something is typed, or with another key.
if ("shortcuts" in document.documentElement.dataset && document.querySelector(".sections")) {
  const org = location.pathname.split("/").slice(0, 3).join("/");
  const places = { k: "keys", e: "expiring", m: "meshes", p: "members", u: "usage", a: "audit" };
  const told = document.createElement("dialog");
  told.setAttribute("aria-labelledby", "shortcuts-title");
  const rows = { "/": "Search", n: "A new key", "?": "This list", ...Object.fromEntries(Object.entries(places).map(([key, place]) => [`g ${key}`, place])) };
  told.innerHTML = `<h2 id="shortcuts-title">Shortcuts</h2><dl class="facts"></dl><form method="dialog" class="actions"><button>Close</button><a href="/account/looks">Switch them off</a></form>`;
  for (const [key, words] of Object.entries(rows)) {
    const [term, meaning] = ["dt", "dd"].map((name) => document.createElement(name));
    term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    meaning.textContent = words;
    told.querySelector("dl").append(term, meaning);
  }
  document.body.append(told);
  let goes = false;
  addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, textarea, select, dialog, [contenteditable]");
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const { key } = event;
    if (goes && key in places) location.assign(`${org}/${places[key]}`);
    else if (key === "/") {
      event.preventDefault();
      document.getElementById("search").focus();
    } else if (key === "?") told.showModal();
    else if (key === "n") location.assign(`${org}/keys/new`);
    goes = key === "g";
  });
}

// The next theme, without a new page: what is typed stays.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!("themeSwitch" in form.dataset)) return;
  event.preventDefault();
  const button = form.querySelector("button");
  const themes = ["auto", "light", "dark"];
  const now = button.value;
  fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, button)) }).catch(() => null);
  if (now === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = now;
  button.querySelector("span").textContent = now;
  button.value = themes[(themes.indexOf(now) + 1) % themes.length];
});
