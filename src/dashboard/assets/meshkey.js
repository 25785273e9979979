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
