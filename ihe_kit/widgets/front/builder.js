// builder.js: a form whose every change goes to the kernel; message, findings and card come back. Needs kit.js before it.
function render({ model, el }) {
  el.innerHTML = model.get("html");
  const root = one(el, ".kit"), form = one(el, "[data-form]"), preview = one(el, "[data-preview]"), lists = one(el, "[data-lists]"), card = one(el, "[data-card]");
  const controls = "[data-path]", plain = '[data-path]:not([role="combobox"])', waiting = new Map(), wishes = new Map();
  let drawn = null, values = {}, text = runs(preview), here = "", asked = 0;
  awake(model, root); keepKeys(root);

  const control = path => one(form, `[data-path="${CSS.escape(path)}"]`);
  const field = path => one(form, `[data-field="${CSS.escape(path)}"]`);

  const popup = comboboxes(root, form, root.dataset.key, {
    load: name => ask(model, "codes", { name }),
    take: (input, code, says = "") => {
      wishes.set(input.dataset.path, says);
      code === null ? mark() : ask(model, "put", { path: input.dataset.path, value: code });
    },
  });

  function draw() {   // a form of another shape only: else it stays as it is, and the focus in it
    if (model.get("form") === drawn) return;
    drawn = model.get("form");
    const open = new Set(all(form, "details[open]").map(details => details.dataset.more)), top = form.scrollTop;
    const active = document.activeElement, had = form.contains(active) && active.dataset.path;
    const typing = new Map([...waiting.keys()].map(path => [path, control(path)?.value])), caret = had && [active.selectionStart, active.selectionEnd];
    if (had) typing.set(had, active.value);
    popup.close();
    form.innerHTML = drawn;
    for (const details of all(form, "details")) details.open = open.has(details.dataset.more);
    for (const [path, value] of typing) if (control(path) && value !== undefined) control(path).value = value;
    form.scrollTop = top;
    if (!had || !control(had)) return;
    control(had).focus({ preventScroll: true }); control(had).setSelectionRange(...caret);
  }

  function fill() {   // what stands in the message, but for what is being typed
    for (const input of all(form, controls)) {
      const value = values[input.dataset.path];
      if (value !== undefined && input !== document.activeElement && !waiting.has(input.dataset.path) && input.value !== value) input.value = value;
    }
  }

  function mark() {   // what is wrong, under its field
    const { wrong } = model.get("report");
    for (const box of all(form, "[data-field]")) {
      const inputs = all(box, controls), wish = inputs.map(input => wishes.get(input.dataset.path)).find(Boolean);
      const says = wish ?? wrong[box.dataset.field] ?? "", line = one(box, "[data-wrong]");
      if (line.textContent !== says) line.textContent = says;
      for (const input of inputs) says ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
    }
  }

  function report() {
    const { title, preview: shown, summary, lists: found, answer, paths, asked: news, send, view } = model.get("report");
    values = model.get("report").values;
    draw(); fill(); mark();
    if (news) one(el, "[data-asked]").textContent = news;
    one(el, "[data-title]").innerHTML = title;
    preview.innerHTML = shown; text = runs(preview); copyTrue(preview, model.get("report").text);
    one(el, "[data-summary]").innerHTML = summary;
    one(el, "[data-answer]").innerHTML = answer;
    const button = one(el, "[data-send]"), written = one(el, "[data-view]");
    if (button) button.textContent = send;
    if (written) { written.value = view; preview.dataset.written = view; }
    lists.innerHTML = found;
    findings(lists, { go: item => go(paths[+item.dataset.f], +item.dataset.s, +item.dataset.e) });
    if (here) light(here);
  }

  async function light(path) {
    const mine = ++asked, { start, end, html } = await ask(model, "card", { path });
    if (mine !== asked) return;
    card.innerHTML = html;
    const run = text.light("kit-lit", start, end)[0];
    if (run) reveal(one(preview, ".kit-raw"), run);
  }

  async function go(path, start, end) {
    const shut = one(form, `[data-sheet="${CSS.escape(path.split("-")[0])}"]`);
    if (shut) await ask(model, "open", { path: shut.dataset.sheet });
    const box = field(path);
    for (const other of all(form, ".is-lit")) other.classList.remove("is-lit");
    const run = text.light("kit-lit", start, end)[0];
    if (run) reveal(one(preview, ".kit-raw"), run);
    if (!box) return;
    const folded = box.closest("details");
    if (folded) folded.open = true;
    box.classList.add("is-lit");
    box.scrollIntoView({ block: "nearest" });
  }

  function put(input) {
    clearTimeout(waiting.get(input.dataset.path)); waiting.delete(input.dataset.path);
    return ask(model, "put", { path: input.dataset.path, value: input.value });
  }
  on(form, "input", plain, input => {
    clearTimeout(waiting.get(input.dataset.path));
    waiting.set(input.dataset.path, setTimeout(() => put(input), 200));
  });
  on(form, "input", '[role="combobox"]', input => wishes.delete(input.dataset.path));
  form.addEventListener("toggle", event => {   // the fields of a segment that was shut come when it is opened
    const path = event.target.open && event.target.dataset.sheet;
    if (path) ask(model, "open", { path }).then(() => first(path)?.focus({ preventScroll: true }));
  }, true);
  on(form, "change", plain, input => { if (waiting.has(input.dataset.path)) put(input); });
  const settled = () => Promise.all([...waiting.keys()].map(path => control(path) && put(control(path))));
  on(form, "focusin", controls, input => {
    here = input.dataset.path;
    for (const other of all(form, ".is-lit")) other.classList.remove("is-lit");
    input.closest("[data-field]").classList.add("is-lit");
    light(here);
  });
  form.addEventListener("submit", taken);
  form.addEventListener("keydown", event => { if (event.key === "Enter" && event.target.matches("input")) taken(event); });

  const first = path => all(form, controls).find(input => input.dataset.path.startsWith(`${path}/`));
  const rowOf = (path, number) => one(field(path), `li:nth-of-type(${number}) ${controls}`);
  on(form, "click", "[data-add]", async button => {
    const path = button.dataset.add;
    await settled(); await ask(model, "add", { path });
    all(field(path), "li").at(-1)?.querySelector(controls)?.focus();
  });
  on(form, "click", "[data-remove]", async button => {
    const [, path, number] = button.dataset.remove.match(/^(.*)\[(\d+)\]$/);
    await settled(); await ask(model, "remove", { path: button.dataset.remove });
    const left = all(field(path), "li").length;
    rowOf(path, Math.min(+number, left))?.focus();
  });
  on(form, "click", "[data-drop]", async button => { here = ""; await settled(); await ask(model, "drop", { path: button.dataset.drop }); one(el, "[data-segment]").focus(); });
  async function add(name) {
    await settled();
    const place = await ask(model, "segment", { name }), asked = place && field(place);
    if (asked) { one(asked, controls)?.focus(); return; }
    all(form, "fieldset").filter(box => one(box, "legend code").textContent.startsWith(name)).at(-1)?.querySelector(controls)?.focus();
  }
  one(el, "[data-segment]").addEventListener("change", event => { const name = event.target.value; event.target.value = ""; if (name) add(name); });
  on(form, "click", "[data-part]", button => add(button.dataset.part));
  one(el, "[data-view]")?.addEventListener("change", async event => { await settled(); await ask(model, "view", { name: event.target.value }); });
  one(el, "[data-event]")?.addEventListener("change", async event => { here = ""; wishes.clear(); await settled(); await ask(model, "event", { name: event.target.value }); });
  one(el, "[data-send]")?.addEventListener("click", async event => { event.target.disabled = true; await settled(); await ask(model, "send"); event.target.disabled = false; });
  copyButton(one(el, "[data-copy]"), () => model.get("report").text);

  const more = () => { one(el, "[data-segment]").innerHTML = model.get("segments"); };
  model.on("change:report", report); model.on("change:segments", more);
  more(); report();
  return () => { popup.off(); model.off("change:report", report); model.off("change:segments", more); };
}
export default { render };
