"""WireView in Python: rows, detail, live arrival, replay."""

from __future__ import annotations

import asyncio
import threading

import pytest

from ihe_kit.exchanges import Loopback, Wire, perform
from ihe_kit.faults import Faults, Faulty
from ihe_kit.region import SYSTEMS
from ihe_kit.verbs import transactions
from ihe_kit.widgets import WireView
from tests.render.given import Page, admission, answering, wire


def test_it_shows_what_crossed_and_opens_what_is_chosen() -> None:
    view = WireView(wire())
    assert len(Page(view.view["drawing"]).having("role", "option")) == 7
    assert (view.selected, view.detail) == ("", "")
    view.selected = "1q"
    assert "ITI-31 Patient Encounter Management" in view.detail
    assert "ACK AA in" in view.detail


def test_the_detail_follows_the_selection() -> None:
    view = WireView(wire())
    view.selected = "2a"
    assert "ACK AE" in view.detail
    assert [a["data-panel"] for a in Page(view.detail).having("data-panel")] == ["Bytes", "Tree", "Findings"]
    assert "MSA" in view.answer_copy()


def test_a_new_exchange_is_drawn_and_announced() -> None:
    box = Wire(SYSTEMS)
    view = WireView(box)
    assert view.view["drawing"].count("option") == 0 and view.detail == ""
    perform(transactions()["ITI-31"], admission(), answering("AA"), box)
    assert len(Page(view.view["drawing"]).having("role", "option")) == 2
    assert view.view["says"].startswith("ITI-31 ADT^A01")


def test_an_exchange_from_another_thread_waits_for_the_loop() -> None:
    async def scene() -> None:
        box, home = Wire(SYSTEMS), threading.get_ident()
        view, drawn_in = WireView(box), []
        view.observe(lambda _: drawn_in.append(threading.get_ident()), "view")
        thread = threading.Thread(target=lambda: [perform(transactions()["ITI-31"], admission(), answering("AA"), box) for _ in range(5)])
        thread.start()
        thread.join()
        assert drawn_in == []
        await asyncio.sleep(0.3)
        assert drawn_in == [home]
        assert len(Page(view.view["drawing"]).having("role", "option")) == 10

    asyncio.run(scene())


def test_clear_empties_the_drawing_and_not_the_wire() -> None:
    box = wire()
    view = WireView(box)
    view.answer_clear()
    assert len(box) == 4 and view.exchanges == [] and view.selected == ""
    assert view.view["cleared"]
    view.answer_clear()
    assert len(view.exchanges) == 4, "and shows all again"
    box.clear()
    perform(transactions()["ITI-31"], admission(), answering("AA"), box)
    assert len(view.exchanges) == 1


def test_close_stops_listening() -> None:
    box = wire()
    view = WireView(box)
    view.close()
    assert box.listeners == []


def test_a_sandbox_can_replay() -> None:
    class Box:
        def __init__(self) -> None:
            self.wire = wire()

        def replay(self, number: int) -> object:
            return self.wire.replay(number, answering("AA"))

    box = Box()
    view = WireView(box)
    view.selected = "1q"
    assert "data-replay" in view.detail
    assert view.answer_replay() == "sent again as exchange 5"
    assert len(box.wire) == 5
    assert view.selected == "5q"
    assert "sent again" in view.detail
    other = WireView(wire())
    other.selected = "1q"
    assert "data-replay" not in other.detail


def test_a_stopped_region_is_said() -> None:
    box = wire()
    view = WireView(box)
    assert not view.view["ended"]
    box.end()
    assert view.view["ended"]


def test_the_twin_has_one_details_per_message() -> None:
    page = Page(WireView(wire()).twin())
    assert [tag for tag, _ in page.elements].count("details") == 7
    assert "button" not in [tag for tag, _ in page.elements]
    assert "socket closed, no reply" in page.text


