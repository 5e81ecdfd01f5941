// viewer.js: views of one tree, and the card of the element that is pointed at. Needs kit.js before it, and behind it who exports `render`.
function render({ model, el }) {
  el.innerHTML = model.get("html");
  const root = one(el, ".kit"), card = one(el, ".kit-card"), cards = {};
  awake(model, root); keepKeys(root);
  if (!card) return;
  let shown = "", wait = 0;

  /** Shows the card of an element; what was asked for last stays, however late the kernel answers. */
  async function show(id) {
    shown = id;
    cards[id] ??= ask(model, "card", { id });
    const html = await cards[id];
    if (shown === id && card.dataset.id !== id) { card.innerHTML = html; card.dataset.id = id; }
  }
  function point(row) {   // what is pointed at for a moment only is passed over
    clearTimeout(wait);
    for (const near of all(el, ".is-near")) near.classList.remove("is-near");
    row?.classList.add("is-near");
    wait = setTimeout(() => show(row?.dataset.id ?? model.get("selected")), 60);
  }
  function fix(row) { model.set("selected", row.dataset.id); model.save_changes(); mark(); }

  const trees = all(el, ".kit-tree").map(grid => ({ grid, branch: tree(grid, { hover: point, fix }) }));
  function mark() {   // the chosen element, in every view that has it
    const id = model.get("selected");
    for (const { grid, branch } of trees) {
      for (const row of all(grid, '[aria-selected="true"]')) row.setAttribute("aria-selected", false);
      const row = one(grid, `[data-id="${CSS.escape(id)}"]`);
      if (!row) continue;
      row.setAttribute("aria-selected", true);
      branch.stop(row);
      for (let above = row.previousElementSibling, level = +row.getAttribute("aria-level"); above; above = above.previousElementSibling)
        if (+above.getAttribute("aria-level") < level) { level = +above.getAttribute("aria-level"); branch.open(above); }
      reveal(grid, row, 28);
    }
    clearTimeout(wait); show(id);
  }
  const turn = tabs(root, model.get("view"), name => {
    if (model.get("view") !== name) { model.set("view", name); model.save_changes(); }
    mark();
  });
  /** Fixes the first element of this view that has what is typed in its id or its words, or `step` further. */
  const search = one(el, "[type=search]"), said = one(el, "[data-said]");
  function seek(step) {
    const words = search.value.trim().toLowerCase(), panel = one(el, "[data-panel]:not([hidden])");
    const rows = all(one(panel, ".kit-tree") ? panel : one(el, "[data-panel]"), ".kit-tree [data-id]");   // a map shows some of them only
    const hits = words ? rows.filter(row => `${row.dataset.words ?? row.dataset.id} ${one(row, ".p").textContent} ${one(row, ".v").textContent}`.toLowerCase().includes(words)) : [];
    const at = hits.findIndex(row => row.dataset.id === model.get("selected")), next = at < 0 ? 0 : (at + step) % hits.length;
    said.textContent = !words ? "" : hits.length ? `${next + 1} of ${hits.length}` : "nothing found";
    if (hits.length) fix(hits[next]);
  }
  search.addEventListener("input", () => seek(0));
  search.addEventListener("keydown", event => {
    if (event.key === "Enter") { taken(event); seek(1); }
    if (event.key === "Escape") { taken(event); search.value = said.textContent = ""; one(el, '[data-panel]:not([hidden]) [data-id][tabindex="0"]')?.focus(); }
  });
  root.addEventListener("keydown", event => { if (event.key === "/" && event.target !== search) { taken(event); search.focus(); search.select(); } });

  const turned = () => { if (one(el, '[role="tab"][aria-selected="true"]').dataset.tab !== model.get("view")) turn(model.get("view")); };
  model.on("change:selected", mark); model.on("change:view", turned);
  laidOut(root, mark);
  const end = () => { clearTimeout(wait); model.off("change:selected", mark); model.off("change:view", turned); };
  return Object.assign(end, { point });
}
