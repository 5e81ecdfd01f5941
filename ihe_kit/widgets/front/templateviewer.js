// templateviewer.js: the mind map of a template, and buttons that copy an address. Needs kit.js and viewer.js before it.

/** The map: Python draws it with the branches that are open; arrows walk it, Right opens, Left closes, dragging the ground moves it. */
function mindMap({ model, el }, point) {
  const pane = one(el, "[data-map]"), item = '[role="treeitem"]';
  if (!pane) return () => {};
  const node = id => one(pane, `[data-id="${CSS.escape(id)}"]`), expanded = it => it.getAttribute("aria-expanded");
  let drawn = 0;
  function show(it) {   // the pane scrolls to it both ways
    reveal(pane, it);
    const outer = pane.getBoundingClientRect(), inner = it.getBoundingClientRect();
    pane.scrollLeft += Math.max(0, inner.right + 12 - outer.right) || Math.min(0, inner.left - 12 - outer.left);
  }
  async function draw(details = {}, focus = "") {
    const mine = ++drawn, html = await ask(model, "map", { selected: model.get("selected"), ...details });   // it may be there before the state is
    if (mine !== drawn) return;
    pane.innerHTML = html;
    const chosen = focus ? node(focus) : one(pane, '[tabindex="0"]');
    if (focus && chosen) stop(pane, item, chosen);
    else if (chosen) show(chosen);
  }
  const toggle = (it, open = expanded(it) !== "true") => draw({ id: it.dataset.id, open }, it.dataset.id);
  const fix = it => { model.set("selected", it.dataset.id); model.save_changes(); };
  const go = it => { if (it) { stop(pane, item, it); point(it); } };
  rove(pane, item, {
    move: point, enter: fix,
    keys: (event, it) => {
      if (event.altKey || event.shiftKey) return false;
      if (event.key === "ArrowRight") { expanded(it) === "false" ? toggle(it, true) : expanded(it) && go(one(pane, `[data-above="${CSS.escape(it.dataset.id)}"]`)); return true; }
      if (event.key === "ArrowLeft") { expanded(it) === "true" ? toggle(it, false) : it.dataset.above && go(node(it.dataset.above)); return true; }
      const found = find(all(pane, item), it, event.key, other => [one(other, ".name").textContent]);
      if (found) go(found);
      return Boolean(found);
    },
  });
  let from = null;
  on(pane, "click", item, (it, event) => {
    const sign = event.target.matches(".sign");
    if (!sign) fix(it);
    if (sign || expanded(it) === "false") toggle(it);
  });
  on(pane, "mouseover", item, point);
  pane.addEventListener("mouseleave", () => point(null));
  pane.addEventListener("focusout", event => { if (event.relatedTarget && !pane.contains(event.relatedTarget)) point(null); });
  pane.addEventListener("pointerdown", event => { if (!event.target.closest(item)) from = [event.clientX + pane.scrollLeft, event.clientY + pane.scrollTop]; });
  pane.addEventListener("pointermove", event => { if (from && event.buttons) [pane.scrollLeft, pane.scrollTop] = [from[0] - event.clientX, from[1] - event.clientY]; });
  pane.addEventListener("pointerup", () => { from = null; });
  const chosen = () => draw({}, pane.contains(document.activeElement) ? model.get("selected") : "");
  model.on("change:selected", chosen);
  laidOut(pane, () => { const it = one(pane, '[aria-selected="true"]'); if (it) show(it); });
  return () => model.off("change:selected", chosen);
}

/** Buttons that put their text on the clipboard, and say so. */
function copying(el) {
  on(el, "click", "[data-text]", async button => {
    await navigator.clipboard?.writeText(button.dataset.text);
    const label = button.title, sign = one(button, ".kit-i");
    button.setAttribute("aria-label", "Copied"); sign.className = "kit-i ok";
    setTimeout(() => { button.setAttribute("aria-label", label); sign.className = "kit-i copy"; }, 1500);
  });
}

export default {
  render(context) {
    const end = render(context);
    copying(context.el);
    const done = end ? mindMap(context, end.point) : () => {};
    return () => { end?.(); done(); };
  },
};
