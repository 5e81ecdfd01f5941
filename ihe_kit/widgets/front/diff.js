// diff.js: two texts in rows beside each other, and the table of their differences: the chosen one is lit in both. Needs kit.js before it.
const CHANGE = "tbody tr[data-c]";

function render({ model, el }) {
  el.innerHTML = model.get("html");
  const root = one(el, ".kit"), texts = one(el, "[data-texts]"), table = one(el, "[data-table]");
  const only = one(el, "[data-only]"), ignore = one(el, "[data-ignore]");
  let columns = [];

  function draw() {
    const { tag, facts, table: rows, texts: drawn, raw, ignored, ignoring, compared, times } = model.get("view");
    const held = table.contains(document.activeElement), left = one(el, "[data-left]");
    texts.innerHTML = drawn; table.innerHTML = rows;
    one(el, "[data-tag]").innerHTML = tag; one(el, "[data-facts]").innerHTML = facts;
    ignore.checked = ignoring; one(el, "[data-times]").hidden = !times; one(el, "[data-some]").hidden = !compared;
    left.hidden = !ignored; one(left, "code").textContent = ignored;
    columns = all(texts, ".kit-raw").map((pane, at) => {
      copyTrue(pane, raw[at]);
      return { lines: all(pane, ".ln:not(.fold)"), text: runs(pane) };
    });
    one(el, ".kit-foot").hidden = !one(table, CHANGE);
    light(false);
    if (held) one(table, '[tabindex="0"]')?.focus({ preventScroll: true });
  }

  /** Washes the rows of the chosen difference and lights its values; a whole segment is its row. */
  function light(follow = true) {
    for (const line of all(texts, ".is-at")) line.classList.remove("is-at");
    const row = one(table, `[data-c="${model.get("selected")}"]`);
    const places = row ? row.dataset.at.split(" ").map(place => place.split(",").map(Number)) : [];
    for (const other of all(table, '[aria-selected="true"]')) other.setAttribute("aria-selected", other === row);
    row?.setAttribute("aria-selected", true);
    columns.forEach(({ lines, text }, at) => {
      const [start, end, number] = places[at] ?? [-1, -1, -1], line = lines[number];
      line?.classList.add("is-at");
      text.light("kit-lit", line?.dataset.c === String(model.get("selected")) ? -1 : start, end);
      if (line && follow) reveal(one(texts, ".kit-diff"), line, 28);
    });
  }
  function choose(row, follow = true) {
    model.set("selected", +row.dataset.c); model.save_changes();
    stop(table, CHANGE, row, false);
    light(follow);
  }
  rove(table, CHANGE, { move: row => choose(row), enter: row => choose(row) });
  on(table, "click", CHANGE, row => { choose(row); row.focus({ preventScroll: true }); });
  on(texts, "click", "[data-c]", mark => {
    const row = getSelection().isCollapsed && one(table, `tr[data-c="${mark.dataset.c}"]`);
    if (row) { choose(row, false); reveal(table, row, 28); }
  });

  const narrow = () => { only.checked = model.get("only"); root.classList.toggle("is-only", only.checked); };
  only.addEventListener("change", () => { model.set("only", only.checked); model.save_changes(); narrow(); light(); });
  ignore.addEventListener("change", () => ask(model, "ignore", { yes: ignore.checked }));
  const chosen = () => { const row = one(table, `[data-c="${model.get("selected")}"]`); if (row) { stop(table, CHANGE, row, false); reveal(table, row, 28); } light(); };

  model.on("change:view", draw); model.on("change:selected", chosen); model.on("change:only", narrow);
  awake(model, root); keepKeys(root);
  draw(); narrow();
  laidOut(texts, () => light());
  return () => { model.off("change:view", draw); model.off("change:selected", chosen); model.off("change:only", narrow); };
}
export default { render };
