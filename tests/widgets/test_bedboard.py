"""BedBoard in Python: it follows the wire, keeps what is chosen, and ends with the sandbox."""

from __future__ import annotations

import asyncio
from threading import Thread

from ihe_kit import build, exchange, person
from ihe_kit.region import Sandbox
from ihe_kit.widgets import BedBoard
from tests.render.given import Page


def tell(box: Sandbox, event: str, who: str = "ingrid", **fields: str) -> bool:
    values = person(who) | {name.replace("_", "-"): value for name, value in fields.items()}
    return exchange("ITI-31", build("ITI-31", values, box.clock, box.ids, event=event), box).ok


def test_it_follows_the_messages(box: Sandbox) -> None:
    board = BedBoard(box)
    assert board.view["facts"].startswith("0 in the house")
    assert tell(box, "A01", PV1_3="MED1^101^A")
    assert board.view["facts"].startswith("1 in the house")
    assert "Ødegård" in board.view["drawing"] and "is-new" in board.view["drawing"]
    assert board.view["says"].startswith("MED1, room 101, bed A: Ødegård, Ingrid, NORDVIK 4711; inpatient; here since 2025-03-03")
    assert tell(box, "A21")
    assert "1 on leave" in board.view["facts"]
    assert tell(box, "A03")
    assert board.view["says"] == "Ødegård, Ingrid is not in the house any more"


def test_the_chosen_bed_shows_the_movements_and_goes_with_its_patient(box: Sandbox) -> None:
    board = BedBoard(box)
    tell(box, "A01", PV1_3="MED1^101^A")
    (chosen,) = [o["data-k"] for o in Page(board.view["drawing"]).having("role", "option") if "Ødegård" in o["aria-label"]]
    board.selected = chosen
    assert "admitted" in board.detail and "A01" in board.detail
    tell(box, "A21")
    assert board.selected == chosen and "went on leave" in board.detail
    tell(box, "A02", PV1_3="ICU^1")
    assert (board.selected, board.detail) == ("", "")


def test_it_waits_for_the_loop_and_draws_once(box: Sandbox) -> None:
    async def scene() -> None:
        board, drawn = BedBoard(box), []
        board.observe(drawn.append, "view")
        told = Thread(target=lambda: [tell(box, event) for event in ("A01", "A21", "A22")])
        told.start()
        told.join()  # the loop stands still meanwhile, as a kernel's does while a cell runs
        assert drawn == []
        await asyncio.sleep(0.3)
        assert len(drawn) == 1
        board.close()
        assert board._arrived not in box.wire.listeners

    asyncio.run(scene())


def test_it_says_that_the_systems_were_stopped(box: Sandbox) -> None:
    board = BedBoard(box)
    tell(box, "A01", PV1_3="MED1^101^A")
    box.stop()
    assert board.view["ended"] is True
    assert "Ødegård" in board.view["drawing"]
    board.selected = "MED1 102 A"
    assert "Ødegård" in board.twin()


def test_the_twin_has_the_board_and_the_movements(box: Sandbox) -> None:
    tell(box, "A01", PV1_3="MED1^101^A")
    twin = BedBoard(box).twin()
    assert "is-static" in twin and "<li" in twin and "admitted" in twin
    assert "button" not in twin
