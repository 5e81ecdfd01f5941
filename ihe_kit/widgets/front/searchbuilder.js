// searchbuilder.js: a form and a URL that follow each other; every change goes to the kernel. Needs kit.js and combobox.js before it.
function render({ model, el }) {
  el.innerHTML = model.get("html");
  const root = one(el, ".kit"), form = one(el, "[data-form]"), line = one(el, "[data-line]"), urls = one(el, "[data-url]"), card = one(el, "[data-card]");
  const words = one(el, "[data-sentence]"), found = one(el, "[data-found]"), PART = '[role="option"][data-part]';
  const controls = "[data-path]", plain = '[data-path]:not([role="combobox"])', waiting = new Map();
  let drawn = null, chosen = 0;
  awake(model, root); keepKeys(root);

  const control = path => one(form, `[data-path="${CSS.escape(path)}"]`);
  const row = number => one(form, `[data-row="${number}"]`);
  const popup = comboboxes(root, form, root.dataset.key, {
    load: name => ask(model, "codes", { name }),
    take: (input, code) => { if (code !== null) put(input, code); },
  });

  /** Draws the form; whoever is in it stays where they are. */
  function draw() {
    const { form: html, url, sentence } = model.get("view");
    if (html !== drawn) {
      drawn = html;
      const active = document.activeElement, had = form.contains(active) && active.dataset.path, typing = new Map(), top = form.scrollTop;
      for (const path of waiting.keys()) typing.set(path, control(path)?.value);
      if (had && active.matches("input")) typing.set(had, active.value);
      const caret = had && active.matches("input") && [active.selectionStart, active.selectionEnd];
      popup.close();
      form.innerHTML = html;
      for (const [path, value] of typing) if (control(path) && value !== undefined) control(path).value = value;
      form.scrollTop = top;
      if (had && control(had)) { control(had).focus({ preventScroll: true }); if (caret && control(had).matches("input")) control(had).setSelectionRange(...caret); }
    }
    const inside = urls.contains(document.activeElement);
    urls.innerHTML = url;
    if (words.innerHTML !== sentence) words.innerHTML = sentence;
    choose(Math.min(chosen, all(urls, PART).length - 1), inside);
    if (line !== document.activeElement) line.value = model.get("text");
  }

  /** Lights a part of the URL and its row, and shows its card; `fixed` makes it the one that stays. */
  function point(number, fixed = false) {
    for (const other of all(el, ".is-near, .is-lit")) other.classList.remove("is-near", "is-lit");
    const item = one(urls, `[data-n="${number}"]`), html = model.get("view").cards[number] ?? "";
    if (card.innerHTML !== html) card.innerHTML = html;
    item?.classList.add("is-near");
    row(item?.dataset.part)?.classList.add(fixed ? "is-lit" : "is-near");
  }
  function choose(number, focus = false) {
    chosen = Math.max(number, 0);
    for (const item of all(urls, PART)) item.setAttribute("aria-selected", +item.dataset.n === chosen);
    const item = one(urls, `[data-n="${chosen}"]`);
    if (item) stop(urls, PART, item, focus);
    point(chosen, true);
  }
  rove(urls, PART, { move: item => choose(+item.dataset.n), enter: item => { choose(+item.dataset.n); row(item.dataset.part)?.querySelector("input, select")?.focus(); } });
  on(urls, "click", PART, item => choose(+item.dataset.n, true));
  on(urls, "mouseover", PART, item => point(+item.dataset.n));
  urls.addEventListener("mouseleave", () => point(chosen, true));
  on(form, "mouseover", "[data-row]", box => { const item = one(urls, `[data-part="${box.dataset.row}"]`); if (item) point(+item.dataset.n); });
  form.addEventListener("mouseleave", () => point(chosen, true));
  on(form, "focusin", "[data-row]", box => { const item = one(urls, `[data-part="${box.dataset.row}"]`); if (item) choose(+item.dataset.n); });

  function put(input, value = input.value) {
    clearTimeout(waiting.get(input.dataset.path)); waiting.delete(input.dataset.path);
    return ask(model, "put", { path: input.dataset.path, value });
  }
  const settled = () => Promise.all([...waiting.keys()].map(path => control(path) && put(control(path))));
  on(form, "input", plain, input => {
    if (input.matches("select")) return;
    clearTimeout(waiting.get(input.dataset.path));
    waiting.set(input.dataset.path, setTimeout(() => put(input), 200));
  });
  on(form, "change", plain, input => { if (input.matches("select") || waiting.has(input.dataset.path)) put(input); });
  form.addEventListener("submit", taken);
  form.addEventListener("keydown", event => {   // Enter in a value asks at once
    if (event.key === "Enter" && event.target.matches("input") && !event.target.matches('[role="combobox"]')) { taken(event); run(); }
  });

  const first = number => row(number)?.querySelector("input, select")?.focus();
  on(form, "click", "[data-remove]", async button => {
    const number = +button.dataset.remove;
    await settled(); await ask(model, "remove", { number });
    row(Math.min(number, all(form, "[data-row]").length - 1)) ? first(Math.min(number, all(form, "[data-row]").length - 1)) : one(el, "[data-add]").focus();
  });
  on(form, "click", "[data-more]", async button => {
    const number = +button.dataset.more;
    await settled(); const place = await ask(model, "more", { number });
    all(form, `[data-path^="${number}.v${place}."]`).at(-1)?.focus();
  });
  on(form, "click", "[data-less]", async button => {
    const [number, value] = button.dataset.less.split(".").map(Number);
    await settled(); await ask(model, "less", { number, value });
    all(form, `[data-path^="${number}.v${Math.max(value - 1, 0)}."]`).at(-1)?.focus();
  });
  one(el, "[data-add]").addEventListener("click", async () => { await settled(); first(await ask(model, "add", { name: "" })); });
  one(el, "[data-shape]").addEventListener("change", async event => {
    const name = event.target.value; event.target.value = "";
    if (name) { await settled(); first(await ask(model, "add", { name })); }
  });

  let typing = 0;
  const read = () => { clearTimeout(typing); typing = 0; return ask(model, "read", { text: line.value }); };
  line.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(read, 250); });
  line.addEventListener("blur", async () => { if (typing) await read(); line.value = model.get("text"); });
  line.addEventListener("keydown", event => { if (event.key === "Enter") { taken(event); run(); } });

  async function run() {
    if (!one(el, "[data-run]")) return;
    if (typing) await read();
    await settled(); one(el, "[data-run]").disabled = true; await ask(model, "run"); one(el, "[data-run]").disabled = false;
  }
  one(el, "[data-run]")?.addEventListener("click", run);
  on(found, "click", "[data-next]", async () => { await ask(model, "next"); one(found, "[data-next]")?.focus(); });
  copyButton(one(el, "[data-copy]"), () => model.get("text"));

  const answer = () => { found.innerHTML = model.get("found"); };
  model.on("change:view", draw); model.on("change:found", answer);
  draw(); answer();
  return () => { popup.off(); model.off("change:view", draw); model.off("change:found", answer); };
}
export default { render };
