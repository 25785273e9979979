
// Passkeys: a form with `data-passkey` learns from the service what to ask of the browser, and brings the answer as any form does.
{
  const forms = [...document.querySelectorAll("form[data-passkey]")];
  const can = isSecureContext && "PublicKeyCredential" in window && "parseCreationOptionsFromJSON" in PublicKeyCredential;
  const minutes = 60_000;
  let waiting = null;

  const begin = async (form) => {
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "passkey-begin");
    const answer = await fetch(form.getAttribute("action"), { method: "POST", body });
    // Another page comes first, such as that to sign in.
    if (answer.redirected) location.assign(answer.url);
    if (answer.redirected || !answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  const send = (form, ceremony, credential) => {
    form.elements.ceremony.value = ceremony;
    form.elements.credential.value = JSON.stringify(credential);
    form.submit();
  };

  const ask = async (form) => {
    const { ceremony, options } = await begin(form);
    const isNew = form.dataset.passkey === "create";
    const credential = isNew
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
    send(form, ceremony, credential);
  };

  const words = (error) => {
    if (error.name === "InvalidStateError") return "This device has a passkey of yours already.";
    if (error.name === "NotAllowedError" || error.name === "AbortError") return "No passkey was shown. Try again, or go on without one.";
    return "That cannot be done now. Try again in a moment.";
  };

  // In the field for the address: until somebody picks one, and anew before what was asked has run out.
  const offer = async (form) => {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    while (!document.hidden) {
      waiting = new AbortController();
      const timer = setTimeout((one) => one.abort(), 4 * minutes, waiting);
      const { signal } = waiting;
      try {
        const { ceremony, options } = await begin(form);
        const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
        const credential = await navigator.credentials.get({ publicKey, mediation: "conditional", signal });
        return send(form, ceremony, credential);
      } catch {
        if (!signal.aborted || waiting === null) return;
      } finally {
        clearTimeout(timer);
      }
    }
    document.addEventListener("visibilitychange", () => offer(form), { once: true });
  };

  for (const form of forms) {
    if (!can || form.dataset.origin !== location.origin) continue;
    form.hidden = false;
    for (const told of document.querySelectorAll("[data-without-passkeys]")) told.hidden = true;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const [button, told] = [form.querySelector("button"), form.querySelector("[data-told]")];
      if (button.getAttribute("aria-disabled") === "true") return;
      button.setAttribute("aria-disabled", "true");
      told.textContent = "";
      const before = waiting;
      waiting = null;
      before?.abort();
      try {
        await ask(form);
      } catch (error) {
        told.textContent = words(error);
      } finally {
        button.removeAttribute("aria-disabled");
      }
    });
    if ("filled" in form.dataset) offer(form);
  }
}
