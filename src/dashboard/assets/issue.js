
// While a key is being described, the server says what it would be: the form is sent as it is, nothing is done, and the parts of the
// answer that say something take the place of those on the page. What is typed in stays as it is.
onShown((root) => {
  const form = root.querySelector("form[data-live]");
  if (!form) return;
  let [timer, asking] = [null, null];
  const put = (next) => {
    for (const part of document.querySelectorAll("[data-part]")) {
      const other = part.id && next.getElementById(part.id);
      if (!other || other.outerHTML === part.outerHTML) continue;
      const fresh = document.importNode(other, true);
      // What is said is replaced within its place: a reader is told of what has changed there.
      part.replaceChildren(...fresh.childNodes);
      localise(part);
    }
    droppable();
    const sheet = next.getElementById("ends");
    const ours = document.getElementById("ends");
    for (const field of sheet?.querySelectorAll("input[type=radio]") ?? []) {
      const own = document.getElementById(field.id);
      if (own) own.disabled = field.disabled;
    }
    if (ours && !ours.querySelector("input[type=radio]:checked:not(:disabled)")) ours.querySelector("input[type=radio]:not(:disabled)").checked = true;
  };
  const droppable = () => {
    for (const button of form.querySelectorAll("[data-drop]")) button.hidden = false;
  };
  droppable();
  const ask = async () => {
    asking?.abort();
    asking = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "live");
    const answer = await fetch(form.action, { method: "POST", body, signal: asking.signal }).catch(() => null);
    if (!answer?.ok || answer.redirected || !form.isConnected) return;
    put(new DOMParser().parseFromString(await answer.text(), "text/html"));
  };
  const soon = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(ask, wait);
  };
  form.addEventListener("input", () => soon(300));
  // A day that is chosen is the end that is meant.
  form.querySelector("#until")?.addEventListener("input", ({ target }) => {
    if (target.value) form.querySelector("#expires-on").checked = true;
  });
  // Of several names the last is completed: what stands before it is put before each that is offered.
  form.querySelector("#names")?.addEventListener("input", ({ target }) => {
    form.querySelector("#topics-only").checked = true;
    const begun = target.value.replace(/[^\s,;]*$/, "");
    for (const option of target.list.options) {
      option.dataset.name ??= option.value;
      option.value = begun + option.dataset.name;
    }
  });
  // A topic that is named is taken out of the field again, or made where it is missing, without leaving the page.
  const drop = (word) => {
    const names = form.querySelector("#names");
    names.value = names.value.split(/[\s,;]+/).filter((known) => known && known !== word).join(", ");
    names.focus();
    soon(0);
  };
  const make = async (link) => {
    const body = new URLSearchParams({ form_token: form.elements.form_token.value, name: link.dataset.make, description: "" });
    const answer = await fetch(link.pathname, { method: "POST", body }).catch(() => null);
    const isMade = answer?.redirected && new URL(answer.url).pathname.startsWith(`${link.pathname}/topics/`);
    if (isMade) {
      form.querySelector("#names").focus();
      return soon(0);
    }
    const why = answer && !answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[role=alert]");
    // Where it cannot be said here, the page where topics are made says it.
    if (why) link.replaceWith(why.textContent.trim());
    else link.removeAttribute("data-make");
  };
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-drop]");
    if (button) drop(button.dataset.drop);
    const link = event.target.closest("a[data-make]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    make(link);
  });
  // What was kept of an earlier visit is filled in by now.
  const isChanged = (field) =>
    ["checkbox", "radio"].includes(field.type) ? field.checked !== field.defaultChecked :
      field.options ? [...field.options].some((one) => one.defaultSelected && !one.selected) : field.value !== field.defaultValue;
  if ([...form.elements].some(isChanged)) soon(0);
});

// To another time than those that are offered is to choose it.
onShown((root) => {
  const other = root.querySelector("#other");
  other?.addEventListener("input", () => { document.getElementById("overlap-other").checked = true; });
});
