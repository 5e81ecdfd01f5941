// Exercises, predictions, quizzes and the map. Python writes the HTML and decides; this only carries clicks to it and moves what changed.
// Nodes that stay the same stay in place, so focus, what is being typed and the live regions survive every answer.

function same(now, next) {
  return now.nodeType === next.nodeType && now.nodeName === next.nodeName && (now.nodeType !== 1 || now.getAttribute("data-key") === next.getAttribute("data-key"));
}

function follow(now, next) {
  if (now.nodeType !== 1) {
    if (now.data !== next.data) now.data = next.data;
    return;
  }
  attributes(now, next);
  children(now, next);
}

function attributes(now, next) {
  for (const { name } of [...now.attributes]) if (!next.hasAttribute(name) && name !== "open") now.removeAttribute(name); // what a reader opened stays open
  for (const { name, value } of next.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  if (now.type === "radio") now.checked = next.hasAttribute("checked");
}

function children(now, next) {
  const there = [...now.childNodes], wanted = [...next.childNodes];
  wanted.forEach((child, k) => {
    if (there[k] && same(there[k], child)) follow(there[k], child);
    else if (there[k]) there[k].replaceWith(child.cloneNode(true));
    else now.append(child.cloneNode(true));
  });
  there.slice(wanted.length).forEach(node => node.remove());
}

function values(form) {
  const named = new Map();
  for (const field of form.querySelectorAll("[name]")) {
    if (field.type !== "radio") named.set(field.name, field.value);
    else if (field.checked) named.set(field.name, field.value);
    else if (!named.has(field.name)) named.set(field.name, "");
  }
  return [...named.values()];
}

function render({ model, el }) {
  const host = document.createElement("div");
  host.innerHTML = model.get("html");
  el.append(host);
  let asked = false, at = host.querySelector("[data-focus]")?.dataset.focus;

  function say(what, form) {
    asked = true;
    ask(model, what, { values: form ? values(form) : [] }).then(update);
  }
  function update() {
    const next = document.createElement("div");
    next.innerHTML = model.get("html");
    const focused = host.contains(document.activeElement);
    const strip = one(host, ".kit-off");
    strip?.remove();   // ours, not Python's: out of the way while the two are compared
    children(host, next);
    if (strip) host.firstElementChild?.prepend(strip);
    const goal = host.querySelector("[data-focus]");
    if (asked && goal && goal.dataset.focus !== at) goal.focus();
    else if (focused && (!host.contains(document.activeElement) || document.activeElement.disabled)) host.querySelector("[data-after]")?.focus();
    at = goal?.dataset.focus;
  }

  host.addEventListener("submit", event => {
    event.preventDefault();
    const form = event.target.closest("[data-do]");
    if (form) say(form.dataset.do, form);
  });
  host.addEventListener("click", event => {
    const button = event.target.closest("button[data-do]");
    if (button) say(button.dataset.do, button.form);
  });
  host.addEventListener("change", event => {
    const field = event.target.closest("select[data-do]");
    if (field) ask(model, field.dataset.do, { values: [field.value] });
  });
  host.addEventListener("keydown", event => {   // the lesson teaches Shift+Enter: in an answer it checks, and does not run the cell anew
    const field = event.target.closest("form[data-do] input:not([type=radio]), form[data-do] select");
    if (field && event.shiftKey && event.key === "Enter") { taken(event); field.form.requestSubmit(); }
  });
  host.addEventListener("input", event => {   // what was said belongs to the answer before
    if (!event.target.closest("form[data-do]") || event.target.type === "radio") return;
    for (const said of all(host, "[data-verdict]")) said.replaceChildren();
    for (const field of all(host, "[aria-invalid]")) field.removeAttribute("aria-invalid");
  });
  awake(model, host.firstElementChild ?? host); keepKeys(host);
  model.on("change:html", update);
  return () => model.off("change:html", update);
}

export default { render };
