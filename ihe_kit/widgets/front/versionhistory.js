// versionhistory.js: the versions of a document, two of them chosen and compared; what is drawn anew keeps the focus. Needs kit.js before it.
function render({ model, el }) {
  el.innerHTML = model.get("html");
  const root = one(el, ".kit"), table = one(el, "[data-table-of]"), compared = one(el, "[data-compared]"), documents = one(el, "[data-document]");
  awake(model, root); keepKeys(root);

  function draw() {
    const { facts, documents: options, table: rows, compared: both, ended } = model.get("view");
    const active = document.activeElement, had = table.contains(active) && active.matches("[data-side]") && [active.dataset.side, active.value];
    one(el, "[data-facts]").textContent = facts; one(el, "[data-ended]").hidden = !ended;
    if (documents !== active) documents.innerHTML = options; else for (const option of documents.options) option.selected = option.value === model.get("uid");
    table.innerHTML = rows;
    if (compared.innerHTML !== both) compared.innerHTML = both;
    if (had) all(table, `[data-side="${had[0]}"]`).find(radio => radio.value === had[1])?.focus({ preventScroll: true });
  }
  on(table, "change", "[data-side]", radio => ask(model, "pick", { side: radio.dataset.side, uid: radio.value }));
  documents.addEventListener("change", () => ask(model, "document", { uid: documents.value }));
  model.on("change:view", draw);
  draw();
  return () => model.off("change:view", draw);
}
export default { render };
