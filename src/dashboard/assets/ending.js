
// Two minutes before a session ends the page says so, and lets one stay where that is possible. When it has ended, one signs in again
// and is on this page again, with what was filled in; never with a secret. All tabs of a browser have one session: they tell each other.
// What a form took along is kept too until the next page: where that asks who one is, or says that the form was of another session, it
// comes back as well.
{
  const box = document.querySelector("[data-ending]");
  const [told, form, again] = box ? ["p", "form", "a"].map((name) => box.querySelector(name)) : [];
  const [second, warnFor] = [1000, 120];
  const here = location.pathname + location.search;
  const key = `meshkey-kept ${location.pathname}`;
  let ends = { idle: Infinity, life: Infinity };
  let phase = "";
  let timer;

  const isKept = (field) =>
    field.name && !field.readOnly && !["hidden", "password", "file", "submit"].includes(field.type) &&
    !/one-time-code|password|username/.test(field.autocomplete) && !("fragment" in field.dataset);
  const fields = () => [...document.querySelectorAll("main input, main textarea, main select")].filter(isKept);
  // A text with something in it like a key is not kept either.
  const isSecret = (field) => /[A-Za-z0-9]{40}/.test(field.value);
  const filled = () => {
    const kept = fields().filter((field) => !isSecret(field)).map((field) => [field.id || field.name, field.value, field.checked === true]);
    return kept.length ? JSON.stringify({ who: box.dataset.who, kept }) : null;
  };
  const keep = () => {
    const text = filled();
    if (text) sessionStorage.setItem(key, text);
  };
  const took = "meshkey-took";
  const take = ({ target }) => {
    const text = target.method === "post" && target.closest("main") ? filled() : null;
    if (text) sessionStorage.setItem(took, JSON.stringify([key, text]));
  };
  const bringBack = () => {
    const taken = sessionStorage.getItem(took);
    sessionStorage.removeItem(took);
    if (taken) sessionStorage.setItem(...JSON.parse(taken));
  };
  const isAnew = () => document.querySelector("main [data-anew]") !== null;
  const forget = (isGone) => {
    for (const [name, text] of Object.entries(sessionStorage)) if (name.startsWith("meshkey-kept ") && isGone(text)) sessionStorage.removeItem(name);
  };
  const restore = () => {
    const { who, kept } = JSON.parse(sessionStorage.getItem(key) ?? "{}");
    sessionStorage.removeItem(key);
    forget((one) => JSON.parse(one).who !== box.dataset.who);
    if (who !== box.dataset.who) return;
    const all = fields();
    for (const [name, value, checked] of kept) {
      const field = all.find((one) => (one.id || one.name) === name);
      if (!field) continue;
      if (["checkbox", "radio"].includes(field.type)) field.checked = checked;
      else field.value = value;
    }
  };

  const set = ({ idle, life }) => { ends = { idle: Date.now() + idle * second, life: Date.now() + life * second }; };
  const show = (now, text, canStay, path) => {
    if (phase === now) return;
    phase = now;
    told.textContent = text;
    box.classList.toggle("shown", text !== "");
    form.hidden = !canStay;
    again.hidden = path === null;
    if (path !== null) again.href = path;
  };
  const clock = (at) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const next = `next=${encodeURIComponent(here)}`;
  const over = () => show("over", "You have been signed out. What you typed here is kept until you have signed in again.", false, `/sign-in?${next}`);
  const look = () => {
    const now = Date.now();
    const left = (Math.min(ends.idle, ends.life) - now) / second;
    clearTimeout(timer);
    if (phase === "over") return;
    if (left <= 0) over();
    else if (left > warnFor) show("", "", false, null);
    else if (ends.life <= ends.idle) show("life", `You will be signed out at ${clock(ends.life)}: sign in again to go on.`, false, `/sign-in?again&${next}`);
    else show("idle", `You will be signed out at ${clock(ends.idle)}, since nothing was done here for long.`, true, null);
    // Not one long wait: a computer that sleeps would stop it.
    if (left > 0) timer = setTimeout(look, Math.min(Math.max(left > warnFor ? left - warnFor : left, 0.25), 30) * second);
  };

  const stay = async (event) => {
    event.preventDefault();
    const answer = await fetch("/account/stay", { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
    if (answer?.ok && !answer.redirected) {
      const left = await answer.json();
      set(left);
      others?.postMessage({ who: box.dataset.who, left });
      look();
    } else if (answer?.redirected) over();
    else told.textContent = "That could not be done now. Try again in a moment.";
  };

  const others = box && "BroadcastChannel" in window ? new BroadcastChannel("meshkey-session") : null;
  if (location.pathname === "/sign-in" || isAnew()) bringBack();
  sessionStorage.removeItem(took);
  addEventListener("meshkey:shown", () => (isAnew() ? bringBack() : sessionStorage.removeItem(took)));
  // Who signs out leaves nothing behind.
  document.addEventListener("submit", ({ target }) => { if (target.getAttribute("action") === "/sign-out") sessionStorage.clear(); });
  if (box) {
    const left = { idle: Number(box.dataset.idle), life: Number(box.dataset.life) };
    set(left);
    if (!isAnew()) restore();
    others?.postMessage({ who: box.dataset.who, left });
    others?.addEventListener("message", ({ data }) => {
      if (data.who !== box.dataset.who || phase === "over") return;
      set(data.left);
      look();
    });
    form.addEventListener("submit", stay);
    again.addEventListener("click", keep);
    // A page that leads elsewhere and back, such as one that asks who one is.
    document.addEventListener("click", ({ target }) => { if (target.closest?.("a[data-keep]")) keep(); });
    document.addEventListener("submit", (event) => (phase === "over" ? keep() : take(event)));
    document.addEventListener("visibilitychange", look);
    look();
  }
}
