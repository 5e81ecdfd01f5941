"""What all widgets share: a page is told of a widget when it is shown, and then of all of it at once."""

from __future__ import annotations

from typing import Any

import pytest
from comm.base_comm import BaseComm
from ipywidgets import HBox
from ipywidgets.widgets import widget

from ihe_kit.widgets import Validator


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What is sent to the page: (kind of message, state)."""
    sent: list[tuple[str, dict[str, Any]]] = []

    class Line(BaseComm):
        def publish_msg(self, msg_type: str, data: Any = None, metadata: Any = None, buffers: Any = None, **keys: Any) -> None:
            sent.append((msg_type, (data or {}).get("state", {})))

    monkeypatch.setattr(widget.comm, "create_comm", lambda *args, **keys: Line(*args, **keys))
    return sent


def of_validators(told: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    return [(kind, state) for kind, state in told if "html" in state]


def test_the_first_message_has_all_of_it(told: list[tuple[str, dict[str, Any]]]) -> None:
    view = Validator("MSH|^~\\&|")
    assert told == []
    view._repr_mimebundle_()
    ((kind, state),) = of_validators(told)
    assert kind == "comm_open"
    assert state["html"] == view.html and state["report"] == view.report
    view._repr_mimebundle_()  # shown once more, it is the same widget
    assert len(of_validators(told)) == 1
    view.text = "MSH|^~\\&|ADT"
    assert told[-1] == ("comm_msg", told[-1][1]) and told[-1][1]["draft"] == "MSH|^~\\&|ADT"


def test_inside_another_widget_it_is_shown_too(told: list[tuple[str, dict[str, Any]]]) -> None:
    HBox([Validator("MSH|^~\\&|")])
    assert [kind for kind, _ in of_validators(told)] == ["comm_open"]
