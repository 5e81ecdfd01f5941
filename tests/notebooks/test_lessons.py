"""Every lesson keeps the form: found by looking into the folder. nbval runs them from top to bottom; here every cell runs twice, too."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from ihe_kit.course.plan import number

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
LESSONS = sorted(NOTEBOOKS.glob("*.ipynb"))
MOST_LINES, MOST_CHARACTERS, MOST_PROSE = 4, 100, 8
TOOLS = 7  # lines of the first cell, which only imports

FILLERS = re.compile(r"\b(simply|just|obviously|of course|please note|easy|easily)\b", re.I)
AMERICAN = re.compile(
    r"\b(color|behavior|center|organization|organize|recognize|standardize|analyze|catalog|favorite|modeling|labeled|canceled|gray|fulfill|summarize|utilize|initialize)s?\b",
    re.I,
)


@pytest.fixture(params=LESSONS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture
def cells(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_there_is_a_lesson() -> None:
    assert LESSONS
    assert [number(path) for path in LESSONS] == sorted({number(path) for path in LESSONS})


def test_it_is_a_valid_notebook_without_traces_of_a_run(path: Path, cells: list[dict[str, Any]]) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    for cell in cells:
        assert cell["metadata"] == {}
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
    assert len({cell["id"] for cell in cells}) == len(cells)


def test_cells_are_short(cells: list[dict[str, Any]]) -> None:
    for cell in cells:
        if cell["cell_type"] == "code":
            lines = source(cell).splitlines()
            most = TOOLS if all(line.startswith("from ") for line in lines) else MOST_LINES
            assert 1 <= len(lines) <= most, cell["id"]
            assert all(len(line) <= MOST_CHARACTERS for line in lines), cell["id"]
            assert not source(cell).rstrip().endswith(";"), cell["id"]


def test_no_wall_of_text(cells: list[dict[str, Any]]) -> None:
    """At most eight lines of prose between two things to do or to see; a heading, a list, a table or a diagram is something to see."""
    lines = 0
    for cell in cells:
        if cell["cell_type"] == "code":
            lines = 0
            continue
        for block in re.sub(r"```.*?```", "\n\n# diagram\n\n", source(cell), flags=re.S).split("\n\n"):
            if re.match(r"\s*(#|\||[-*] |\d+\. )", block):
                lines = 0
            else:
                lines += len([line for line in block.splitlines() if line.strip()])
            assert lines <= MOST_PROSE, f"{cell['id']}: {block[:60]}"


def test_shape(path: Path, cells: list[dict[str, Any]]) -> None:
    lesson = number(path)
    texts = [source(cell) for cell in cells]
    assert texts[0].startswith(f"# {lesson} ")
    assert "minutes" in texts[0]
    assert "**Before this lesson:**" in texts[0]
    assert texts[1].startswith("## "), "a scene"
    assert "## Run it first" in texts[2]
    assert any("## Where next" in text for text in texts)
    assert any("**Where in the specification.**" in text for text in texts)
    assert len(re.findall(r"^\d\. ", texts[0], re.M)) == 3, "three things you will be able to do"
    calls = [text for cell, text in zip(cells, texts, strict=True) if cell["cell_type"] == "code"]
    assert calls[-2:] == [f'quiz("{lesson}")', f'course_map("{lesson}")']
    for heading in ("Recap", "In the real world"):
        assert any(heading in text for text in texts)
    recap = next(text for text in texts if "## Recap" in text)
    assert len(re.findall(r"^\d\. ", recap, re.M)) == 5


def test_the_head_says_what_the_items_say(path: Path, cells: list[dict[str, Any]]) -> None:
    from ihe_kit.course.lessons import lesson
    from ihe_kit.course.plan import plan

    items, head = lesson(number(path)), source(cells[0])
    assert all(re.search(rf"^\d\. {re.escape(goal.says)}", head, re.M) for goal in items.goals), "goals word for word"
    assert f"**Time:** {items.minutes} minutes" in head
    assert f"**Before this lesson:** {items.before}" in head.replace("`", "")
    planned = next(one for one in plan() if one.number == items.number)
    assert head.startswith(f"# {items.number} {planned.title.split(' (')[0]}")


def test_every_item_is_used_and_every_prediction_is_revealed(path: Path, cells: list[dict[str, Any]]) -> None:
    from ihe_kit.course.lessons import lesson

    items = lesson(number(path))
    code = "\n".join(source(cell) for cell in cells if cell["cell_type"] == "code")
    assert re.findall(r'example\("([\w.]+)"\)', code) == [item.id for item in items.examples]
    assert re.findall(r'exercise\("([\w.]+)"\)', code) == [item.id for item in items.exercises]
    assert re.findall(r'predict\("([\w.]+)"\)', code) == [item.id for item in items.predictions]
    assert re.findall(r'reveal\("([\w.]+)"', code) == [item.id for item in items.predictions]


def test_one_voice_and_one_spelling(cells: list[dict[str, Any]]) -> None:
    for cell in cells:
        if cell["cell_type"] == "markdown":
            prose = re.sub(r"\]\([^)]*\)", "]", source(cell))
            assert not FILLERS.search(prose), (cell["id"], FILLERS.search(prose))
            assert not AMERICAN.search(prose), (cell["id"], AMERICAN.search(prose))


def test_the_instructor_has_notes(path: Path) -> None:
    notes = (NOTEBOOKS / "instructor" / f"{path.stem}.md").read_text(encoding="utf-8")
    for heading in ("Aims", "Timing", "What usually goes wrong", "Answers", "Discussion", "Variations", "Set-up"):
        assert re.search(rf"^## {heading}", notes, re.M), heading
    assert not AMERICAN.search(notes)


def test_every_cell_runs_twice_and_again_from_any_point(path: Path, tmp_path: Path) -> None:
    """Each code cell twice in a row, then all of them but the first once more from the last to the first. Looking on leaves no file.

    Who has stopped the region starts it again before anything else: so the second cell follows wherever one stops it.
    """
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    start = next(cell for cell in code if cell.source.startswith("box = sandbox()"))
    back = [cell for one in code[:0:-1] for cell in ([one, start] if ".stop()" in one.source else [one])]
    order = [cell for one in code for cell in (one, one)] + back
    notebook.cells = [nbformat.v4.new_code_cell(cell.source, id=f"run-{k}") for k, cell in enumerate(order)]
    done = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    errors = [output for cell in done.cells for output in cell.outputs if output.output_type == "stream" and output.name == "stderr"]
    assert not errors
    assert not list(tmp_path.iterdir())


def test_predictions_come_true(path: Path, tmp_path: Path) -> None:
    """Run once from top to bottom, what really happened is what the prediction holds to be usual, and its own reason shows."""
    from ihe_kit.course.lessons import lesson

    predictions = lesson(number(path)).predictions
    records = {item.id: {"predicted": [choice.key for choice in item.choices].index(item.right)} for item in predictions}
    (tmp_path / ".ihe_kit").mkdir()
    (tmp_path / ".ihe_kit" / "progress.json").write_text(json.dumps({"version": 1, "items": records}), encoding="utf-8")
    notebook = nbformat.read(path, as_version=4)
    look = "from ihe_kit.widgets.course.base import CourseWidget as W\n"
    look += "for w in W._shown: print('came', w.item.id, w.key, 'As you said.' in w.html) if hasattr(w, 'happened') else None"
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"] + [nbformat.v4.new_code_cell(look)]
    done = NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = "".join(output.get("text", "") for output in done.cells[-1].outputs)
    assert set(re.findall("came (.*)", printed)) == {f"{item.id} {item.right} True" for item in predictions}
