// kit.js: what every widget shares. Python makes the HTML and escapes it; this moves light and focus, opens and closes, and asks the kernel.
const one = (root, selector) => root.querySelector(selector);
const all = (root, selector) => [...root.querySelectorAll(selector)];
const on = (root, type, selector, act) => root.addEventListener(type, event => {
  const item = event.target.closest?.(selector);
  if (item && root.contains(item)) act(item, event);
});
const taken = event => { event.preventDefault(); event.stopPropagation(); };   // or JupyterLab would take the key for itself

/** Asks the kernel: `ask(model, "card", { index: 3 })` is answered by the Python method `answer_card(index=3)`. */
let questions = 0;
const strips = new WeakMap();
function ask(model, name, details = {}, bytes = null) {
  const id = ++questions, late = setTimeout(() => asleep(model), 4000);
  return new Promise(resolve => {
    const hear = message => {
      if (message.id !== id) return;
      clearTimeout(late); asleep(model, false);
      model.off("msg:custom", hear); resolve(message.answer);
    };
    model.on("msg:custom", hear);
    model.send({ ask: name, id, details }, undefined, bytes ? [bytes] : []);
  });
}

/** Shows or hides the strip which says that nobody answers. */
function asleep(model, is = true) { const strip = strips.get(model); if (strip) strip.hidden = !is; }

/** Gives a widget that strip: a restarted kernel does not know the widgets that it made before. */
function awake(model, root) {
  const strip = document.createElement("div");
  strip.className = "kit-off"; strip.setAttribute("role", "alert"); strip.hidden = true;
  strip.textContent = "Python was restarted or stopped, so nothing answers here. Run the first cell of the notebook, then this one again.";
  root.prepend(strip);
  strips.set(model, strip);
  model.on("comm_live_update", () => asleep(model, model.comm_live === false));
}

/** Keys act in the widget: JupyterLab would go from cell to cell. Escape, Shift+Enter and its shortcuts stay JupyterLab's. */
function keepKeys(root) {
  root.addEventListener("keydown", event => {
    const theirs = event.ctrlKey || event.metaKey || event.key === "Escape" || (event.shiftKey && event.key === "Enter");
    if (!theirs) event.stopPropagation();
  });
}

/** Scrolls a pane, and only the pane, where a thing inside does not show: what stands around it shows too. */
function reveal(pane, thing, above = 0) {
  const outer = pane.getBoundingClientRect(), inner = thing.getBoundingClientRect();
  if (inner.top < outer.top + above || inner.bottom > outer.bottom) pane.scrollTop += inner.top - outer.top - outer.height / 3;
}

/** Calls `act` once, when a thing has its place on the page: before, nothing can be scrolled. */
function laidOut(thing, act) {
  const seen = new ResizeObserver(() => { if (thing.clientHeight) { seen.disconnect(); act(); } });
  seen.observe(thing);
}

/** Makes `item` the tab stop of its group, with the links in it behind it, and focuses it. */
function stop(box, selector, item, focus = true) {
  const open = (thing, to) => { thing.tabIndex = to; for (const link of all(thing, "a")) link.tabIndex = to; };
  for (const other of all(box, `${selector}[tabindex="0"]`)) open(other, -1);
  open(item, 0);
  if (focus) { item.focus({ preventScroll: true }); item.scrollIntoView({ block: "nearest", inline: "nearest" }); }
}

/** A group with one tab stop: arrows, Home and End move in it, Enter and Space act. `keys` may take an event first. */
function rove(box, selector, { move = () => {}, enter = () => {}, keys = () => false, next = "ArrowDown", back = "ArrowUp" }) {
  box.addEventListener("keydown", event => {
    const item = event.target;
    if (!item.matches?.(selector) || event.ctrlKey || event.metaKey) return;
    if (keys(event, item)) return taken(event);
    if (event.altKey) return;
    const group = all(box, selector).filter(other => !other.hidden), at = group.indexOf(item);
    const to = { [next]: at + 1, [back]: at - 1, Home: 0, End: group.length - 1 }[event.key];
    if (to !== undefined) {
      taken(event);
      if (group[to]) { stop(box, selector, group[to]); move(group[to]); }
    } else if (event.key === "Enter" || event.key === " ") { taken(event); enter(item); }
  });
}

