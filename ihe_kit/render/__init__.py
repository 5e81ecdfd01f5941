"""Messages, trees, cards, findings and sequence diagrams as HTML text, and as plain text for a terminal.

Only this room makes HTML. Every value that comes from a message is escaped here; control characters, and the invisible marks that turn the
reading direction, are shown by name. What a path means comes from `explain`, which the caller hands in; a path that nobody knows still shows.
"""

from ihe_kit.render.citations import cite
from ihe_kit.render.crossing import Crossing, crossings, facts, reason
from ihe_kit.render.diff import Comparison, Side, changes_html, tally_html, texts_html
from ihe_kit.render.findings import findings_html, findings_text, summary_html
from ihe_kit.render.marks import LABELS, SEVERITY, SHOWN, clip, count, h, icon, tag, value, visible
from ihe_kit.render.outline import Explain, Outline, title
from ihe_kit.render.sequence import frame_html, packet_html, sequence_html, sequence_text
from ihe_kit.render.text import mirror_html, text_html
from ihe_kit.render.tree import card_html, nested_html, rows_html, tree_html

__all__ = [
    "LABELS", "SEVERITY", "SHOWN", "Comparison", "Crossing", "Explain", "Outline", "Side", "card_html", "changes_html", "cite", "clip", "count",
    "crossings", "facts", "findings_html", "findings_text", "frame_html", "h", "icon", "mirror_html", "nested_html", "packet_html", "reason", "rows_html",
    "sequence_html", "sequence_text", "summary_html", "tag", "tally_html", "text_html", "texts_html", "title", "tree_html", "value", "visible",
]  # fmt: skip
