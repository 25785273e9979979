// Every page works without this.
"use strict";

// What a browser has kept of a page may be of somebody who has signed out.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// What a link brings in its fragment goes into its field, and out of the address; and on, where that is all that is asked.
for (const field of document.querySelectorAll("input[data-fragment]")) {
  const brought = new URLSearchParams(location.hash.slice(1)).get(field.dataset.fragment);
  if (brought === null) continue;
  field.value = brought;
  history.replaceState(null, "", location.pathname + location.search);
  if ("send" in field.dataset) field.form.requestSubmit();
}

// Times in the reader's own zone; in UTC without this.
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  time.title = time.textContent;
  time.textContent = at.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}
