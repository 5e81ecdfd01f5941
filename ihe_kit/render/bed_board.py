"""The bed board: wards, rooms and beds, who lies where, since when, who is away and who is expected; and the movements of one stay.

It draws rows of texts, as `Sandbox.tables["beds"]` and `["movements"]` have them, so it knows neither the store nor an actor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from ihe_kit.render.marks import bare, count, h, icon, value, visible

Row = Mapping[str, str]


def keys(beds: Sequence[Row]) -> list[str]:
    """A name for each row that stays the same while the board changes: the bed, and the stay in it."""
    return [
        " ".join(filter(None, (row["ward"], row["room"], row["bed"], row["stay"], "expected" if row["state"] == "expected" else "")))
        for row in beds
    ]


def board_facts(beds: Sequence[Row]) -> str:
    """`3 in the house · 1 on leave · 11 places free`. A place, a bed or a room without one, for which somebody is expected is still free."""
    inside = sum(row["state"] in ("inpatient", "outpatient") for row in beds)
    leave = sum(row["state"] == "on leave" for row in beds)
    free = {_place(row) for row in beds if row["ward"]} - {_place(row) for row in beds if row["state"] not in ("", "expected")}
    return " · ".join(filter(None, (f"{inside} in the house", f"{leave} on leave" if leave else "", f"{count(len(free), 'place')} free")))


def _place(row: Row) -> tuple[str, str, str]:
    return row["ward"], row["room"], row["bed"]


def _taken(beds: Sequence[Row], row: Row) -> list[Row]:
    return [one for one in beds if _place(one) == _place(row) and one["stay"] and one["state"] != "expected" and row["ward"]]


def board_html(beds: Sequence[Row], selected: str = "", changed: Iterable[str] = (), static: bool = False) -> str:
    """The board: one group per ward, one option per bed. `selected` and `changed` are keys of rows; `static` for a page without a kernel."""
    names, fresh = keys(beds), set(changed)
    stop = selected if selected in names else names[0] if names else ""
    wards = []
    numbered = list(zip(names, beds, strict=True))
    for ward, found in groupby(numbered, key=lambda pair: pair[1]["ward"]):
        rows = list(found)
        title = rows[0][1]["ward name"] or ward or "No place told"
        cells = "".join(_bed(beds, row, key, selected, stop, key in fresh, static) for key, row in rows)
        part = f'class="kit-ward" role="group" aria-label="{h(title)}"' if not static else 'class="kit-ward"'
        inside = f"<ul>{cells}</ul>" if static else cells
        quiet = "" if static else ' aria-hidden="true"'  # the group has the name: a listbox holds nothing but options
        wards.append(
            f'<div {part}><h4 class="jp-toc-ignore"{quiet}><b>{value(ward)}</b> {value(title if title != ward else "")}</h4>{inside}</div>'
        )
    box = 'class="kit-beds"' + ("" if static else ' role="listbox" aria-label="Beds"')
    return f"<div {box}>{''.join(wards)}</div>"


def _bed(beds: Sequence[Row], row: Row, key: str, selected: str, stop: str, fresh: bool, static: bool) -> str:
    """One bed, or a second patient in it."""
    both = len(_taken(beds, row)) if row["state"] != "expected" else 0
    kind = {"on leave": "leave", "expected": "expected", "": "free"}.get(row["state"], "here")
    classes = f"kit-bed {kind}{' is-new' if fresh else ''}{' both' if both > 1 else ''}"
    where = f'<span class="no">{h(" ".join(filter(None, (row["room"], row["bed"]))) or "–")}</span> '
    text = f"{where}{_who(row)}{_how(row, both)}"
    if static:
        return f'<li class="{classes}">{text}</li>'
    state = f'aria-selected="{str(key == selected).lower()}" tabindex="{0 if key == stop else -1}"'
    return f'<div class="{classes}" role="option" data-k="{h(key)}" {state} aria-label="{h(spoken(row, both))}">{text}</div>'


def _who(row: Row) -> str:
    if not row["name"] and not row["patient"]:
        return '<span class="who kit-quiet">free</span> '
    unknown = f" {icon('info')}" if row["identity"] == "temporary" else ""
    return f'<span class="who"><b>{value(row["name"] or "no name")}</b>{unknown}</span> '


def _how(row: Row, both: int) -> str:
    """The quiet second line: state, since when, where to."""
    words = _words(row)
    warn = f"{icon('warning')} {_crowd(both)}" if both > 1 else ""
    parts = [f"<code>{value(row['number'])}</code>"] * bool(row["number"]) + [_unbroken(word) for word in words] + ([warn] if warn else [])
    return f'<span class="how">{" · ".join(parts)}</span>' if parts else ""


def _unbroken(word: str) -> str:
    """`here since 2025-03-03 08:01` stays on one line; what may be long, such as a plan, does not."""
    return f'<span class="kit-nb">{visible(word)}</span>' if " since " in word else visible(word)


def _crowd(both: int) -> str:
    return f"{both} patients were told to be here"


def _words(row: Row) -> list[str]:
    if not row["patient"]:
        return []
    if row["state"] == "expected":
        return [f"expected {row['expected']}".strip()]
    kept = "bed kept" if row["state"] == "on leave" else "here"
    since = f"{kept} since {row['since']}" if row["since"] else ""
    planned = f"planned: {row['planned']}" if row["planned"] else ""
    unknown = "identity unknown" if row["identity"] == "temporary" else ""
    return [word for word in (row["state"], since, row["away"], planned, row["doctor"], unknown) if word]


def spoken(row: Row, both: int = 0) -> str:
    """A bed in one sentence, for a screen reader and for what changed."""
    place = (
        ", ".join(filter(None, (row["ward"], row["room"] and f"room {row['room']}", row["bed"] and f"bed {row['bed']}"))) or "no place told"
    )
    who = ", ".join(filter(None, (row["name"], row["number"]))) if row["patient"] else "free"
    return bare("; ".join([f"{place}: {who}", *_words(row), *([_crowd(both)] if both > 1 else [])]))


def changes(before: Sequence[Row], after: Sequence[Row]) -> tuple[list[str], list[str]]:
    """(keys of the rows that changed, what changed in sentences). Who is gone from a bed and stands in no other left the house."""
    was = dict(zip(keys(before), before, strict=True))
    rows = [(key, row) for key, row in zip(keys(after), after, strict=True) if row["patient"] and was.get(key) != row]
    stays = {row["stay"] for row in after}
    left = {row["stay"]: row for row in before if row["stay"] and row["stay"] not in stays}
    return [key for key, _ in rows], [spoken(row) for _, row in rows] + [
        bare(f"{row['name']} is not in the house any more") for row in left.values()
    ]


def stay_html(row: Row, movements: Sequence[Row]) -> str:
    """The movements of the stay in a bed, those that were taken back struck through."""
    if not row["patient"]:
        return ""
    ours = [movement for movement in movements if movement["stay"] == row["stay"]]
    columns = ["happened", "event", "what", "where", *(name for name in ("doctor", "movement") if any(one[name] for one in ours))]
    head = "".join(f"<th scope=col>{name}</th>" for name in columns)
    body = "".join(_movement(movement, columns) for movement in ours)
    title = f'<h3 class="jp-toc-ignore">{value(row["name"])}</h3><span class="kit-meta kit-grow">{visible(row["number"])} · {visible(row["state"])}</span>'
    return f'<div class="kit-head kit-detail">{title}</div><div class="kit-body"><table class="kit-moves"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _movement(movement: Row, columns: Sequence[str]) -> str:
    bed = " ".join(filter(None, (movement["ward"], movement["room"], movement["bed"])))
    where = movement["planned for"] or movement["temporary"] or bed
    cells = [value(where if name == "where" else movement[name]) for name in columns]
    gone = movement["taken back by"]
    if gone:
        cells[2] += f' <span class="kit-quiet">(taken back by {value(gone)})</span>'
    return f"<tr{' class=gone' if gone else ''}>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
