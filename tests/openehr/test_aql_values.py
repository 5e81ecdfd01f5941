"""How AQL compares values, and what its functions give."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.openehr.aql_values import FUNCTIONS, FromUrl, aggregate, compare, moment, plain, sort_key


@pytest.mark.parametrize(
    "left, operator, right, holds",
    [
        (3, "<", 4, True),
        (3, "=", 3.0, True),
        (3, "=", "3", False),
        (True, "=", 1, False),
        (None, "=", None, False),
        (None, "!=", 3, False),
        ("b", ">", "a", True),
        ("2025-03-03T08:00:00+01:00", "=", "2025-03-03T07:00:00Z", True),
        ("2025-03-03T08:00:00+01:00", "<", "2025-03-03T07:30:00Z", True),
        ("2025-03-03T08:00:00", "=", "2025-03-03", True),
        ("2025-03-03T23:59:59", "<=", "2025-03-03", True),
        ("2025-03-03T08:00:00", ">", "2025-03-03", False),
        ("2025-03-04", ">", "2025-03-03", True),
        ("2025-12", ">", "2025-11", True),
        ("2025-12-31", "=", "2025-12", True),
        ("2025", "<=", "2025-01-01", True),
        ("20250303", "=", "2025-03-03", True),
        ("20250303", "=", "2025", False),  # without hyphens in either, they may be codes
        ("2025-02-30", "=", "2025-02", False),  # no day of the calendar
        ("08:00:00", "<", "09:00", True),
        ("P1D", "=", "PT24H", True),
        ("PT90M", ">", "PT1H", True),
        ("left arm", "LIKE", "left *", True),
        ("left arm", "LIKE", "left", False),
        ("a?c", "LIKE", r"a\?c", True),
        ("abc", "LIKE", r"a\?c", False),
        ("2019-05-01", "LIKE", "2019-0?-*", True),
        ("a.c", "LIKE", "a.c", True),
        ("abc", "LIKE", "a.c", False),
        ({"_type": "DV_QUANTITY", "magnitude": 140, "units": "mm[Hg]"}, ">", 120, True),
        ({"_type": "DV_COUNT", "magnitude": 3}, "=", {"_type": "DV_COUNT", "magnitude": 3}, True),
        ({"_type": "DV_PROPORTION", "numerator": 93, "denominator": 100}, "<", 0.94, True),
        ({"_type": "DV_PROPORTION", "numerator": 93, "denominator": 0}, "<", 0.94, False),
        ({"_type": "DV_CODED_TEXT", "value": "Sitting", "defining_code": {"code_string": "at1001"}}, "=", "Sitting", True),
        ({"_type": "CODE_PHRASE", "code_string": "at1001"}, "=", "at1001", True),
        ({"_type": "DV_DATE_TIME", "value": "2025-03-03"}, "<", "2025-03-04", True),
        ({"items": []}, "=", {"items": []}, True),
        ({"items": []}, "=", "x", False),
        ([1], ">", 0, False),
        (140, ">", FromUrl("120"), True),
        ("120", "=", FromUrl("120"), True),
        (True, "=", FromUrl("true"), True),
        (140, ">", FromUrl("x"), False),
        (140, ">", FromUrl("nan"), False),
    ],
)
def test_compare(left: Any, operator: str, right: Any, holds: bool) -> None:
    assert compare(left, operator, right) is holds


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.from_regex(r"\d{4}-\d\d(-\d\dT\d\d:\d\d)?", fullmatch=True),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["_type", "value", "magnitude", "numerator", "denominator"]), inner, max_size=3)
    ),
    max_leaves=4,
)


@given(ANY, st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "LIKE"]), ANY)
def test_any_values_can_be_compared_and_put_in_order(left: Any, operator: str, right: Any) -> None:
    assert compare(left, operator, right) in (True, False)
    assert len(sorted([left, right], key=sort_key)) == len(sorted([left, right], key=lambda value: sort_key(value, True))) == 2


@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(ANY, min_size=1, max_size=3))
def test_functions_take_any_values(name: str, values: list[Any]) -> None:
    least, most, function = FUNCTIONS[name]
    values = (values * 3)[: max(least, min(most, len(values)))]
    try:
        function(*map(plain, values))
    except (ArithmeticError, ValueError):
        pass  # which whoever calls it takes for a missing value


@pytest.mark.parametrize(
    "name, arguments, gives",
    [
        ("LENGTH", ("blå",), 3),
        ("CONTAINS", ("abc", "b"), True),
        ("POSITION", ("b", "abc"), 2),
        ("POSITION", ("x", "abc"), 0),
        ("SUBSTRING", ("hello", 2, 3), "ell"),
        ("SUBSTRING", ("hello", 2), "ello"),
        ("SUBSTRING", ("hello", 0, 2), "h"),
        ("CONCAT", ("a", "b"), "ab"),
        ("CONCAT_WS", ("-", "a", "b"), "a-b"),
        ("CONCAT", ("a", None), None),
        ("ABS", (-2.5,), 2.5),
        ("MOD", (7, 3), 1),
        ("MOD", (7.5, 2), 1.5),
        ("MOD", (7, 0), None),
        ("CEIL", (1.2,), 2),
        ("FLOOR", (-1.2,), -2),
        ("ROUND", (2.5,), 3),
        ("ROUND", (-2.5,), -3),
        ("ROUND", (2.345, 2), 2.35),
        ("ABS", ("x",), None),
    ],
)
def test_functions(name: str, arguments: tuple[Any, ...], gives: Any) -> None:
    assert FUNCTIONS[name][2](*arguments) == gives


def test_aggregates_leave_out_what_is_missing() -> None:
    assert aggregate("MIN", ["b", None, "a"]) == "a"
    assert aggregate("MAX", ["2025-01-01T00:00:00Z", "2025-01-01T00:30:00+01:00"]) == "2025-01-01T00:00:00Z"
    assert aggregate("SUM", []) is None
    assert aggregate("AVG", [{"_type": "DV_QUANTITY", "magnitude": 3}, 4, "x"]) == 3.5


def test_a_date_that_is_known_in_part_is_all_that_it_may_mean() -> None:
    year, month = moment("2024"), moment("2024-02")
    assert year and month and year[0] < month[0] < month[1] < year[1]
    assert round(month[1] - month[0]) == 29 * 86400
    assert moment("9999-12-31T23:59:59") is None or moment("9999-12-31T23:59:59")
    assert moment("x") is None
