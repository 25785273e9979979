
// Buttons that copy a field or the text of an element: by the clipboard of a secure page; or else the very thing that one sees is
// selected and copied. A field that is out of sight, or not within the dialog that is open, would be copied by nobody, and the browser
// would say that it was. What cannot be copied stays selected, and that is said.
onShown((root) => {
  for (const button of root.querySelectorAll("button[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    const told = document.getElementById(button.dataset.told) ?? button.closest("section")?.querySelector("[data-copied]");
    const words = button.textContent;
    const isField = "value" in source;
    const text = () => (isField ? source.value : source.textContent);
    const byClipboard = () =>
      isSecureContext && navigator.clipboard ? navigator.clipboard.writeText(text()).then(() => true, () => false) : false;
    const select = () => {
      if (isField) {
        source.type = source.tagName === "INPUT" ? "text" : source.type;
        source.focus();
        source.select();
      } else getSelection().selectAllChildren(source);
      return document.execCommand("copy");
    };
    button.hidden = false;
    button.addEventListener("click", async () => {
      const done = (await byClipboard()) || select();
      if (done) {
        button.textContent = "Copied ✓";
        setTimeout(() => { button.textContent = words; }, 4000);
      }
      if (told) told.textContent = done ? button.dataset.done ?? ("secret" in source.dataset ? "Copied." : `Copied: ${text()}`) : "Copying is blocked on this page. It is selected: press Ctrl+C or ⌘C.";
    });
  }
});
