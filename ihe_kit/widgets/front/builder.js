// builder.js: a form whose every change goes to the kernel; message, findings and card come back. Needs kit.js before it.
function render({ model, el }) {
  el.innerHTML = model.get("html");
  const root = one(el, ".kit"), form = one(el, "[data-form]"), preview = one(el, "[data-preview]"), lists = one(el, "[data-lists]"), card = one(el, "[data-card]");
  const controls = "[data-path]", waiting = new Map();
  let shape = null, text = runs(preview), here = "", asked = 0;
  awake(model, root); keepKeys(root);

  const control = path => one(form, `[data-path="${CSS.escape(path)}"]`);
  const field = path => one(form, `[data-field="${CSS.escape(path)}"]`);

  function draw() {   // a new shape only: else the form stays as it is, and the focus in it
    const report = model.get("report");
    if (report.shape === shape) return;
    const open = new Set(all(form, "details[open]").map(details => details.dataset.more)), had = form.contains(document.activeElement);
    const typing = new Map([...waiting.keys()].map(path => [path, control(path)?.value]));
    form.innerHTML = report.form;
    for (const details of all(form, "details")) details.open = open.has(details.dataset.more);
    for (const [path, value] of typing) if (control(path) && value !== undefined) control(path).value = value;
    shape = report.shape;
    if (had && here) control(here)?.focus({ preventScroll: true });
  }

  function report() {
    const { title, preview: drawn, summary, lists: found, wrong, answer, paths } = model.get("report");
    draw();
    one(el, "[data-title]").innerHTML = title;
    preview.innerHTML = drawn; text = runs(preview); copyTrue(preview, model.get("report").text);
    one(el, "[data-summary]").innerHTML = summary;
    one(el, "[data-answer]").innerHTML = answer;
    lists.innerHTML = found;
    findings(lists, { go: item => go(paths[+item.dataset.f], +item.dataset.s, +item.dataset.e) });
    for (const box of all(form, "[data-field]")) {
      const says = wrong[box.dataset.field] ?? "", line = one(box, "[data-wrong]");
      if (line.textContent !== says) line.textContent = says;
      for (const input of all(box, controls)) says ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
    }
    if (here) light(here);
  }

  async function light(path) {
    const mine = ++asked, { start, end, html } = await ask(model, "card", { path });
    if (mine !== asked) return;
    card.innerHTML = html;
    const run = text.light("kit-lit", start, end)[0];
    if (run) reveal(one(preview, ".kit-raw"), run);
  }

  function go(path, start, end) {
    const box = field(path);
    for (const other of all(form, ".is-lit")) other.classList.remove("is-lit");
    text.light("kit-lit", start, end);
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
  on(form, "input", controls, input => {
    clearTimeout(waiting.get(input.dataset.path));
    waiting.set(input.dataset.path, setTimeout(() => put(input), 200));
  });
  on(form, "change", controls, input => { if (waiting.has(input.dataset.path)) put(input); });
  const settled = () => Promise.all([...waiting.keys()].map(path => control(path) && put(control(path))));
  on(form, "focusin", controls, input => {
    here = input.dataset.path;
    for (const other of all(form, ".is-lit")) other.classList.remove("is-lit");
    input.closest("[data-field]").classList.add("is-lit");
    light(here);
  });
  form.addEventListener("submit", taken);
  form.addEventListener("keydown", event => { if (event.key === "Enter" && event.target.matches("input")) taken(event); });

  const rowOf = (path, number) => one(field(path), `li:not(.th):nth-of-type(${number + (one(field(path), "li.th") ? 1 : 0)}) ${controls}`);
  on(form, "click", "[data-add]", async button => {
    const path = button.dataset.add;
    await settled(); await ask(model, "add", { path });
    all(field(path), `li:not(.th)`).at(-1)?.querySelector(controls)?.focus();
  });
  on(form, "click", "[data-remove]", async button => {
    const [, path, number] = button.dataset.remove.match(/^(.*)\[(\d+)\]$/);
    await settled(); shape = null; await ask(model, "remove", { path: button.dataset.remove });
    const left = all(field(path), "li:not(.th)").length;
    rowOf(path, Math.min(+number, left))?.focus();
  });
  on(form, "click", "[data-drop]", async button => { here = ""; await settled(); await ask(model, "drop", { path: button.dataset.drop }); one(el, "[data-segment]").focus(); });
  one(el, "[data-segment]").addEventListener("change", async event => {
    const name = event.target.value; event.target.value = "";
    if (!name) return;
    await settled(); await ask(model, "segment", { name });
    all(form, "fieldset").filter(box => one(box, "legend code").textContent.startsWith(name)).at(-1)?.querySelector(controls)?.focus();
  });
  one(el, "[data-event]")?.addEventListener("change", async event => { here = ""; shape = null; await settled(); shape = null; await ask(model, "event", { name: event.target.value }); });
  one(el, "[data-send]")?.addEventListener("click", async event => { event.target.disabled = true; await settled(); await ask(model, "send"); event.target.disabled = false; });
  copyButton(one(el, "[data-copy]"), () => model.get("report").text);

  model.on("change:report", report);
  report();
  return () => model.off("change:report", report);
}
export default { render };
