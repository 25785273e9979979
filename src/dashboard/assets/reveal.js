
// The one time that a secret is seen. It is masked until it is asked for; the page is not left by accident; and it is in no address
// and no storage.
{
  let isUnsaved = false;
  addEventListener("beforeunload", (event) => {
    if (isUnsaved) event.preventDefault();
  });

  const words = (key, mesh) => {
    const topics = key.topics === "all" ? "all topics" : key.topics.map((topic) => `#${topic}`).join(", ");
    return `Works: ${key.capabilities.join(", ")} on ${topics} in ${mesh ? mesh.slug : "the whole org"}.`;
  };
  const tryOut = async (secret, tested) => {
    const headers = { Authorization: `Bearer ${secret}` };
    const answer = await fetch("/v1/whoami", { headers, credentials: "omit", cache: "no-store" }).catch(() => null);
    if (!answer) return "No answer came. Try again.";
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) return `It was refused: ${body.detail ?? answer.status}`;
    // The page of the key does not take this for the first use.
    tested.value = body.as_of;
    tested.disabled = false;
    return words(body.key, body.mesh);
  };
  const download = (text, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 0);
  };

  onShown((root) => {
    const box = root.querySelector("[data-reveal]");
    if (!box) return;
    const secret = box.querySelector("#secret");
    const told = box.querySelector("#secret-told");
    const saved = box.querySelector("#saved");
    const done = box.querySelector("form.saved button");
    const [show, save, tried] = ["[data-show]", "[data-download]", "[data-try]"].map((which) => box.querySelector(which));
    for (const hidden of box.querySelectorAll("[data-scripted], [data-show], [data-download], [data-try]")) hidden.hidden = false;
    secret.type = "password";
    done.disabled = isUnsaved = true;

    const look = () => {
      const isShown = secret.type === "text";
      show.textContent = isShown ? "Hide" : "Show";
      show.setAttribute("aria-pressed", String(isShown));
    };
    show.addEventListener("click", () => {
      secret.type = secret.type === "text" ? "password" : "text";
      look();
    });
    // To copy without the clipboard shows it first.
    new MutationObserver(look).observe(secret, { attributes: true, attributeFilter: ["type"] });
    save.addEventListener("click", () => {
      download(`${box.querySelector("#as-env").textContent}\n`, save.dataset.download);
      told.textContent = `${save.dataset.download} was handed to the browser. See that it is there.`;
    });
    tried.addEventListener("click", async () => {
      told.textContent = "Asking…";
      told.textContent = await tryOut(secret.value, done.form.elements.tested);
    });
    saved.addEventListener("change", () => { done.disabled = isUnsaved = !saved.checked; });
    done.form.addEventListener("submit", (event) => {
      if (done.disabled) event.preventDefault();
      else isUnsaved = false;
    });
  });
}

// A key that was just issued waits for its first use, which is looked for every few seconds while somebody looks, and for some minutes.
onShown((root) => {
  for (const told of root.querySelectorAll("[data-waiting]")) {
    const path = told.dataset.waiting;
    const until = Date.now() + 5 * 60_000;
    const tested = Date.parse(told.dataset.tested ?? 0);
    const look = async () => {
      if (!told.isConnected) return;
      if (Date.now() > until) {
        told.textContent = "Not used yet. Reload the page to look again.";
        return;
      }
      const answer = document.hidden ? null : await fetch(path, { cache: "no-store" }).catch(() => null);
      const key = answer?.ok ? await answer.json().catch(() => null) : null;
      if (!key?.last_used_at || Date.parse(key.last_used_at) <= tested) {
        setTimeout(look, 3000);
        return;
      }
      const seconds = Math.max(0, Math.round((new Date(answer.headers.get("date")) - new Date(key.last_used_at)) / 1000));
      const ago = seconds < 5 ? "just now" : seconds < 120 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
      told.textContent = `First used ${ago}${key.last_used_from ? ` from ${key.last_used_from}` : ""}.`;
    };
    look();
  }
});
