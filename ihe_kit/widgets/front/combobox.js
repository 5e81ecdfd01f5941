// combobox.js: values from a table, found by code or by meaning, in a list under the control. Needs kit.js before it.
// Down opens, typing filters, Enter takes, Escape closes. A text of one's own stays where the table is a site's; else the value before comes back.
const LISTED = 100;

/** How well a code suits what is typed: 0 the code itself, 1 the code begins so, 2 a word of the meaning, 3 somewhere inside; -1 not at all. */
function suits([code, meaning], typed) {
  const [c, m] = [code.toLowerCase(), meaning.toLowerCase()];
  if (c === typed || `${c}, ${m}` === typed) return 0;
  if (c.startsWith(typed)) return 1;
  return m.split(/[^\p{L}\p{N}]+/u).some(word => word.startsWith(typed)) || m.startsWith(typed) ? 2 : m.includes(typed) ? 3 : -1;
}
const matches = (codes, typed) => codes.map(code => [suits(code, typed), code]).filter(([rank]) => rank >= 0).sort((a, b) => a[0] - b[0]).map(([, code]) => code);

/** One list for all comboboxes of a `form`. `load(table)` gives { title, codes: [[code, meaning]], free }, and where it
 *  is not free its name inside a sentence (`named`) and why nothing else may stand there (`closed`); `take(input, code)` hears what was chosen. */
