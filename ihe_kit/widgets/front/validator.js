// validator.js: a textarea over a mirror that carries the underlines; the kernel reads, checks, and remembers every step. Needs kit.js and mirror.js before it.
function render({ model, el }) {
  el.innerHTML = model.get("html");
  const root = one(el, ".kit"), area = one(el, "textarea"), mirror = one(el, ".kit-mirror"), off = one(el, "[data-off]"), lists = one(el, "[data-lists]");
  const against = one(el, "[data-against]"), everything = one(el, "[data-all]"), shelf = one(el, "[data-shelf]"), told = one(el, "[data-told]"), file = one(el, "[type=file]");
  const command = event => (event.ctrlKey || event.metaKey) && !event.altKey;
  let waiting = 0, asleep = 0, text = runs(mirror), next = () => {};

  const { fit, follow, same, nodeAt } = mirrored(area, mirror);
  const gone = (is = true) => { off.hidden = !is; };
  const patience = () => { clearTimeout(asleep); asleep = setTimeout(gone, 4000); };
  const tell = (words = "") => { told.hidden = !words; told.textContent = words; };

  function send() {   // what is in the textarea, now
    clearTimeout(waiting); waiting = 0;
    model.set({ draft: area.value, turn: model.get("turn") + 1 }); model.save_changes(); patience();
  }
  area.addEventListener("input", () => { tell(); follow(); fit(); clearTimeout(waiting); waiting = setTimeout(send, 250); });
  area.addEventListener("paste", event => {
    const size = event.clipboardData.getData("text/plain").length, most = +area.dataset.most;
    if (area.value.length + size <= most) return;
    taken(event);
    tell(`That is ${size.toLocaleString("en")} characters, and a page takes ${most.toLocaleString("en")}. On a terminal, ihe-kit validate FILE takes any size.`);
  });

  function draft() {   // a change that was not typed: the caret goes where it was made
    const old = area.value, now = model.get("draft");
    if (old === now) return;
    const [from, tail] = same(old, now);
    area.value = now;
    area.setSelectionRange(from, now.length - tail);
    follow(); fit();
  }

  function report() {
    const { turn, state, standard, tag, mirror: drawn, summary, lists: found, fixes, options, undo, redo } = model.get("report");
    clearTimeout(asleep); gone(false);
    if (turn !== model.get("turn") || waiting) return;   // the reader has typed on
    draft();
    mirror.innerHTML = drawn; text = runs(mirror); fit();
    for (const name of ["v2", "fhir", "openehr"]) one(el, ".kit-edit").classList.toggle(`kit-${name}`, name === standard);
    one(el, "[data-tag]").innerHTML = tag;
    one(el, "[data-empty]").hidden = state !== "empty"; one(el, "[data-strip]").hidden = state === "empty" && !undo && !redo;
    one(el, ".kit-sum").innerHTML = summary;
    everything.hidden = fixes < 2; everything.textContent = `Apply all ${fixes} safe fixes`;
    for (const [button, what, word] of [[one(el, '[data-undo=""]'), undo, "Undo"], [one(el, '[data-undo="redo"]'), redo, "Redo"]]) {
      button.setAttribute("aria-disabled", !what);
      button.setAttribute("aria-label", what ? `${word}: ${what}` : word); button.title = button.getAttribute("aria-label");
    }
    against.innerHTML = options;
    lists.innerHTML = found;
    next = findings(lists, { go, fix: item => repair({ number: +item.dataset.f }, item), enter: () => area.focus({ preventScroll: true }) });
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
  async function act(name, details, bytes) {   // what was typed goes first
    if (waiting) send();
    if (name !== "open") tell();
    patience();
    return ask(model, name, details, bytes);
  }
  async function repair(which, item) {   // then the finding that has come to the same place
    const at = item ? all(lists, ".kit-finding").indexOf(item) : 0;
    await act("fix", which);
    const left = all(lists, ".kit-finding").filter(other => !other.hidden), to = left[Math.min(at, left.length - 1)];
    to ? stop(to.parentElement, ".kit-finding", to) : area.focus();
  }
  async function step(back) {
    await act("undo", { back });
    reveal(one(el, ".kit-edit"), mirror.childNodes.length ? caret() : mirror);
  }
  function caret() {   // the line of the caret, which has no place of its own that could be asked for
    const [node, offset] = nodeAt(area.selectionStart), range = document.createRange();
    range.setStart(node, offset); range.collapse(true);
    return range.getClientRects().length ? range : node.parentElement;
  }

  everything.addEventListener("click", () => repair({}));
  on(el, "click", "[data-undo]", button => { if (button.getAttribute("aria-disabled") !== "true") step(button.dataset.undo === ""); });
  on(el, "click", "[data-place]", button => { go(button); area.focus({ preventScroll: true }); });
  on(el, "click", "[data-example]", async button => { await act("example", { mistakes: Boolean(button.dataset.example) }); area.focus(); });
  root.addEventListener("keydown", event => {
    const far = event.altKey && { ArrowDown: 1, ArrowUp: -1 }[event.key], key = event.key.toLowerCase();
    if (far) { taken(event); next(far); }
    if (command(event) && (key === "z" || key === "y") && off.hidden) { taken(event); step(key === "z" && !event.shiftKey); }
  }, true);
  area.addEventListener("beforeinput", event => {   // the browser's own Undo, from its menu
    if (/^history(Undo|Redo)$/.test(event.inputType) && off.hidden) { taken(event); step(event.inputType === "historyUndo"); }
  });
  for (const box of [area, against]) box.addEventListener("keydown", event => event.stopPropagation());
  on(shelf, "keydown", "select", (_, event) => event.stopPropagation());
  against.addEventListener("change", () => { model.set("transaction", against.value); model.save_changes(); patience(); });

  async function open(chosen) {
    const most = +file.dataset.most, size = chosen.size.toLocaleString("en");
    if (chosen.size > most) return tell(`${chosen.name} is too large for a page: ${size} bytes, and ${most.toLocaleString("en")} fit. On a terminal, ihe-kit validate FILE takes any size.`);
    tell(`Reading ${chosen.name} ...`);
    try { tell(await act("open", { name: chosen.name }, await chosen.arrayBuffer())); } catch { tell(`${chosen.name} cannot be read: expected a file.`); }
  }
  on(el, "click", "[data-choose]", () => file.click());
  file.addEventListener("change", () => { if (file.files[0]) open(file.files[0]); file.value = ""; });
  const over = yes => root.classList.toggle("is-over", yes), carries = event => event.dataTransfer?.types.includes("Files");
  root.addEventListener("dragover", event => { if (carries(event)) { taken(event); over(true); } });
  root.addEventListener("dragleave", event => { if (!root.contains(event.relatedTarget)) over(false); });
  root.addEventListener("drop", event => { if (carries(event)) { taken(event); over(false); if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]); } });
  on(shelf, "click", "[data-sort]", async () => { await act("sort"); one(shelf, "select")?.focus(); });
  on(shelf, "change", "[data-turn]", async select => { await act("turn", { number: +select.value }); one(shelf, "select")?.focus(); });
  const put = () => { shelf.innerHTML = model.get("shelf"); };

  const heard = { "change:report": report, "change:draft": () => { if (!waiting) draft(); }, "change:shelf": put, comm_live_update: gone };
  for (const [event, act] of Object.entries(heard)) model.on(event, act);
  put(); report();
  const size = new ResizeObserver(fit); size.observe(el);
  return () => { size.disconnect(); for (const [event, act] of Object.entries(heard)) model.off(event, act); };
}
export default { render };
