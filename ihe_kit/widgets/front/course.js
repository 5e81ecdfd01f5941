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
  if (now.hasAttribute("data-own")) return;                      // what the page itself says there
  if (!now.hasAttribute("data-mine")) attributes(now, next);     // what is lifted, and where the tab stop is, the page knows
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

/** A puzzle: its pieces move by dragging, by their arrows and by keyboard. `moved(list)` is told of each move when it is done. */
function puzzle(host, moved) {
  const piece = '[data-order] > [role="option"]';
  let held = null, from = null;   // the piece in hand, and what stood behind it before
  const list = item => item.closest("[data-order]"), place = item => [...list(item).children].filter(li => li.getAttribute("role") === "option" && !below(li));
  const below = item => { for (let li = item.previousElementSibling; li; li = li.previousElementSibling) if (li.classList.contains("out")) return true; return false; };
  const say = (item, words) => { const region = one(item.closest("form"), "[data-own]"); if (region) region.textContent = words; };
  const where = item => below(item) ? "left out" : `position ${place(item).indexOf(item) + 1} of ${place(item).length}`;

  function settle(item, sayIt = true) {   // names and labels follow the order
    for (const li of all(list(item), '[role="option"]')) {
      li.setAttribute("aria-label", `${li.dataset.say}, ${where(li)}`);
      const field = one(li, "input");
      below(li) ? field.removeAttribute("name") : field.setAttribute("name", field.value);
    }
    if (sayIt) say(item, `${item.dataset.say}, ${where(item)}`);
  }
  function step(item, by) {
    const next = by < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!next) return false;
    by < 0 ? next.before(item) : next.after(item);
    settle(item);
    return true;
  }
  function lift(item) {
    held = item; from = item.nextElementSibling;
    item.classList.add("held"); item.setAttribute("aria-selected", "true");
    say(item, `${item.dataset.say} lifted, ${where(item)}`);
  }
  function drop(item, back = false) {
    if (back) { from ? from.before(item) : list(item).append(item); settle(item, false); }
    item.classList.remove("held"); item.setAttribute("aria-selected", "false");
    held = null;
    say(item, `${item.dataset.say} ${back ? "put back" : "dropped"}, ${where(item)}`);
    if (!back) moved(list(item));
  }
  const focus = item => stop(list(item), '[role="option"]', item);

  host.addEventListener("keydown", event => {
    const item = event.target.closest?.(piece);
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === " ") { taken(event); held ? drop(held) : lift(item); focus(item); }
    else if (event.key === "Escape" && held) { const back = held; taken(event); drop(back, true); focus(back); }
    else if (by && held) { taken(event); step(held, by); focus(held); }
    else if (by || event.key === "Home" || event.key === "End") {
      const group = all(list(item), '[role="option"]'), at = group.indexOf(item);
      const to = group[{ Home: 0, End: group.length - 1 }[event.key] ?? at + by];
      taken(event);
      if (to) focus(to);
    }
  });
  host.addEventListener("focusout", event => {   // who goes away with a piece in hand drops it
    if (held && !dragged && event.relatedTarget && !list(held).contains(event.relatedTarget)) drop(held);
  });

  let dragged = false;
  host.addEventListener("pointerdown", event => {
    const item = event.target.closest?.(piece), arrow = event.target.closest?.("[data-step]");
    if (!item || event.button) return;
    event.preventDefault();
    if (held && held !== item) drop(held);
    focus(item);
    if (arrow) { if (step(item, +arrow.dataset.step)) moved(list(item)); return; }
    if (!held) lift(item);
    dragged = true;
    item.setPointerCapture(event.pointerId);
  });
  host.addEventListener("pointermove", event => {
    if (!dragged || !held) return;
    const over = [...list(held).children].find(li => { const box = li.getBoundingClientRect(); return event.clientY >= box.top && event.clientY <= box.bottom; });
    if (!over || over === held) return;
    const box = over.getBoundingClientRect(), down = held.compareDocumentPosition(over) & Node.DOCUMENT_POSITION_FOLLOWING;
    if (down ? event.clientY > box.top + box.height / 2 : event.clientY < box.top + box.height / 2) { down ? over.after(held) : over.before(held); settle(held); }
  });
  const end = event => { if (dragged) { dragged = false; if (held) drop(held, event.type === "pointercancel"); } };
  host.addEventListener("pointerup", end);
  host.addEventListener("pointercancel", end);
  return () => held;
}

/** Makes every text box of a form as high as what stands in it: a message whose last line is hidden has lost it for the reader. */
function fit(host) {
  for (const box of all(host, "textarea")) {
    if (!box.clientWidth) continue;   // not on the page yet
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
  }
}

function render({ model, el }) {
  const host = document.createElement("div");
  host.innerHTML = model.get("html");
  el.append(host);
  let wide = 0;
  const sized = new ResizeObserver(() => { if (host.clientWidth !== wide) { wide = host.clientWidth; fit(host); } });
  sized.observe(host);
  let asked = false, at = host.querySelector("[data-focus]")?.dataset.focus, telling = 0;
  const inHand = puzzle(host, list => {   // tell the kernel when the reader rests, or it would put back what moved meanwhile
    clearTimeout(telling);
    telling = setTimeout(() => { telling = 0; say("move", list.closest("form")); }, 200);
    forget();
  });

  function say(what, form) {
    asked = true;
    clearTimeout(telling); telling = 0;
    ask(model, what, { values: form ? values(form) : [] }).then(update);
  }
  function update() {
    if (telling || inHand()) return;
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
    fit(host);
  }

  host.addEventListener("submit", event => {
    event.preventDefault();
    const form = event.target.closest("[data-do]");
    if (form) say(form.dataset.do, form);
  });
  host.addEventListener("click", event => {
    const button = event.target.closest("button[data-do]"), again = event.target.closest("button[data-again]");
    if (button) say(button.dataset.do, button.form);
    if (again) {
      for (const field of all(again.form, "[data-given]")) field.value = field.dataset.given;
      one(again.form, "[data-given]").focus();
      forget();
      fit(host);
    }
  });
  host.addEventListener("change", event => {
    const field = event.target.closest("select[data-do]");
    if (field) ask(model, field.dataset.do, { values: [field.value] });
  });
  host.addEventListener("keydown", event => {   // the lesson teaches Shift+Enter: in an answer it checks, and does not run the cell anew
    const field = event.target.closest("form[data-do] :is(input:not([type=radio]), select, textarea)");
    if (field && event.shiftKey && event.key === "Enter") { taken(event); field.form.requestSubmit(); }
  });
  function forget() {   // what was said belongs to the answer before
    for (const said of all(host, "[data-verdict], .kit-order .kit-i:is(.ok, .warning)")) said.matches("[data-verdict]") ? said.replaceChildren() : said.remove();
    for (const field of all(host, "[aria-invalid]")) field.removeAttribute("aria-invalid");
  }
  host.addEventListener("input", event => {
    if (event.target.closest("form[data-do]") && (event.target.type !== "radio" || event.target.closest(".kit-blanks"))) forget();
    if (event.target.matches("textarea")) fit(host);
  });
  awake(model, host.firstElementChild ?? host); keepKeys(host);
  model.on("change:html", update);
  return () => { sized.disconnect(); model.off("change:html", update); };
}

export default { render };
