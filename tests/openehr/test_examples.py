"""The example of a template keeps the template: of each of ours at every level; of the public ones it is at least a composition."""

from pathlib import Path

import pytest

from ihe_kit.openehr import conform, load, parse, to_flat
from ihe_kit.openehr.examples import LEVELS, example, example_values
from ihe_kit.openehr.opt import own, template
from tests.openehr.given import CASES, CLOCK


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", own())
def test_of_our_own_templates(name: str, level: str) -> None:
    made = example(template(name), CLOCK, level)
    assert [finding.says for finding in conform(made, name) if finding.severity == "error"] == []
    assert parse(made.text).template_id == name


@pytest.mark.parametrize("name", own())
def test_more_is_in_what_is_to_be_complete(name: str) -> None:
    required, complete = (example_values(template(name), CLOCK, level) for level in ("required", "complete"))
    assert required.keys() <= complete.keys() or len(required) <= len(complete)
    written = {str(value) for value in to_flat(example(template(name), CLOCK, "complete"), name).values()}
    assert written >= {str(value) for key, value in complete.items() if "|" in key}


@pytest.mark.parametrize("path", CASES("opt", "opt"), ids=lambda path: path.name)
def test_of_public_templates(path: Path) -> None:
    try:
        one = load(path.read_bytes())
    except ValueError:
        return  # that broken ones are refused is tested elsewhere
    if one.root.type == "COMPOSITION":
        for level in LEVELS[:2]:
            assert example(one, CLOCK, level).kind == "COMPOSITION"


def test_another_level() -> None:
    with pytest.raises(ValueError, match="expected a level of required, medium, complete"):
        example(template("kit_vital_signs.v1"), CLOCK, "all")
