// wireview.js: the sequence diagram and the detail of the chosen message. Needs kit.js before it.
function render({ model, el }) {
  el.innerHTML = model.get("html");
  const root = one(el, ".kit"), drawing = one(el, "[data-drawing]"), detail = one(el, "[data-detail]"), filter = one(el, "[data-filter]");
  const said = one(el, "[data-said]"), option = '[role="option"][data-k]';
  let tab = "Tree", said_at = 0, entering = false;

  function draw() {
    const { facts, drawing: html, says, cleared, ended } = model.get("view"), held = drawing.contains(document.activeElement), top = drawing.scrollTop;
    const low = drawing.scrollHeight - drawing.clientHeight - top < 40;
    drawing.innerHTML = html;
    drawing.scrollTop = says && low ? drawing.scrollHeight : top;
    one(el, "[data-facts]").textContent = facts;
    const none = !one(drawing, option);
    one(el, "[data-ended]").hidden = !ended;
    one(el, "[data-clear]").textContent = cleared ? "Show all" : "Clear";
    one(el, "[data-none]").textContent = cleared ? "The picture was cleared; Show all brings it back" : "Nothing has crossed the wire yet";
    one(el, "[data-empty]").hidden = !none; one(el, "[data-legend]").hidden = none; drawing.hidden = none;
    sieve();
    mark(held);
    if (says && Date.now() - said_at > 1000) { said.textContent = says; said_at = Date.now(); }
  }
  function sieve() {
    for (const row of all(drawing, option)) row.hidden = Boolean(filter.value) && !row.classList.contains(`kit-${filter.value}`);
    if (one(drawing, `${option}[aria-selected="true"][hidden]`)) { model.set("selected", ""); model.save_changes(); }
  }
  function mark(focus = false) {
    const chosen = one(drawing, `[data-k="${model.get("selected")}"]`);
    for (const row of all(drawing, option)) row.setAttribute("aria-selected", row === chosen);
    const first = chosen ?? all(drawing, option).find(row => !row.hidden);
    if (first) stop(drawing, option, first, focus && Boolean(chosen));
    if (chosen) reveal(drawing, chosen, 60);
    one(el, "[data-hint]").style.visibility = chosen ? "hidden" : "";
  }
  function choose(row) {
    model.set("selected", row.dataset.k); model.save_changes();
    mark(true);
  }
  const enter = () => { const first = one(detail, '[role="tab"][aria-selected="true"]'); first?.focus(); first?.scrollIntoView({ block: "nearest" }); };
  on(drawing, "click", option, choose);
  rove(drawing, option, { move: choose, enter });
  filter.addEventListener("change", sieve);
  filter.addEventListener("keydown", event => event.stopPropagation());
  one(el, "[data-clear]").addEventListener("click", () => ask(model, "clear"));

  const replay = async () => { const words = await ask(model, "replay"); if (words) said.textContent = words; };
  root.addEventListener("keydown", event => {
    if (event.key.toLowerCase() !== "r" || event.ctrlKey || event.metaKey || event.altKey || !event.target.matches('[role="option"][data-k], [role="tab"], button')) return;
    if (one(detail, "[data-replay]")) { taken(event); replay(); }
  });
  on(detail, "click", "[data-replay]", replay);

  function describe() {
    const held = detail.contains(document.activeElement);
    detail.innerHTML = model.get("detail");
    if (!detail.firstChild) return;
    const show = tabs(detail, tab, name => { tab = name; });
    const pane = one(detail, '[data-panel="Bytes"] .kit-raw'), text = runs(pane), grid = one(detail, ".kit-tree");
    if (grid) tree(grid);
    findings(one(detail, '[data-panel="Findings"]'), {
      go: item => {
        const lit = text.light("kit-lit", +item.dataset.s, +item.dataset.e);
        if (lit[0]) reveal(pane, lit[0]);
      },
    });
    on(one(detail, '[data-panel="Findings"]'), "dblclick", '[role="row"]', () => show("Bytes"));
    on(one(detail, '[data-panel="Findings"]'), "keydown", '[role="row"]', (_, event) => { if (event.key === "Enter") { show("Bytes"); enter(); } });
    ask(model, "copy").then(words => { copyTrue(pane, words); copyButton(one(detail, "[data-copy]"), () => words); });
    if (held) enter();
  }

  model.on("change:view", draw); model.on("change:detail", describe); model.on("change:selected", () => mark());
  awake(model, root); keepKeys(root);
  draw(); describe();
  return () => { model.off("change:view", draw); model.off("change:detail", describe); };
}
export default { render };