def test_a_flood_is_drawn_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wire keeps the latest exchanges only, and the view still tells what has just come and numbers it as the wire does."""
    monkeypatch.setattr("ihe_kit.exchanges.MOST", 20)
    box = Wire(SYSTEMS)
    view = WireView(box)
    for _ in range(50):
        perform(transactions()["ITI-31"], admission(), answering("AA"), box)
        assert view.view["says"].count("ITI-31") == 1, "one more came, though the wire is no longer than before"
    assert (box.last, box.dropped, len(view.exchanges)) == (50, 30, 20)
    drawn = Page(view.view["drawing"]).having("role", "option")
    assert [drawn[0]["data-k"], drawn[-1]["data-k"]] == ["31q", "50a"]
    assert view.view["facts"].endswith("30 older exchanges no longer kept")
    view.answer_clear()
    assert view.exchanges == []
    perform(transactions()["ITI-31"], admission(), answering("AE"), box)
    assert [e.number for e in view.exchanges] == [51]
    assert "no longer kept" not in view.view["facts"]
    view.answer_clear()
    view.selected = "40q"
    for _ in range(25):
        perform(transactions()["ITI-31"], admission(), answering("AA"), box)
    assert view.selected == "", "what was chosen is gone"


def test_the_detail_of_a_replay_in_a_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ihe_kit.exchanges.MOST", 3)

    class Box:
        wire = wire()

        def replay(self, number: int) -> object:
            return self.wire.replay(number, answering("AA"))

    view = WireView(Box())
    view.selected = "4q"
    assert view.answer_replay() == "sent again as exchange 5"
    assert view.selected == "5q"
    assert "sent again" in view.detail


@pytest.mark.parametrize(
    "fault, key, edge, words",
    [
        ("lose", "1q", "lost", "the request was lost on its way, so the receiver knows nothing of it"),
        ("lose answer", "1a", "lost", "the answer was lost on its way: the receiver has done its work, and the sender does not know"),
        ("disconnect answer", "1a", "lost", "the answer was lost on its way"),
        ("truncate", "1q", "lost", "the connection broke in the middle of the request"),
        ("reorder", "1q", "lost", "the request was held back, and arrives after the next one"),
        ("duplicate", "1q", "twice", "the request arrived twice"),
        ("duplicate answer", "1a", "twice", "the answer came twice"),
        ("corrupt answer", "1a", "changed", "one character of the answer was changed on its way"),
        ("delay", "1q", "late", "the request was 0 s late"),
    ],
)
def test_a_fault_is_shown_where_it_struck(fault: str, key: str, edge: str, words: str) -> None:
    box = Wire(SYSTEMS)
    view = WireView(box)
    perform(transactions()["ITI-31"], admission(), Faulty(answering("AA"), Faults.script(fault, seed=3, seconds=0)), box)
    options = {str(one["data-k"]): str(one["aria-label"]) for one in Page(view.view["drawing"]).having("role", "option")}
    assert words in options[key]
    assert [other for other, label in options.items() if words in label] == [key]
    view.selected = key
    assert words in Page(view.detail).text
    assert f">{edge}</span>" in view.view["drawing"]
    assert words.split(",")[0][:40] in Page(view.twin()).text or edge != "lost"


def test_a_lost_answer_is_there_to_be_read() -> None:
    """Who looks at the wire sees more than the sender: the request arrived, and the answer that never came said AA."""
    box = Wire(SYSTEMS)
    view = WireView(box)
    perform(transactions()["ITI-31"], admission(), Faulty(answering("AA"), Faults.script("lose answer")), box)
    assert view.view["facts"] == "2 messages · 1 lost"
    view.selected = "1a"
    assert "ACK AA" in Page(view.detail).text
    assert "MSA|AA" in view.answer_copy()
    arrows = [str(one["class"]) for one in Page(view.view["drawing"]).having("class") if str(one["class"]).startswith("arrow")]
    assert arrows == ["arrow", "arrow left back lost"]


def test_an_application_acknowledgment_is_an_arrow_of_its_own() -> None:
    box = Wire(SYSTEMS)
    view = WireView(box)
    both = Loopback(lambda packet: [answering("CA").call(packet), answering("AE").call(packet)])
    perform(transactions()["ITI-31"], admission(), both, box)
    options = [str(one["aria-label"]) for one in Page(view.view["drawing"]).having("role", "option")]
    assert [label.split(": ")[1].split(",")[0] for label in options] == ["ITI-31 ADT^A01", "ACK CA", "ACK AE"]
    assert "Fjordland identity to Nordvik ADT" in options[2] and options[2].endswith("refused")
    view.selected = "2q"
    assert "ACK AE" in Page(view.detail).text
