// bedboard.js: the beds, one tab stop for all of them, and the movements of the chosen one. Needs kit.js before it.
function render({ model, el }) {
  el.innerHTML = model.get("html");
  const root = one(el, ".kit"), drawing = one(el, "[data-board]"), detail = one(el, "[data-detail]"), said = one(el, "[data-said]");
  const option = '[role="option"][data-k]';

  function draw() {
    const { facts, drawing: html, says, ended } = model.get("view"), held = drawing.contains(document.activeElement);
    const at = held ? document.activeElement.dataset.k : "";
    drawing.innerHTML = html;
    one(el, "[data-facts]").textContent = facts;
    one(el, "[data-ended]").hidden = !ended;
    const again = held && (all(drawing, option).find(bed => bed.dataset.k === at) ?? one(drawing, `${option}[tabindex="0"]`));
    if (again) stop(drawing, option, again);
    if (says) said.textContent = says;
    mark();
  }
  function mark() {
    const selected = model.get("selected");
    for (const bed of all(drawing, option)) bed.setAttribute("aria-selected", bed.dataset.k === selected);
    one(el, "[data-hint]").style.visibility = selected ? "hidden" : "";
  }
  function choose(bed) {
    model.set("selected", bed.dataset.k); model.save_changes();
    stop(drawing, option, bed);
    mark();
  }
  on(drawing, "click", option, choose);
  rove(drawing, option, {
    enter: choose,
    keys: (event, bed) => {
      const found = find(all(drawing, option), bed, event.key, other => [one(other, ".who").textContent, one(other, ".no").textContent]);
      if (found) stop(drawing, option, found);
      return Boolean(found);
    },
  });
  const describe = () => { detail.innerHTML = model.get("detail"); };
  model.on("change:view", draw); model.on("change:detail", describe); model.on("change:selected", mark);
  awake(model, root); keepKeys(root);
  draw(); describe();
  return () => { model.off("change:view", draw); model.off("change:detail", describe); model.off("change:selected", mark); };
}
export default { render };
