// mirror.js: a textarea lies over a mirror with the same text, which carries the underlines. Needs kit.js before it.
function mirrored(area, mirror) {
  const fit = () => { area.style.height = "auto"; area.style.height = `${Math.max(area.scrollHeight, mirror.scrollHeight)}px`; };

  /** Until the kernel has looked, the mirror follows the typing: only what changed is changed in it. */
  function follow() {
    const old = mirror.textContent, now = `${area.value}\n`, [from, tail] = same(old, now);
    const [node, offset] = nodeAt(from), [last, end] = nodeAt(old.length - tail), range = document.createRange();
    if (!node) { mirror.textContent = now; return; }
    range.setStart(node, offset); range.setEnd(last, end);
    range.deleteContents();
    range.insertNode(document.createTextNode(now.slice(from, now.length - tail)));
  }
  function same(old, now) {   // how many characters are the same at the beginning, and at the end
    const most = Math.min(old.length, now.length);
    let from = 0, tail = 0;
    while (from < most && old[from] === now[from]) from++;
    while (tail < most - from && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
    return [from, tail];
  }
  function nodeAt(offset) {
    const walk = document.createTreeWalker(mirror, NodeFilter.SHOW_TEXT);
    let node = walk.nextNode(), before = null;
    for (; node; before = node, node = walk.nextNode()) { if (offset <= node.length) return [node, offset]; offset -= node.length; }
    return [before, before?.length ?? 0];
  }
  return { fit, follow, same, nodeAt };
}