function comboboxes(root, form, id, { load, take }) {
  const list = root.appendChild(document.createElement("div")), box = '[role="combobox"]', tables = new Map();
  list.className = "kit-list"; list.id = `${id}-popup`; list.hidden = true;
  if (list.showPopover) list.popover = "manual";   // above everything, and not cut off by a pane that scrolls
  let input = null, shown = [], at = -1, before = "", opening = null;

  const table = name => { if (!tables.has(name)) tables.set(name, load(name)); return tables.get(name); };
  const tells = ([code, meaning]) => meaning && meaning.toLowerCase() !== code;   // `female, Female` tells nobody anything
  const words = (control, row) => (tells(row) && control.dataset.brief === undefined ? row.join(", ") : row[0]);
  const isOpen = () => input?.getAttribute("aria-expanded") === "true";

  function place() {
    const { left, top, bottom, width } = input.getBoundingClientRect(), height = list.offsetHeight;
    const wide = Math.max(width, Math.min(300, innerWidth - 16));
    Object.assign(list.style, { width: `${wide}px`, left: `${Math.max(8, Math.min(left, innerWidth - wide - 8))}px`,
      top: `${bottom + height + 6 > innerHeight && top > height ? top - height - 4 : bottom}px` });
  }
  function option([code, meaning], number, typed) {
    const item = document.createElement("div"), name = document.createElement("code"), says = document.createElement("span");
    item.id = `${id}-o${number}`; item.setAttribute("role", "option"); item.dataset.n = number;
    name.textContent = code; says.textContent = meaning;
    const found = typed ? meaning.toLowerCase().indexOf(typed) : -1;
    if (found >= 0) {
      const mark = document.createElement("mark");
      mark.textContent = meaning.slice(found, found + typed.length);
      says.replaceChildren(meaning.slice(0, found), mark, meaning.slice(found + typed.length));
    }
    item.append(name, says);
    return item;
  }
  async function open(typed = "") {
    const mine = input, { title, codes, free } = await table(mine.dataset.table);
    if (mine !== input) return;
    shown = (typed ? matches(codes, typed) : codes).slice(0, LISTED);
    const lines = document.createElement("div"), more = document.createElement("div"), many = typed ? matches(codes, typed).length : codes.length;
    lines.id = `${id}-list`; lines.setAttribute("role", "listbox"); lines.setAttribute("aria-label", title);
    lines.append(...shown.map((code, number) => option(code, number, typed)));
    more.className = "more"; more.setAttribute("aria-live", "polite");
    more.textContent = typed ? `${many} of the ${codes.length} values of ${title}${free ? "; Tab keeps what you typed" : ""}` : `${title}: ${codes.length} values`;
    if (many > shown.length) more.textContent += `; the first ${shown.length} are listed, type to find the others`;
    list.replaceChildren(lines, more);
    list.hidden = false; list.showPopover?.(); place();
    input.setAttribute("aria-expanded", "true");
    const here = typed ? 0 : Math.max(-1, shown.findIndex(code => words(input, code) === before));
    move(shown.length ? here : -1);
  }
  function close() {
    if (!input) return;
    input.setAttribute("aria-expanded", "false"); input.removeAttribute("aria-activedescendant");
    if (list.matches(":popover-open")) list.hidePopover();
    list.hidden = true; at = -1;
  }
  function move(to) {
    at = to;
    for (const item of all(list, '[role="option"]')) item.setAttribute("aria-selected", +item.dataset.n === at);
    const item = one(list, `[data-n="${at}"]`);
    item ? input.setAttribute("aria-activedescendant", item.id) : input.removeAttribute("aria-activedescendant");
    item?.scrollIntoView({ block: "nearest" });
  }
  function put(control, code, said) {
    control.value = said;
    if (control === input) { before = said; close(); }
    take(control, code);
  }
  async function settle(control, text, old) {   // the reader leaves, or presses Enter on a text that is none of the list
    if (text === old) return;
    const { codes, free, named, closed } = await table(control.dataset.table), typed = text.toLowerCase(), found = matches(codes, typed);
    const same = found.find(code => suits(code, typed) === 0) ?? (codes.filter(code => code[1].toLowerCase() === typed)[0]) ?? (!free && found.length === 1 ? found[0] : null);
    if (!text || text === '""' || (!same && free)) put(control, text, text);
    else if (same) put(control, same[0], words(control, same));
    else { control.value = old; take(control, null, `${text} is no value of ${named}. ${closed} The value before stays.`); }
  }

  on(form, "focusin", box, control => { input = control; before = control.value; control.select(); table(control.dataset.table); });
  form.addEventListener("focusout", event => {
    const control = event.target.closest?.(box);
    if (!control || control !== input) return;
    const text = control.value.trim(), old = before;
    close(); input = null;
    settle(control, text, old);
  });
  on(form, "input", box, control => { opening = open(control.value.trim().toLowerCase()); });
  on(form, "keydown", box, async (control, event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !isOpen()) { taken(event); open(); }
    else if (step) { taken(event); if (shown.length) move((at + step + shown.length + (at < 0 && step < 0 ? 1 : 0)) % shown.length); }
    else if (event.key === "Enter") {
      taken(event);
      await opening;   // the codes may still be on their way
      if (control !== input) return;
      if (isOpen() && at >= 0) put(control, shown[at][0], words(control, shown[at]));
      else { const old = before; close(); before = control.value; settle(control, control.value.trim(), old); }
    } else if (event.key === "Escape" && (isOpen() || control.value !== before)) { taken(event); close(); control.value = before; control.select(); }
  });
  on(form, "mousedown", ".kit-pop", (pop, event) => {   // the arrow opens and closes; so does the control that has the focus already
    const control = one(pop, box), inside = event.target === control;
    if (inside && document.activeElement !== control) return;
    if (!inside) { event.preventDefault(); control.focus(); }
    isOpen() ? close() : open();
  });
  list.addEventListener("mousedown", event => event.preventDefault());   // the focus stays in the control
  on(list, "click", '[role="option"]', item => { if (input) put(input, shown[+item.dataset.n][0], words(input, shown[+item.dataset.n])); });
  const follow = event => { if (isOpen() && event.target !== list && !(event.target instanceof Node && list.contains(event.target))) place(); };
  document.addEventListener("scroll", follow, true); addEventListener("resize", follow);
  return { close, off() { document.removeEventListener("scroll", follow, true); removeEventListener("resize", follow); } };
}
