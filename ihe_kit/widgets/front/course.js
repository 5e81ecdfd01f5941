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
  for (const { name } of [...now.attributes]) if (!next.hasAttribute(name)) now.removeAttribute(name);
  for (const { name, value } of next.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  if (now.type === "radio") now.checked = next.hasAttribute("checked");
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
  host.dataset.lmSuppressShortcuts = "true"; // arrows move in the answers, not from cell to cell
  host.innerHTML = model.get("html");
  el.append(host);
  let asked = false, at = host.querySelector("[data-focus]")?.dataset.focus;

  function say(what, form) {
    asked = true;
    ask(model, what, { values: form ? values(form) : [] });
  }
  function update() {
    const next = document.createElement("div");
    next.innerHTML = model.get("html");
    const focused = host.contains(document.activeElement);
    follow(host, next);
    const goal = host.querySelector("[data-focus]");
    if (asked && goal && goal.dataset.focus !== at) goal.focus();
    else if (focused && !host.contains(document.activeElement)) host.querySelector("[data-after]")?.focus(); // the button pressed is gone
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
  model.on("change:html", update);
  return () => model.off("change:html", update);
}

export default { render };
