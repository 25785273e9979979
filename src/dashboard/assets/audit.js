
// Events as they come. While it is switched on and the page is seen, what is new is asked for every few seconds, of the same page and
// by the same filters; it is put on top, and how much came is said. It stops by itself when nobody has touched the page for long: a
// page that is left open is no reason to stay signed in.
onShown((root) => {
  const button = root.querySelector("button[data-live]");
  if (!button) return;
  const told = document.querySelector("[data-live-told]");
  const place = document.querySelector("[data-events]");
  const [every, patience] = [Number(button.dataset.every ?? 4000), 15 * 60_000];
  const isOn = () => button.getAttribute("aria-pressed") === "true";
  let touched = Date.now();
  let timer;
  for (const what of ["pointerdown", "keydown", "wheel"]) addEventListener(what, () => { touched = Date.now(); }, { passive: true });
  const say = (text) => { told.textContent = text; };
  const turn = (on, text) => {
    button.setAttribute("aria-pressed", String(on));
    say(text);
    clearTimeout(timer);
    if (on) timer = setTimeout(look, every);
  };
  const newest = () => Math.max(0, ...[...place.querySelectorAll("tbody[data-seq]")].map((row) => Number(row.dataset.seq)));
  const add = (page) => {
    const rows = [...page.querySelectorAll("[data-events] tbody[data-seq]")];
    const known = newest();
    const fresh = rows.filter((row) => Number(row.dataset.seq) > known);
    if (!fresh.length) return;
    const table = place.querySelector("table.audit");
    for (const row of fresh) row.classList.add("new");
    if (table) table.tHead.after(...fresh);
    else place.replaceChildren(...page.querySelector("[data-events]").childNodes);
    for (const row of fresh) dispatchEvent(new CustomEvent("meshkey:shown", { detail: row }));
    say(fresh.length === 1 ? "1 new event" : `${fresh.length} new events`);
  };
  const look = async () => {
    if (!isOn() || !button.isConnected) return;
    if (Date.now() - touched > patience) return turn(false, "Paused, since nobody has touched this page for 15 minutes.");
    if (!document.hidden) {
      const url = new URL(button.dataset.live, location.href);
      url.searchParams.set("after", String(newest()));
      const answer = await fetch(url, { redirect: "manual" }).catch(() => null);
      if (answer?.type === "opaqueredirect") return turn(false, "Paused: you have been signed out.");
      if (answer?.ok) add(new DOMParser().parseFromString(await answer.text(), "text/html"));
      else say("Out of reach for a moment. Trying again.");
    }
    if (isOn()) timer = setTimeout(look, every);
  };
  button.hidden = false;
  button.addEventListener("click", () => (isOn() ? turn(false, "Paused.") : turn(true, "Watching for new events.")));
});
