// explorer.js: text, structure and card of one message, tied together. Needs kit.js before it.
const STRONG = 120;   // a longer piece is washed pale, or the pane turns yellow

function render({ model, el }) {
  el.innerHTML = model.get("html");
  const parts = model.get("parts"), root = one(el, ".kit"), pane = one(el, ".kit-raw"), grid = one(el, ".kit-tree");
  const text = runs(pane), card = one(el, ".kit-card"), cards = { ...model.get("cards") };
  const [START, END, PARENT, FIELD, PATH, WORDS] = [0, 1, 2, 3, 4, 5];
  const chain = index => { const found = []; for (let i = index; i >= 0; i = parts[i][PARENT]) found.unshift(i); return found; };
  const inner = new Set(parts.map(part => part[PARENT]));
  let chosen = -1, hovered = null;

  const branch = tree(grid, {
    load: async row => row.insertAdjacentHTML("afterend", await ask(model, "rows", { index: +row.dataset.i })),
    hover: row => preview(row ? +row.dataset.i : -1, false),
    fix: row => fix(+row.dataset.i),
  });

  function preview(index, follow = true) {
    hovered?.classList.remove("is-near");
    const part = parts[index];
    const large = part && part[END] - part[START] > STRONG && inner.has(index), [start, end] = part ?? [];
    const lit = text.light("is-hover", large ? -1 : start, end);
    text.light("is-wash", large ? start : -1, end);
    hovered = branch.row(index);
    hovered?.classList.add("is-near");
    if (hovered && follow && !hovered.hidden) reveal(grid, hovered, 28);
    if (!follow && lit[0]) reveal(pane, lit[0]);
  }

  async function fix(index, tell = true) {
    if (!parts[index]) return;
    chosen = index;
    const [start, end, , field] = parts[index], whole = end - start > STRONG && inner.has(index);
    const lit = text.light("kit-lit", whole ? -1 : start, end), wide = text.light("is-within", whole ? start : -1, end);
    text.light("is-field", whole ? -1 : parts[field]?.[START], parts[field]?.[END]);
    if (lit[0] ?? wide[0]) reveal(pane, lit[0] ?? wide[0]);
    if (tell) { model.set("selected", parts[index][PATH]); model.save_changes(); }
    for (const above of chain(index).slice(0, -1)) await branch.open(branch.row(above));
    for (const row of all(grid, '[aria-selected="true"]')) row.setAttribute("aria-selected", false);
    const row = branch.row(index);
    if (row) { row.setAttribute("aria-selected", true); branch.stop(row); reveal(grid, row, 28); }
    cards[index] ??= await ask(model, "card", { index });
    if (chosen === index) card.innerHTML = cards[index];
  }

  /** The innermost element at a run; a JSON name belongs to the value behind it. */
  function at(target) {
    const run = target.closest?.("[data-s]");
    if (!run) return -1;
    const place = target.matches(".k") ? +run.dataset.e : +run.dataset.s;
    let index = parts.findLastIndex(part => part[START] <= place);
    while (index >= 0 && parts[index][END] <= place) index = parts[index][PARENT];
    return index;
  }
  pane.addEventListener("mouseover", event => preview(at(event.target)));
  pane.addEventListener("mouseleave", () => preview(-1));
  pane.addEventListener("click", event => { if (getSelection().isCollapsed && at(event.target) >= 0) fix(at(event.target)); });
  pane.addEventListener("keydown", event => {   // from element to element, up and down over what is inside
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1, Home: 0, End: 0 }[event.key];
    if (step === undefined || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
    taken(event);
    const wide = event.key === "ArrowDown" || event.key === "ArrowUp", level = chain(chosen).length;
    let index = event.key === "Home" ? 0 : event.key === "End" ? parts.length - 1 : chosen + step;
    while (wide && parts[index] && chain(index).length > level) index += step;
    fix(index);
  });
  copyTrue(pane, model.get("text"));
  copyButton(one(el, "[data-copy]"), () => model.get("text"));

  const search = one(el, "input"), said = one(el, "[data-said]");
  function seek(from, act) {
    const words = search.value.trim().toLowerCase();
    const hits = words ? parts.map((_, index) => index).filter(index => parts[index][WORDS].includes(words)) : [];
    const hit = hits.find(index => index >= from) ?? hits[0];
    said.textContent = !words ? "" : hits.length ? `${hits.indexOf(hit) + 1} of ${hits.length}` : "nothing found";
    if (hit !== undefined) act(hit); else preview(-1);
  }
  search.addEventListener("input", () => seek(0, fix));
  search.addEventListener("keydown", event => {
    if (event.key === "Enter") { taken(event); seek(chosen + 1, fix); }
    if (event.key === "Escape") { taken(event); search.value = ""; said.textContent = ""; one(grid, '[tabindex="0"]')?.focus(); }
  });
  root.addEventListener("keydown", event => { if (event.key === "/" && event.target !== search) { taken(event); search.focus(); search.select(); } });

  const follow = () => { const index = parts.findIndex(part => part[PATH] === model.get("selected")); if (index !== chosen) fix(index, false); };
  model.on("change:selected", follow);
  follow();
  awake(model, root); keepKeys(root);
  laidOut(pane, () => fix(chosen, false));
  return () => model.off("change:selected", follow);
}
export default { render };
