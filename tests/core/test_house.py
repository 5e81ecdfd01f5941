"""The house stands as designed: who may import whom, no circle, and nothing heavy at the door."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2] / "ihe_kit"
STANDARDS = {"v2", "fhir", "openehr"}
SHARED = {"core", "changes", "rules", "json_text", "xml_tree", "rest", "files", "units", "keys"}

# room -> the rooms that it may import. "ihe_kit" is the door itself: the verbs, which demo, course and the like use as a learner does.
MAY = {
    "core": set(),
    "files": set(),
    "rules": {"core"},
    "units": {"files"},
    "keys": set(),
    "changes": {"core"},
    "json_text": {"core"},
    "xml_tree": {"core", "json_text"},
    "rest": {"core", "json_text"},
    **dict.fromkeys(STANDARDS, SHARED),
    "ihe": {"core", "rules"},
    "exchanges": {"core", "rules", "ihe"},
    "faults": {"core", "exchanges"},
    "crosswalk": SHARED | STANDARDS,
    "profiles": SHARED | STANDARDS | {"ihe"},
    "store": {"keys"},
    "actors": SHARED | STANDARDS | {"ihe", "profiles", "crosswalk", "store", "exchanges"},
    "transports": {"core", "exchanges", "v2"},
    "region": STANDARDS | {"core", "ihe", "exchanges", "faults", "actors", "profiles", "store", "transports"},
    "verbs": SHARED | STANDARDS | {"ihe", "exchanges", "profiles", "crosswalk", "region", "transports"},
    "render": SHARED | {"ihe", "exchanges", "crosswalk", "verbs"},
    "widgets": SHARED
    | {"v2", "fhir", "openehr", "ihe", "profiles", "exchanges", "crosswalk", "render", "region", "verbs", "course", "ihe_kit"},
    "course": SHARED
    | STANDARDS
    | {"actors", "store", "transports", "demo", "ihe", "exchanges", "crosswalk", "render", "region", "verbs", "widgets", "ihe_kit"},
    "site": SHARED | {"fhir", "ihe", "exchanges", "region", "render", "verbs"},
    "doctor": {"files"},
    "hospital": {"actors", "exchanges", "files", "region", "ihe_kit"},
    "fhir_client": {"core", "json_text", "rest", "fhir", "exchanges", "region", "transports", "ihe_kit"},
    "openehr_client": {"core", "json_text", "rest", "openehr", "ihe", "exchanges", "region", "transports", "ihe_kit"},
    "demo": {"core", "rules", "exchanges", "region", "render", "ihe_kit"},
    "bulk": {"core", "rules", "v2", "fhir", "openehr", "exchanges", "fhir_client", "verbs"},
    "openehr_send": {"bulk", "core", "exchanges", "openehr", "openehr_client", "verbs"},
    "cli": {"bulk", "openehr_send", "profiles", "core", "rules", "render", "course", "demo", "doctor", "site", "ihe_kit"},
    "ihe_kit": {"region", "verbs", "crosswalk", "hospital", "site", "fhir_client", "openehr_client"} | STANDARDS,
}


def imports(path: Path) -> Iterator[str]:
    """The modules of ours that a file imports, anywhere in it, also inside functions; not those for type checkers alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            skipped.update(inner for part in node.body for inner in ast.walk(part))
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "ihe_kit")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "ihe_kit":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield (
                    inner
                    if (HOUSE.parent / f"{inner.replace('.', '/')}.py").exists() or (HOUSE.parent / inner.replace(".", "/")).is_dir()
                    else str(node.module)
                )


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "ihe_kit"


def module(path: Path) -> str:
    return ".".join(path.relative_to(HOUSE.parent).with_suffix("").parts).removesuffix(".__init__")


FILES = sorted(path for path in HOUSE.rglob("*.py") if "_course" not in path.parts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOUSE)))
def test_directions(path: Path) -> None:
    here = room(module(path))
    assert here in MAY, f"{here} is a new room: say in this test whom it may import"
    wrong = {found for found in imports(path) if room(found) not in MAY[here] | {here}}
    assert not wrong, f"{path.name} may not import {wrong}"


def test_no_circle_between_rooms() -> None:
    graph: dict[str, set[str]] = {}
    for path in FILES:
        here = room(module(path))
        graph.setdefault(here, set()).update(room(found) for found in imports(path) if room(found) != here)
    assert not circle({name: others - {"ihe_kit"} for name, others in graph.items()})


def test_no_circle_between_files() -> None:
    graph = {module(path): {found for found in imports(path) if found not in ("ihe_kit", module(path))} for path in FILES}
    assert not circle(graph)


def circle(graph: dict[str, set[str]]) -> list[str]:
    """A circle in a graph, or []."""
    done: set[str] = set()

    def visit(node: str, trail: list[str]) -> list[str]:
        if node in trail:
            return [*trail[trail.index(node) :], node]
        if node in done:
            return []
        for other in sorted(graph.get(node, ())):
            found = visit(other, [*trail, node])
            if found:
                return found
        done.add(node)
        return []

    return next((found for node in sorted(graph) if (found := visit(node, []))), [])


def test_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
    assert circle({"a": {"b", "c"}, "b": {"c"}}) == []


@pytest.mark.parametrize(
    "statement, forbidden",
    [
        ("import ihe_kit", {"json", "asyncio", "dataclasses", "hl7apy", "pydantic", "pandas", "ipywidgets", "uvicorn", "sqlite3"}),
        ("import ihe_kit.v2", {"asyncio", "socket", "hl7apy", "pydantic", "pandas", "ipywidgets", "uvicorn", "sqlite3"}),
        ("import ihe_kit.fhir", {"asyncio", "socket", "hl7apy", "pydantic", "pandas", "ipywidgets", "uvicorn", "sqlite3"}),
        ("import ihe_kit.openehr", {"asyncio", "socket", "hl7apy", "pydantic", "pandas", "ipywidgets", "uvicorn", "sqlite3"}),
        ("import ihe_kit.actors.fhir_server", {"asyncio", "socket", "pandas", "ipywidgets", "uvicorn"}),
        ("import ihe_kit.render", {"ipywidgets", "anywidget", "pandas", "uvicorn"}),
    ],
)
def test_light_at_the_door(statement: str, forbidden: set[str]) -> None:
    """Only transports open sockets, only widgets import ipywidgets, and `import ihe_kit` brings nothing heavy with it."""
    script = f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=HOUSE.parent)
    assert not forbidden & {name.split(".")[0] for name in done.stdout.split()}


def test_no_leftovers() -> None:
    """No file of the package is empty, and none names a machine's path or opens a server to the world."""
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(text)), f"{path} does not say what it is for"
        assert "0.0.0.0" not in text


def test_binder_installs_what_the_package_needs() -> None:
    """JupyterLab and its kernel come with the base image; `binder` is the extra with what only Binder needs."""
    project = tomllib.loads((HOUSE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = project["dependencies"] + project["optional-dependencies"]["binder"]
    lines = (HOUSE.parent / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert set(lines) >= {one for one in needed if not one.startswith(("jupyterlab", "ipykernel"))}
