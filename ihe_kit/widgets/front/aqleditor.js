// aqleditor.js: a query over its mirror, a list of what may stand at the caret, fields for its parameters, and the rows. Needs kit.js and mirror.js before it.
function render({ model, el }) {
  el.innerHTML = model.get("html");
  const root = one(el, ".kit"), area = one(el, "textarea"), mirror = one(el, ".kit-mirror"), page = one(el, ".kit-edit"), id = root.dataset.key;
  const fields = one(el, "[data-fields]"), note = one(el, "[data-note]"), found = one(el, "[data-found]"), button = one(el, "[data-run]");
  const { fit, follow, same, nodeAt } = mirrored(area, mirror);
  let waiting = 0, running = false;
  awake(model, root); keepKeys(root);

  // The kernel counts characters, a textarea counts UTF-16 units
  const characters = units => [...area.value.slice(0, units)].length;
  const units = count => [...area.value].slice(0, count).join("").length;

  function send() {
    clearTimeout(waiting); waiting = 0;
    model.set({ text: area.value, turn: model.get("turn") + 1 }); model.save_changes();
  }
  function text() {   // from Python
    const now = model.get("text");
    if (waiting || area.value === now) return;
    const [from, tail] = same(area.value, now);
    area.value = now; area.setSelectionRange(now.length - tail, Math.max(now.length - tail, from));
    follow(); fit();
  }
  function report() {
    const { turn, mirror: drawn, summary, note: says, names, fields: inputs } = model.get("report");
    if (turn !== model.get("turn") || waiting) return;   // the reader has typed on
    text();
    mirror.innerHTML = drawn; fit();
    if (one(el, "[data-summary]").innerHTML !== summary) one(el, "[data-summary]").innerHTML = summary;
    note.innerHTML = says;
    if (fields.dataset.names !== names.join()) {
      const had = fields.contains(document.activeElement) && document.activeElement.dataset.name;
      fields.dataset.names = names.join(); fields.innerHTML = inputs;
      if (had) one(fields, `[data-name="${CSS.escape(had)}"]`)?.focus({ preventScroll: true });
    }
    values();
  }
  const values = () => { for (const input of all(fields, "[data-name]")) if (input !== document.activeElement) input.value = model.get("parameters")[input.dataset.name] ?? ""; };
  on(fields, "input", "[data-name]", input => { model.set("parameters", { ...model.get("parameters"), [input.dataset.name]: input.value }); model.save_changes(); });

  // What may stand at the caret

  const list = root.appendChild(document.createElement("div"));
  list.className = "kit-list kit-completions kit-openehr"; list.hidden = true;
  if (list.showPopover) list.popover = "manual";
  let offers = [], at = -1, asked = 0, late = 0;
  const isOpen = () => !list.hidden;

  function close() {
    clearTimeout(late); asked++;
    if (!isOpen()) return;
    if (list.matches(":popover-open")) list.hidePopover();
    list.hidden = true; at = -1;
    area.removeAttribute("aria-activedescendant"); area.removeAttribute("aria-controls");
  }
  function place(start) {   // under the word that is being written
    const [node, offset] = nodeAt(start), range = document.createRange();
    if (node) { range.setStart(node, offset); range.collapse(true); }
    const box = (node && range.getClientRects()[0]) ?? area.getBoundingClientRect(), high = list.offsetHeight;
    const outer = page.getBoundingClientRect(), bottom = Math.min(Math.max(box.bottom ?? box.top + 20, outer.top), outer.bottom);
    Object.assign(list.style, { width: `${Math.min(620, innerWidth - 16)}px`, left: `${Math.max(8, Math.min(box.left, innerWidth - Math.min(620, innerWidth - 16) - 8))}px`,
      top: `${bottom + high + 8 > innerHeight && box.top > high ? box.top - high - 6 : bottom + 2}px` });
  }
  function option([words, kind, says], number) {
    const item = document.createElement("div"), name = document.createElement("code"), more = document.createElement("span");
    item.id = `${id}-o${number}`; item.setAttribute("role", "option"); item.dataset.n = number; item.setAttribute("aria-selected", "false");
    words.split(/(?<=\/)/).forEach(step => name.append(step, document.createElement("wbr"))); more.textContent = says || kind;
    item.append(name, more);
    return item;
  }
  async function offer(chosen) {   // `chosen`: the reader has asked, so the first one is marked
    const mine = ++asked, written = area.value;
    const answer = await ask(model, "complete", { text: written, at: characters(area.selectionEnd) });
    if (mine !== asked || written !== area.value || document.activeElement !== area) return;
    offers = answer;
    if (!offers.length) { close(); if (chosen) tell("Nothing can be offered here."); return; }
    const lines = document.createElement("div"), more = document.createElement("div"), shown = offers.slice(0, 50);
    lines.id = `${id}-list`; lines.setAttribute("role", "listbox"); lines.setAttribute("aria-label", "What may stand here");
    lines.append(...shown.map(option));
    more.className = "more";
    more.textContent = `${offers.length > 50 ? `the first 50 of ${offers.length}, ` : ""}Up and Down choose, ${chosen ? "Enter" : "Tab"} takes, Escape closes`;
    list.replaceChildren(lines, more);
    list.hidden = false; list.showPopover?.(); place(units(offers[0][3]));
    area.setAttribute("aria-controls", lines.id);
    tell(`${offers.length} may stand here, first ${offers[0][0]}`);
    move(chosen ? 0 : -1);
  }
  function move(to) {
    at = to;
    for (const item of all(list, '[role="option"]')) item.setAttribute("aria-selected", +item.dataset.n === at);
    const item = one(list, `[data-n="${at}"]`);
    item ? area.setAttribute("aria-activedescendant", item.id) : area.removeAttribute("aria-activedescendant");
    item?.scrollIntoView({ block: "nearest" });
  }
  function put(number) {   // as if it were typed, so that the browser can take it back
    const [words, , , start, end] = offers[number];
    const from = units(start), to = units(end);
    close(); area.focus(); area.setSelectionRange(from, to);
    putting = true;
    if (!document.execCommand("insertText", false, words)) { area.setRangeText(words, from, to, "end"); area.dispatchEvent(new Event("input")); }
    putting = false;
  }
  let putting = false;
  const told = root.appendChild(document.createElement("div"));
  told.className = "kit-sr"; told.setAttribute("aria-live", "polite");
  const tell = words => { told.textContent = words; };

  area.addEventListener("input", () => {
    follow(); fit(); clearTimeout(waiting); waiting = setTimeout(send, 250); clearTimeout(late);
    const before = area.value.slice(0, area.selectionEnd);
    if (!putting && (isOpen() || /[\w/[]$/.test(before)) && /[\w/[.]$/.test(before)) late = setTimeout(() => offer(false), 150); else close();
  });
  area.addEventListener("keydown", event => {
    const command = (event.ctrlKey || event.metaKey) && !event.altKey, step = { ArrowDown: 1, ArrowUp: -1 }[event.key], many = Math.min(offers.length, 50);
    if (command && event.key === "Enter") { taken(event); close(); run(); }
    else if (command && event.code === "Space") { taken(event); offer(true); }
    else if (isOpen() && step && !command) { taken(event); move(at < 0 ? (step > 0 ? 0 : many - 1) : (at + step + many) % many); }
    else if (isOpen() && event.key === "Tab" && !event.shiftKey) { taken(event); put(Math.max(at, 0)); }
    else if (isOpen() && event.key === "Enter" && at >= 0 && !command) { taken(event); put(at); }
    else if (isOpen() && event.key === "Escape") { taken(event); close(); }
    else if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) close();
    if ((!command && event.key !== "Escape") || (command && /^[zya]$/i.test(event.key))) event.stopPropagation();   // Undo is the browser's, and not the notebook's
  }, true);
  area.addEventListener("blur", close);
  area.addEventListener("mousedown", close);
  list.addEventListener("mousedown", event => event.preventDefault());   // the focus stays in the text
  on(list, "click", '[role="option"]', item => put(+item.dataset.n));
  const gone = event => { if (isOpen() && !(event.target instanceof Node && list.contains(event.target))) close(); };
  document.addEventListener("scroll", gone, true); addEventListener("resize", gone);

  async function run() {
    if (!button || running) return;
    if (waiting) send();
    running = button.disabled = true;
    await ask(model, "run");
    running = button.disabled = false;
  }
  button?.addEventListener("click", run);
  on(fields, "keydown", "[data-name]", (_, event) => { if (event.key === "Enter") { taken(event); run(); } });
  on(found, "click", "[data-next], [data-back]", async way => {
    const back = way.dataset.back !== undefined;
    await ask(model, "turn", { back });
    (one(found, `[${back ? "data-back" : "data-next"}]:not([disabled])`) ?? one(found, "[data-back], [data-next]"))?.focus();
  });
  on(note, "click", "[data-place]", way => { area.focus({ preventScroll: true }); area.setSelectionRange(units(+way.dataset.s), units(+way.dataset.e)); });
  copyButton(one(el, "[data-copy]"), () => area.value);

  const answer = () => { found.innerHTML = model.get("found"); };
  const heard = { "change:report": report, "change:text": text, "change:parameters": values, "change:found": answer };
  for (const [event, act] of Object.entries(heard)) model.on(event, act);
  area.value = model.get("text"); report(); answer();
  const size = new ResizeObserver(fit); size.observe(el);
  return () => {
    size.disconnect(); document.removeEventListener("scroll", gone, true); removeEventListener("resize", gone);
    for (const [event, act] of Object.entries(heard)) model.off(event, act);
  };
}
export default { render };
