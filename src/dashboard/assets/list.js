
// Boxes of a list: all of them at once, and how many are ticked. What is done with them waits until one is.
onShown((root) => {
  const form = root.querySelector("form[data-ticks]");
  if (!form) return;
  const boxes = [...form.elements].filter((field) => field.type === "checkbox" && !field.disabled);
  const told = form.querySelector("[data-ticked]");
  const all = Object.assign(document.createElement("button"), { type: "button", className: "second" });
  const tell = () => {
    const count = boxes.filter((box) => box.checked).length;
    told.textContent = count > 0 ? ` (${count})` : "";
    all.textContent = count === boxes.length ? "Tick none" : "Tick all";
  };
  all.addEventListener("click", () => {
    const ticks = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = ticks;
    tell();
  });
  for (const box of boxes) box.addEventListener("change", tell);
  form.prepend(all);
  tell();
});
