// validator.js: a textarea over a mirror that carries the underlines; the kernel reads and checks. Needs kit.js before it.
function render({ model, el }) {
  el.innerHTML = model.get("html");
  const root = one(el, ".kit"), area = one(el, "textarea"), mirror = one(el, ".kit-mirror"), off = one(el, "[data-off]"), lists = one(el, "[data-lists]");
  const against = one(el, "[data-against]"), everything = one(el, "[data-all]");
  let waiting = 0, asleep = 0, text = runs(mirror), next = () => {};

  const fit = () => { area.style.height = "auto"; area.style.height = `${Math.max(area.scrollHeight, mirror.scrollHeight)}px`; };
  const gone = (is = true) => { off.hidden = !is; };
  const patience = () => { clearTimeout(asleep); asleep = setTimeout(gone, 4000); };

  /** Until the kernel has looked, the mirror follows the typing: only what changed is changed in it. */
  function follow() {
    const old = mirror.textContent, now = `${area.value}\n`;
    let from = 0, tail = 0;
    while (from < old.length && old[from] === now[from]) from++;
    while (tail < Math.min(old.length, now.length) - from && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
    const [node, offset] = nodeAt(from), [last, end] = nodeAt(old.length - tail), range = document.createRange();
    if (!node) { mirror.textContent = now; return; }
    range.setStart(node, offset); range.setEnd(last, end);
    range.deleteContents();
    range.insertNode(document.createTextNode(now.slice(from, now.length - tail)));
  }
  function nodeAt(offset) {
    const walk = document.createTreeWalker(mirror, NodeFilter.SHOW_TEXT);
    let node = walk.nextNode(), before = null;
    for (; node; before = node, node = walk.nextNode()) { if (offset <= node.length) return [node, offset]; offset -= node.length; }
    return [before, before?.length ?? 0];
  }

  area.addEventListener("input", () => {
    follow(); fit();
    clearTimeout(waiting);
    waiting = setTimeout(() => { model.set({ draft: area.value, turn: model.get("turn") + 1 }); model.save_changes(); patience(); }, 250);
  });
  area.addEventListener("keydown", event => event.stopPropagation());

  function draft() {
    if (area.value === model.get("draft")) return;
    area.value = model.get("draft");
    follow(); fit();
  }

  function report() {
    const { turn, state, standard, tag, mirror: drawn, summary, lists: found, fixes, options } = model.get("report");
    clearTimeout(asleep); gone(false);
    if (turn !== model.get("turn")) return;   // the reader has typed on
    draft();
    mirror.innerHTML = drawn; text = runs(mirror); fit();
    for (const name of ["v2", "fhir", "openehr"]) one(el, ".kit-edit").classList.toggle(`kit-${name}`, name === standard);
    one(el, "[data-tag]").innerHTML = tag;
    one(el, "[data-empty]").hidden = state !== "empty"; one(el, "[data-strip]").hidden = state === "empty";
    one(el, ".kit-sum").innerHTML = summary;
    everything.hidden = fixes < 2; everything.textContent = `Apply all ${fixes} fixes`;
    against.innerHTML = options;
    lists.innerHTML = found;
    next = findings(lists, { go, fix: item => repair({ number: +item.dataset.f }) });
  }

  function go(item) {
    const start = +item.dataset.s, end = +item.dataset.e, lit = text.light("kit-lit", start, end), run = lit[0];
    if (!run) return;
    const before = document.createRange();
    before.setStart(mirror, 0); before.setEndBefore(run);
    const at = before.toString().length;
    area.setSelectionRange(at, at + lit.reduce((sum, one) => sum + one.textContent.length, 0));
    reveal(one(el, ".kit-edit"), run);
  }
  async function repair(which) {
    patience();
    await ask(model, "fix", which);
    (one(lists, '[role="option"]') ?? area).focus();
  }
  everything.addEventListener("click", () => repair({}));
  on(el, "click", "[data-example]", async button => { patience(); await ask(model, "example", { mistakes: Boolean(button.dataset.example) }); area.focus(); });
  on(lists, "keydown", '[role="option"]', (item, event) => {   // Enter goes on to the text itself
    if (event.key === "Enter") area.focus({ preventScroll: true });
  });
  root.addEventListener("keydown", event => {
    const step = event.altKey && { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { taken(event); next(step); }
  }, true);
  against.addEventListener("change", () => { model.set("transaction", against.value); model.save_changes(); patience(); });
  against.addEventListener("keydown", event => event.stopPropagation());

  model.on("change:report", report);
  model.on("change:draft", draft);
  model.on("comm_live_update", gone);
  report();
  const size = new ResizeObserver(fit); size.observe(el);
  return () => { size.disconnect(); model.off("change:report", report); model.off("change:draft", draft); model.off("comm_live_update", gone); };
}
export default { render };