/** The first of `items` after `from` whose words begin with what is typed quickly. */
let typed = "", typedAt = 0;
function find(items, from, key, words) {
  if (key.length !== 1 || !/[\p{L}\p{N}]/u.test(key)) return null;
  typed = Date.now() - typedAt < 700 ? typed + key.toLowerCase() : key.toLowerCase();
  typedAt = Date.now();
  const at = items.indexOf(from) + (typed.length > 1 ? 0 : 1);
  return [...items.slice(at), ...items.slice(0, at)].find(item => words(item).some(word => word.toLowerCase().startsWith(typed)));
}

/** The runs of a message's text. `light(name, start, end)` gives a class to every run inside, and takes it from all others. */
function runs(pane) {
  const list = all(pane, "[data-s]").map(run => ({ run, start: +run.dataset.s, end: +run.dataset.e })), lit = {};
  return {
    light(name, start = -1, end = -1) {
      for (const run of lit[name] ?? []) run.classList.remove(name);
      let low = 0, high = list.length;
      while (low < high) { const mid = (low + high) >> 1; list[mid].start < start ? low = mid + 1 : high = mid; }
      lit[name] = [];
      for (; low < list.length && list[low].start <= end && start >= 0; low++) if (list[low].end <= end) lit[name].push(list[low].run);
      for (const run of lit[name]) run.classList.add(name);
      return lit[name];
    },
  };
}

/** Copies what is true, not what is drawn: the selected characters of `text`, with its own line ends. */
function copyTrue(pane, text) {
  const place = (run, node, offset) => {   // characters, as Python counts them
    const range = document.createRange();
    range.setStart(run, 0); range.setEnd(node, offset);
    return Math.min(+run.dataset.s + [...range.toString()].length, +run.dataset.e);
  };
  pane.addEventListener("copy", event => {
    const range = getSelection().rangeCount ? getSelection().getRangeAt(0) : null;
    const runs = range && !range.collapsed ? all(pane, "[data-s]").filter(run => range.intersectsNode(run)) : [];
    if (!runs.length) return;
    const [from, to] = [runs[0], runs.at(-1)];
    const first = from.contains(range.startContainer) ? place(from, range.startContainer, range.startOffset) : +from.dataset.s;
    const last = to.contains(range.endContainer) ? place(to, range.endContainer, range.endOffset) : +to.dataset.e;
    event.clipboardData.setData("text/plain", [...text].slice(first, last).join(""));
    taken(event);
  });
}

/** The copy button: puts the text on the clipboard and says so. */
function copyButton(button, text) {
  button?.addEventListener("click", async () => {
    await navigator.clipboard?.writeText(text());
    button.setAttribute("aria-label", "Copied");
    one(button, ".kit-i").className = "kit-i ok";
    setTimeout(() => { button.setAttribute("aria-label", "Copy the message"); one(button, ".kit-i").className = "kit-i copy"; }, 1500);
  });
}

/** A treegrid. `load(row)` fetches the rows of a branch that are not there yet. */
function tree(grid, { load = async () => {}, hover = () => {}, fix = () => {} } = {}) {
  const rows = '[role="row"]:not(.th)', level = row => +row.getAttribute("aria-level"), isOpen = row => row.getAttribute("aria-expanded");
  const below = row => {
    const found = [];
    for (let next = row.nextElementSibling; next && level(next) > level(row); next = next.nextElementSibling) found.push(next);
    return found;
  };
  const parent = row => {
    let above = row.previousElementSibling;
    while (above && !(level(above) < level(row))) above = above.previousElementSibling;
    return above?.matches(rows) ? above : null;
  };
  async function open(row, yes = true) {
    if (isOpen(row) === null || isOpen(row) === String(yes)) return;
    if (yes && !below(row).length) await load(row);
    row.setAttribute("aria-expanded", yes);
    one(row, ".kit-i").className = `kit-i ${yes ? "open" : "shut"}`;
    let shut = Infinity;
    for (const inner of below(row)) {
      if (level(inner) <= shut) shut = Infinity;
      inner.hidden = !yes || shut < Infinity;
      if (shut === Infinity && isOpen(inner) === "false") shut = level(inner);
    }
  }
  const go = row => { stop(grid, rows, row); hover(row); };
  rove(grid, rows, {
    move: hover, enter: fix,
    keys: (event, row) => {
      if (event.altKey || event.shiftKey) return false;
      if (event.key === "ArrowRight") { isOpen(row) === "false" ? open(row) : isOpen(row) && below(row)[0] && go(below(row)[0]); return true; }
      if (event.key === "ArrowLeft") { isOpen(row) === "true" ? open(row, false) : parent(row) && go(parent(row)); return true; }
      const found = find(all(grid, rows).filter(r => !r.hidden), row, event.key, r => [one(r, ".p").textContent, one(r, ".t").textContent]);
      if (found) go(found);
      return Boolean(found);
    },
  });
  on(grid, "click", rows, (row, event) => {
    stop(grid, rows, row);
    if (event.target.matches(".kit-i")) open(row, isOpen(row) !== "true"); else fix(row);
  });
  on(grid, "dblclick", rows, row => open(row, isOpen(row) !== "true"));
  on(grid, "mouseover", rows, row => hover(row));
  grid.addEventListener("mouseleave", () => hover(null));
  grid.addEventListener("focusout", event => { if (!grid.contains(event.relatedTarget)) hover(null); });
  return { open, stop: row => stop(grid, rows, row, false), row: index => one(grid, `[data-i="${index}"]`) };
}

