"""WireView in Python: rows, detail, live arrival, replay."""

from __future__ import annotations

import asyncio
import threading

from ihe_kit.exchanges import Wire, perform
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
    view = WireView(box)  # type: ignore[arg-type]
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
