"""The structure of a message as a tree, and beside it the card that explains the chosen element: the same for every standard."""

from __future__ import annotations

from ihe_kit.core import Message
from ihe_kit.render import Outline, card_html, h, tree_html
from ihe_kit.render.marks import bare
from ihe_kit.site.visit import Visit
from ihe_kit.verbs import demands, explain

MOST = 600  # rows of a tree


def structure_html(visit: Visit, message: Message) -> str:
    """The tree and the card. `at` is the number of the chosen element: a click chooses one, and where there is no JavaScript a form does."""
    outline = Outline(message, explain, demands(message), link=visit.target)
    number = len(outline.elements)
    if not 0 < number <= MOST:
        return f'<p class="kit-body kit-quiet">{number:,} elements are too many for a tree here: the text shows them.</p>'
    asked = visit.option("at", "0")
    at = int(asked) if asked.isdecimal() and len(asked) < 6 and int(asked) < number else 0
    card = f'<section class="kit-card" data-part="card" aria-label="Explanation" aria-live="polite">{card_html(outline, at, level=2)}</section>'
    return (
        f'<div class="pair"><div data-tree>{tree_html(outline, range(number), at)}</div><div>{_form(visit, outline, at)}{card}</div></div>'
    )


def _form(visit: Visit, outline: Outline, at: int) -> str:
    kept = "".join(f'<input type="hidden" name="{h(name)}" value="{h(text)}">' for name, text in visit.query if name != "at")
    options = "".join(
        f'<option value="{index}"{" selected" * (index == at)}>{h(bare(element.path))}</option>'
        for index, element in enumerate(outline.elements)
    )
    button = '<button class="kit-btn">Explain</button>'
    return f'<noscript><form class="which" action="{visit.link(visit.path)}">{kept}<select class="kit-btn" name="at" aria-label="Element">{options}</select>{button}</form></noscript>'