/** Tabs over panels that name themselves in `data-panel`. */
function tabs(root, chosen, choose) {
  const show = name => {
    for (const tab of all(root, '[role="tab"]')) { tab.setAttribute("aria-selected", tab.dataset.tab === name); tab.tabIndex = tab.dataset.tab === name ? 0 : -1; }
    for (const panel of all(root, "[data-panel]")) panel.hidden = panel.dataset.panel !== name;
    choose(name);
  };
  on(root, "click", '[role="tab"]', tab => show(tab.dataset.tab));
  rove(root, '[role="tab"]', { next: "ArrowRight", back: "ArrowLeft", move: tab => show(tab.dataset.tab), enter: tab => show(tab.dataset.tab) });
  show(chosen);
  return show;
}

/** Lists of findings: one treegrid per severity. `go(row)` shows the place, `fix(row)` applies the repair, Enter goes on to `enter(row)`. What is folded stays as it was. */
const unfolded = new WeakMap();
function findings(root, { go, fix = () => {}, enter = () => {} }) {
  const row = '[role="row"]', open = unfolded.get(root) ?? unfolded.set(root, new Set()).get(root);
  const fold = (item, yes) => {   // Right shows what is like it, Left hides that again; from one of those, Left goes back
    const head = item.dataset.under ? one(item.parentElement, `[data-f="${item.dataset.under}"]`) : item, button = one(head, "[data-fold]");
    if (!button) return;
    const under = all(head.parentElement, `[data-under="${head.dataset.f}"]`);
    for (const other of under) other.hidden = !yes;
    head.setAttribute("aria-expanded", yes);
    one(button, ".kit-i").className = `kit-i ${yes ? "open" : "shut"}`;
    yes ? open.add(button.dataset.fold) : open.delete(button.dataset.fold);
    if (under.includes(item)) { stop(head.parentElement, row, head); choose(head); }
  };
  const choose = item => {
    for (const other of all(root, row)) other.setAttribute("aria-selected", other === item);
    go(item);
  };
  for (const box of all(root, '[role="treegrid"]')) {
    for (const link of all(box, "a")) link.tabIndex = -1;
    stop(box, row, one(box, row), false);
    rove(box, row, {
      enter: item => { choose(item); enter(item); }, move: choose,
      keys: (event, item) => {
        const key = event.altKey ? "" : event.key.toLowerCase();
        if (key === "f" && one(item, "[data-fix]")) fix(item);
        if (key === "arrowright" || key === "arrowleft") fold(item, key === "arrowright");
        return ["f", "arrowright", "arrowleft"].includes(key);
      },
    });
    on(box, "click", row, (item, event) => {
      const button = event.target.closest("[data-fold]");
      stop(box, row, item, Boolean(button));
      if (button) return fold(item, !open.has(button.dataset.fold));
      event.target.closest("[data-fix]") ? fix(item) : choose(item);
    });
    for (const button of all(box, "[data-fold]")) if (open.has(button.dataset.fold)) fold(button.closest(row), true);
  }
  /** The finding `step` places further, over all lists. */
  return step => {
    const list = all(root, row).filter(item => !item.hidden), at = list.findIndex(item => item.getAttribute("aria-selected") === "true");
    const item = list[(at + step + (at < 0 && step < 0 ? 1 : 0) + list.length) % list.length];
    if (item) { stop(item.parentElement, row, item); choose(item); }
  };
}
