// page.js: what makes the page livelier. It works without: every link and every form is the server's. Needs kit.js before it.

/** Takes the parts that pages of the same address share (`data-part`) from another one, without leaving this one. */
async function turn(address, push = true) {
  let answer;
  try { answer = await fetch(address); } catch { return ended(); }
  if (!answer.ok) return location.assign(address);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const top = one(document, "[data-keep]")?.scrollTop ?? 0, held = document.activeElement?.closest?.("[data-k], nav.kit-tabs a");
  const again = held && (held.dataset.k ? `[data-k="${held.dataset.k}"]` : 'nav.kit-tabs a[aria-current="page"]');
  for (const part of all(document, "[data-part]")) {
    const now = one(fresh, `[data-part="${part.dataset.part}"]`);
    if (now && part.isConnected) part.replaceWith(now);
  }
  for (const nav of all(document, "nav.kit-tabs, nav.filter")) {   // outside of any part: their links keep what was chosen
    const now = one(fresh, `nav[aria-label="${nav.getAttribute("aria-label")}"]`);
    if (now && !nav.closest("[data-part]")) nav.replaceWith(now);
  }
  document.title = fresh.title;
  if (push) history.pushState(null, "", address);
  wake(top);
  if (again) one(document, again)?.focus({ preventScroll: true });
}

function ended() {
  const told = one(document, "[data-ended]") ?? document.createElement("div");
  told.className = "kit-off"; told.dataset.ended = ""; told.setAttribute("role", "alert");
  told.textContent = "The systems were stopped, so nothing new will come.";
  one(document, "main").prepend(told);
}

/** Gives what has just come into the page its keys. */
function wake(top = 0) {
  const drawing = one(document, "[data-keep]"), chosen = one(document, '.drawing [aria-current="true"]');
  if (drawing) {
    drawing.scrollTop = top;
    const rows = all(drawing, "[data-k]");
    for (const row of rows) row.tabIndex = row === (chosen ?? rows[0]) ? 0 : -1;
    rove(drawing, "[data-k]", { enter: row => row.click() });
    if (chosen) reveal(drawing, chosen, 60);
  }
  for (const grid of all(document, ".kit-tree")) {
    for (const link of all(grid, "a")) link.tabIndex = -1;
    tree(grid, { fix: explain });
  }
  fields();
}

/** Explains an element of the tree beside it. A link inside a row goes where it leads. */
async function explain(row) {
  const card = one(document, '[data-part="card"]');
  if (!card || !row.dataset.i) return;
  const here = new URL(location.href);
  here.searchParams.set("at", row.dataset.i);
  for (const other of all(document, '.kit-tree [aria-selected="true"]')) other.setAttribute("aria-selected", false);
  row.setAttribute("aria-selected", true);
  const answer = await fetch(here).catch(() => null);
  if (!answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = one(fresh, '[data-part="card"]');
  if (now) { card.replaceChildren(...now.childNodes); history.replaceState(null, "", here); }
}

/** The form of a search: the URL grows while one types, a parameter offers its own modifiers, and there is always one condition more. */
function fields() {
  const form = one(document, "[data-query]");
  if (!form) return;
  const url = one(form, "[data-url]"), list = one(form, ".conditions"), add = one(form, "[data-add]");
  const grow = () => {
    const pairs = all(list, "li").map(row => [one(row, '[name="p"]').value, one(row, '[name="m"]').value, one(row, '[name="v"]').value.trim()]);
    const asked = pairs.filter(([name, , text]) => name && text).map(([name, way, text]) => [way && !name.includes(":") ? `${name}:${way}` : name, text]);
    for (const name of ["_sort", "_count"]) if (form.elements[name].value) asked.push([name, form.elements[name].value]);
    const query = asked.map(pair => pair.map(text => encodeURIComponent(text).replace(/%(3A|2F|2C|24)/g, decodeURIComponent)).join("=")).join("&");
    one(url, "span").textContent = url.dataset.base + (query ? `?${query}` : "");
  };
  const fit = (row, keep) => {
    const chosen = one(row, '[name="p"]').selectedOptions[0], ways = one(row, '[name="m"]'), now = ways.value;
    if (chosen?.dataset.modifiers === undefined) return;
    const names = chosen.dataset.modifiers.split(" ");
    if (keep && now && !names.includes(now)) names.push(now);   // what was asked for stays, also where the server refused it
    ways.replaceChildren(ways.options[0], ...names.map(way => new Option(`:${way}`, way, false, way === now)));
    one(row, '[name="v"]').placeholder = chosen.dataset.looks;
  };
  list.addEventListener("change", event => { if (event.target.name === "p") fit(event.target.closest("li"), false); });
  form.addEventListener("input", grow);
  form.addEventListener("change", grow);
  add.hidden = false;
  add.addEventListener("click", () => {
    const row = list.lastElementChild.cloneNode(true), number = list.children.length + 1;
    for (const field of all(row, "select, input")) {
      field.value = "";
      field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+$/, number));
    }
    list.append(row);
    one(row, '[name="p"]').focus();
  });
  for (const row of list.children) fit(row, true);
  grow();
}

/** Follow: what crosses appears at once. It stops by itself when the reader scrolls up. */
function follow() {
  const label = one(document, "[data-follow]");
  if (!label) return;
  const check = one(label, "input");
  label.hidden = false;
  const low = box => box.scrollHeight - box.clientHeight - box.scrollTop < 40;
  let ours = false;
  const down = () => { const box = one(document, "[data-keep]"); if (box) { ours = true; box.scrollTop = box.scrollHeight; } };
  document.addEventListener("scroll", event => {
    if (!event.target.matches?.("[data-keep]")) return;
    if (!ours && !low(event.target)) check.checked = false;
    ours = false;
  }, true);
  check.addEventListener("change", () => { if (check.checked) down(); });
  const look = async () => {
    if (!check.checked || document.hidden) return;
    const answer = await fetch("exchanges/last").catch(() => null);
    if (!answer?.ok) { check.checked = false; return ended(); }
    if (await answer.text() !== one(document, '[data-part="split"]').dataset.last) { await turn(location.href, false); down(); }
  };
  setInterval(look, 1000);
  if (!new URLSearchParams(location.search).has("message")) down();
}

document.addEventListener("click", event => {
  const link = event.target.closest?.("a[data-turn]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button || link.pathname !== location.pathname) return;
  event.preventDefault();
  turn(link.href);
});
addEventListener("popstate", () => turn(location.href, false));
document.addEventListener("keydown", event => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  event.preventDefault();
  one(document, ".find input").focus();
});
wake();
follow();
