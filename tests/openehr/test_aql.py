"""AQL as text: what each feature reads as, and what is said of a text that cannot be read. Rows are in `test_aql_rows`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.core import Unreadable
from ihe_kit.openehr import Unsupported, explain_aql, read_aql, table
from ihe_kit.openehr.aql_plan import bind
from ihe_kit.openehr.aql_query import All, AnyOf, Both, Call, Comparison, Exists, Literal, Matches, Node, Not, Parameter, Path, parts

BP = "openEHR-EHR-OBSERVATION.blood_pressure.v2"
SYSTOLIC = "o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude"
FROM = f"FROM EHR e CONTAINS COMPOSITION c CONTAINS OBSERVATION o[{BP}]"


def condition(text: str) -> Any:
    return read_aql(f"SELECT c {FROM} WHERE {text}").where


def predicate(text: str) -> Any:
    return read_aql(f"SELECT x FROM EHR e CONTAINS ELEMENT x[{text}]").classes[1].predicate


# (what the share of public queries is, the query, what it has to be read as)
FEATURES = [
    ("identified path", f"SELECT {SYSTOLIC} {FROM}", lambda q: [s.attribute for s in q.columns[0].value.steps] == ["data", "events", "data", "items", "value", "magnitude"]),
    ("CONTAINS", "SELECT c FROM EHR e CONTAINS COMPOSITION c", lambda q: q.source.inner.outer.type == "COMPOSITION"),
    ("FROM EHR", "SELECT e FROM EHR e", lambda q: q.classes[0].variable == "e"),
    ("FROM without EHR", "SELECT c FROM COMPOSITION c", lambda q: q.classes[0].type == "COMPOSITION"),
    ("archetype predicate", f"SELECT o FROM EHR e CONTAINS OBSERVATION o[{BP}]", lambda q: q.classes[1].predicate == Node(BP)),
    ("at-code predicate", f"SELECT {SYSTOLIC} {FROM}", lambda q: q.columns[0].value.steps[0].predicate == Node("at0001")),
    ("WHERE", f"SELECT o {FROM} WHERE {SYSTOLIC} >= 140", lambda q: q.where.operator == ">=" and q.where.right == Literal(140)),
    ("nested CONTAINS", f"SELECT o {FROM}", lambda q: q.source.inner.inner.outer.variable == "o"),
    ("EHR identifier", "SELECT e FROM EHR e[ehr_id/value='1']", lambda q: q.classes[0].predicate.right == Literal("1")),
    ("EHR identifier without variable", "SELECT c FROM EHR[ehr_id/value='1'] CONTAINS COMPOSITION c", lambda q: not q.classes[0].variable),
    ("whole object", "SELECT c FROM COMPOSITION c", lambda q: q.columns[0].value.steps == ()),
    ("AS", "SELECT c/name/value AS title FROM COMPOSITION c", lambda q: q.columns[0].alias == "title"),
    ("AND, OR", f"SELECT c {FROM} WHERE c/name/value='a' OR c/name/value='b' AND c/name/value='c'",
     lambda q: isinstance(q.where, AnyOf) and isinstance(q.where.conditions[1], All)),
    ("aggregates", f"SELECT COUNT(*), COUNT(DISTINCT c), MIN({SYSTOLIC}), MAX({SYSTOLIC}), SUM({SYSTOLIC}), AVG({SYSTOLIC}) {FROM}",
     lambda q: [c.value.name for c in q.columns] == ["COUNT", "COUNT", "MIN", "MAX", "SUM", "AVG"] and q.columns[0].value.star and q.columns[1].value.distinct),
    ("EHR_STATUS", "SELECT s/subject/external_ref/id/value FROM EHR e CONTAINS EHR_STATUS s", lambda q: q.classes[1].type == "EHR_STATUS"),
    ("e/ehr_status", "SELECT e/ehr_status/subject/external_ref/id/value FROM EHR e", lambda q: len(q.columns[0].value.steps) == 5),
    ("ORDER BY", "SELECT c/name/value AS n FROM COMPOSITION c ORDER BY n DESCENDING, c/uid/value ASC, c/context/start_time",
     lambda q: [s.descending for s in q.order] == [True, False, False]),
    ("$parameter", "SELECT c FROM EHR e[ehr_id/value=$id] CONTAINS COMPOSITION c[$what] WHERE c/name/value = $name", lambda q: q.parameters == ["id", "what", "name"]),
    ("functions", "SELECT LENGTH(c/name/value), CONCAT(c/name/value, 'x', $y) FROM COMPOSITION c", lambda q: q.columns[1].value.arguments[2] == Parameter("y")),
    ("nested functions", f"SELECT ROUND(AVG({SYSTOLIC}), 1) {FROM}", lambda q: isinstance(q.columns[0].value.arguments[0], Call)),
    ("function in WHERE", "SELECT c FROM COMPOSITION c WHERE CONTAINS(c/name/value, 'x') = true", lambda q: q.where.left.name == "CONTAINS"),
    ("functions of the clock", "SELECT NOW(), CURRENT_DATE(), CURRENT_TIME(), CURRENT_DATE_TIME(), CURRENT_TIMEZONE() FROM EHR e", lambda q: len(q.columns) == 5),
    ("numeric functions", "SELECT ABS(-1), MOD(7, 2), CEIL(1.2), FLOOR(1.2), ROUND(1.25, 1) FROM EHR e", lambda q: q.columns[0].value.arguments == (Literal(-1),)),
    ("matches", "SELECT c FROM COMPOSITION c WHERE c/name/value matches {'a', 'b', $c, 3}", lambda q: isinstance(q.where, Matches) and len(q.where.values) == 4),
    ("VERSION", "SELECT v/uid/value FROM EHR e CONTAINS VERSION v[LATEST_VERSION] CONTAINS COMPOSITION c", lambda q: q.classes[1].versions == "LATEST_VERSION"),
    ("ALL_VERSIONS", "SELECT v FROM VERSION v[ALL_VERSIONS] CONTAINS COMPOSITION", lambda q: q.classes[0].versions == "ALL_VERSIONS"),
    ("VERSION with a predicate", "SELECT c FROM VERSION v[commit_audit/time_committed/value > '2025'] CONTAINS COMPOSITION c", lambda q: q.classes[0].predicate.operator == ">"),
    ("FOLDER", "SELECT c FROM EHR e CONTAINS FOLDER f CONTAINS COMPOSITION c", lambda q: q.classes[1].type == "FOLDER"),
    ("boolean CONTAINS", "SELECT a FROM EHR e CONTAINS COMPOSITION c CONTAINS (OBSERVATION a AND (EVALUATION b OR ACTION d))",
     lambda q: isinstance(q.source.inner.inner, Both) and q.source.inner.inner.operator == "AND"),
    ("CONTAINS reaches as far as AND does", "SELECT a FROM EHR e CONTAINS COMPOSITION a AND COMPOSITION b", lambda q: isinstance(q.source.inner, Both)),
    ("name predicate", "SELECT x FROM ELEMENT x[at0004, 'Systolic']", lambda q: q.classes[0].predicate == Node("at0004", "Systolic")),
    ("name predicate in words", "SELECT x FROM ELEMENT x[at0004 and name/value='Systolic']", lambda q: isinstance(q.classes[0].predicate, All)),
    ("name by a code", "SELECT x FROM ELEMENT x[at0004, snomed_ct(3.1)::313267000|Systolic|]",
     lambda q: q.classes[0].predicate == Node("at0004", None, ("snomed_ct(3.1)", "313267000"))),
    ("name by a local code", "SELECT x FROM ELEMENT x[at0004, at0005]", lambda q: q.classes[0].predicate.term == ("local", "at0005")),
    ("predicate of a variable", "SELECT o[name/value='x']/data FROM OBSERVATION o", lambda q: q.columns[0].value.predicate.right == Literal("x")),
    ("LIMIT, OFFSET", "SELECT c FROM COMPOSITION c ORDER BY c/uid/value LIMIT 10 OFFSET 20", lambda q: (q.limit, q.offset) == (10, 20)),
    ("DISTINCT", "SELECT DISTINCT c/name/value FROM COMPOSITION c", lambda q: q.distinct),
    ("LIKE", "SELECT c FROM COMPOSITION c WHERE c/context/start_time LIKE '2019-0?-*'", lambda q: q.where.operator == "LIKE"),
    ("NOT, EXISTS", "SELECT c FROM COMPOSITION c WHERE NOT EXISTS c/content AND NOT (c/name/value = 'x')", lambda q: isinstance(q.where.conditions[0], Not)),
    ("NOT CONTAINS", "SELECT c FROM EHR e CONTAINS COMPOSITION c NOT CONTAINS OBSERVATION o", lambda q: q.source.inner.negated),
    ("TOP", "SELECT TOP 5 FORWARD c FROM COMPOSITION c", lambda q: q.limit == 5 and q.top and not q.backward),
    ("TOP BACKWARD", "SELECT TOP 5 BACKWARD c FROM COMPOSITION c", lambda q: q.backward),
    ("path = path", "SELECT a FROM ELEMENT a WHERE a/value/magnitude > a/value/precision", lambda q: isinstance(q.where.right, Path)),
    ("literals", "SELECT 1, -1.5, 'a', \"b\", true, FALSE, null, 1e3 FROM EHR e", lambda q: [c.value.value for c in q.columns] == [1, -1.5, "a", "b", True, False, None, 1000.0]),
    ("any case", "select C/name/value as N from ehr e contains Composition c where not exists C/content Order By n desc limit 1", lambda q: q.limit == 1),
    ("comments", "SELECT c -- the whole one\nFROM COMPOSITION c -- of all\n", lambda q: len(q.columns) == 1),
    ("attributes that are keywords elsewhere", "SELECT f/items/type, x/value/precision FROM FOLDER f CONTAINS ELEMENT x", lambda q: len(q.columns) == 2),
    ("abstract classes", "SELECT x/data FROM EHR e CONTAINS CARE_ENTRY n CONTAINS EVENT x", lambda q: q.classes[2].type == "EVENT"),
    ("quotes inside", r"""SELECT c FROM COMPOSITION c WHERE c/name/value = 'it\'s' OR c/name/value = "a\\b\u00e5" """,
     lambda q: [one.right.value for one in q.where.conditions] == ["it's", "a\\bå"]),
]  # fmt: skip


@pytest.mark.parametrize("text, holds", [(text, holds) for _, text, holds in FEATURES], ids=[name for name, *_ in FEATURES])
def test_features(text: str, holds: Any) -> None:
    assert holds(read_aql(text))
    assert explain_aql(text), "every query has a plan"


def test_an_archetype_predicate_is_short_for_a_condition() -> None:
    assert isinstance(condition("exists c/content"), Exists)
    assert predicate("at0004 or at0005") == AnyOf((Node("at0004"), Node("at0005")))
    assert isinstance(predicate("value/magnitude > 3"), Comparison)
    assert isinstance(predicate("value/defining_code/code_string matches {'a', 'b'}"), Matches)


# (the text, up to the mark ~ at which reading stops, and what is said there)
WRONG = [
    ("~", "expected SELECT, but found the end"),
    ("~SELEC c FROM EHR c", "did you mean SELECT?"),
    ("SELECT c ~FORM EHR c", "did you mean FROM?"),
    ("SELECT c, ~FROM EHR c", "a comma too many"),
    ("SELECT ~* FROM EHR e", "AQL has no SELECT *"),
    ("SELECT e FROM EHR e ~TIMEWINDOW PT1H", "TIMEWINDOW is no longer part of AQL 1.1"),
    ("SELECT e FROM EHR e LIMIT 3 ~ORDER BY e", "LIMIT stands last"),
    ("SELECT e FROM EHR e ~GROUP BY e", "AQL has no GROUP BY"),
    ("SELECT e FROM EHR e ORDER BY e ~WHERE e/x = 1", "WHERE stands before ORDER BY"),
    ("SELECT e FROM EHR e ~CONTIANS COMPOSITION c", "did you mean CONTAINS?"),
    ("SELECT e FROM EHR e WHERE e/ehr_id/value =~= '1'", "Equal is written with one sign"),
    ("SELECT e FROM EHR e WHERE e/ehr_id/value ~<> '1'", "Unequal is written !="),
    ("SELECT e FROM EHR e WHERE e/ehr_id/value =~> '1'", "Write >= and not =>"),
    ("SELECT e FROM EHR e WHERE e/ehr_id/value ~IN ('1')", "matches {'at0004', 'at0005'}"),
    ("SELECT e FROM EHR e WHERE e/ehr_id/value ~IS NULL", "NOT EXISTS path"),
    ("SELECT e FROM EHR e WHERE e/ehr_id/value ~BETWEEN 1 AND 2", "Write two comparisons"),
    ("SELECT e FROM EHR e WHERE e/ehr_id/value = ~'1", "ends with the same quote"),
    ("SELECT e FROM EHR e[ehr_id/value=~:id]", "A parameter begins with a dollar sign"),
    ("SELECT e FROM EHR e~;", "without a semicolon"),
    ("SELECT e FROM EHR e ~// all", "A comment begins with two hyphens"),
    ("SELECT e FROM EHR e WHERE~", "expected a path, a function or a value, EXISTS, NOT or (, but found the end"),
    ("SELECT e FROM EHR e LIMIT ~0", "a whole number, 1 or more"),
    ("SELECT e FROM EHR e LIMIT ~1.5", "a whole number, 1 or more"),
    ("SELECT e FROM EHR e LIMIT 1 OFFSET ~-1", "a whole number, 0 or more"),
    ("SELECT TOP 3 e FROM EHR e ~LIMIT 3", "TOP and LIMIT cannot stand in one query"),
    ("SELECT ~d FROM EHR e", "there is no variable d in FROM; FROM has e"),
    ("SELECT ~comp FROM EHR e CONTAINS COMPOSITION compo", "did you mean compo?"),
    ("SELECT e FROM EHR e CONTAINS ~COMPOSITION E", "stands twice in FROM"),
    ("SELECT e FROM EHR e CONTAINS ~COMPOSTION c", "no class COMPOSTION; did you mean COMPOSITION?"),
    ("SELECT c FROM COMPOSITION c CONTAINS ~EHR e", "stands first"),
    ("SELECT c FROM OBSERVATION o CONTAINS ~COMPOSITION c", "no OBSERVATION contains it"),
    ("SELECT c FROM COMPOSITION c CONTAINS ~VERSION v", "stands around a whole document"),
    ("SELECT v FROM VERSION v CONTAINS ~OBSERVATION o", "holds no OBSERVATION itself"),
    ("SELECT o FROM ~OBSERVATION o[openEHR-EHR-EVALUATION.x.v1]", "is of the class EVALUATION"),
    ("SELECT ~o/data FROM COMPOSITION c NOT CONTAINS OBSERVATION o", "stands after NOT CONTAINS"),
    ("SELECT c/~nam/value FROM COMPOSITION c", "COMPOSITION has no attribute nam; did you mean name?"),
    ("SELECT c/name/value/~x FROM COMPOSITION c", "String has no attribute x"),
    ("SELECT c/content[at0001 and ~nme/value='x'] FROM COMPOSITION c", "CONTENT_ITEM has no attribute nme"),
    ("SELECT c FROM COMPOSITION c[~nme/value='x']", "did you mean name?"),
    ("SELECT c FROM COMPOSITION c ORDER BY c/~nam", "did you mean name?"),
    ("SELECT ~lenght(c/name/value) FROM COMPOSITION c", "AQL has no function LENGHT; did you mean LENGTH?"),
    ("SELECT ~LENGTH(c/name/value, 3) FROM COMPOSITION c", "LENGTH takes 1 argument, but found 2"),
    ("SELECT ~NOW(3) FROM COMPOSITION c", "NOW takes 0 arguments"),
    ("SELECT ~SUM(*) FROM EHR e", "only COUNT takes *"),
    ("SELECT ~LENGTH(DISTINCT c/name/value) FROM COMPOSITION c", "only aggregates"),
    ("SELECT MAX(~MIN(c/uid/value)) FROM COMPOSITION c", "MIN counts over all rows"),
    ("SELECT c FROM COMPOSITION c WHERE ~COUNT(c) > 3", "WHERE looks at each row alone"),
    ("SELECT c AS x, c/name AS ~X FROM COMPOSITION c", "two columns are called x"),
    ("SELECT c FROM COMPOSITION c WHERE c/name/value = ~" + "9" * 400, "a number that a computer can hold"),
    ("SELECT c/content~[0] FROM COMPOSITION c", ""),
]


@pytest.mark.parametrize("marked, says", WRONG, ids=[text[:60] for text, _ in WRONG])
def test_what_is_wrong_is_said_where_it_stands(marked: str, says: str) -> None:
    with pytest.raises(Unreadable) as problem:
        read_aql(marked.replace("~", ""))
    assert says in problem.value.says
    if says:
        assert problem.value.start == marked.index("~")
    assert not isinstance(problem.value, Unsupported)


@pytest.mark.parametrize(
    "text, says",
    [
        (
            "SELECT c FROM COMPOSITION c WHERE c/name/value matches {terminology://snomed-ct/hierarchy?rootConceptId=50043002}",
            "terminology server",
        ),
        (
            "SELECT c FROM COMPOSITION c WHERE c/name/value matches TERMINOLOGY('expand', 'http://hl7.org/fhir/4.0', 'x')",
            "terminology server",
        ),
        ("SELECT c FROM COMPOSITION c WHERE c/name/value matches {'a', TERMINOLOGY('expand', 'a', 'b')}", "terminology server"),
        ("SELECT c FROM COMPOSITION c WHERE TERMINOLOGY('validate', 'a', 'b') = true", "terminology server"),
        ("SELECT q FROM EHR e CONTAINS DV_QUANTITY q", "ask for it by a path"),
        ("SELECT v FROM EHR e CONTAINS VERSIONED_OBJECT v", "VERSION v[ALL_VERSIONS]"),
    ],
)
def test_what_is_right_but_cannot_be_answered_is_an_error_of_its_own(text: str, says: str) -> None:
    with pytest.raises(Unsupported, match=re.escape(says)):
        read_aql(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT c FROM COMPOSITION c WHERE " + "(" * 5000 + "c/name/value = 'x'" + ")" * 5000,
        "SELECT c FROM COMPOSITION c WHERE " + "NOT " * 5000 + "EXISTS c/content",
        "SELECT c FROM EHR e" + " CONTAINS SECTION" * 5000,
        "SELECT " + "ABS(" * 5000 + "1" + ")" * 5000 + " FROM EHR e",
        "SELECT c/content" + "[name/value='x' and content" * 500 + "]" * 500 + " FROM COMPOSITION c",
        "SELECT c FROM COMPOSITION c WHERE c/name/value = '" + "x" * 1_000_000 + "'",
        "(" * 1_000_000,
    ],
    ids=["brackets", "NOT", "CONTAINS", "functions", "predicates", "a megabyte", "a megabyte of brackets"],
)
def test_depth_and_length_have_an_end(text: str) -> None:
    with pytest.raises(Unreadable, match="at most"):
        read_aql(text)


def test_a_long_list_is_fine() -> None:
    assert len(condition("c/name/value matches {" + ", ".join(f"'{number}'" for number in range(5000)) + "}").values) == 5000


def test_the_plan_in_words() -> None:
    plan = explain_aql(
        f"SELECT DISTINCT {SYSTOLIC} AS s {FROM.replace('EHR e', 'EHR e[ehr_id/value=$id]')} WHERE {SYSTOLIC} > 140 ORDER BY s LIMIT 3"
    )
    assert [step for step, _ in plan] == ["Records", "Find", "Find", "Find below", "Read", "Choose", "Once", "Order", "Take"]
    assert plan[0][1] == "one EHR, by its identifier"
    assert BP in plan[2][1]
    assert explain_aql("SELECT c FROM COMPOSITION c")[0][1].startswith("all EHRs")


def test_a_parameter_has_to_come_with_the_request() -> None:
    query = read_aql("SELECT c FROM COMPOSITION c WHERE c/name/value = $name")
    with pytest.raises(Unreadable, match=r"needs a value for \$name, but none came with it; did you mean nmae\?") as problem:
        bind(query, {"nmae": "x"})
    assert problem.value.start == query.text.index("$name")
    assert not [one for one in parts(bind(query, {"name": "x"}).where) if isinstance(one, Parameter)]


def test_a_result_set_as_a_table() -> None:
    result = {"columns": [{"name": "#0"}, {"name": "s"}], "rows": [["ehr-0", 120], ["ehr-1", None]]}
    for answer in (result, json.dumps(result)):
        frame = table(answer)
        assert list(frame.columns) == ["#0", "s"] and frame["s"].max() == 120
    with pytest.raises(ValueError, match=r"expected a result set.*There is no EHR"):
        table('{"message": "There is no EHR"}')


def test_lark_waits_until_somebody_asks() -> None:
    script = "import sys, ihe_kit.openehr; assert 'lark' not in sys.modules; ihe_kit.openehr.read_aql('SELECT e FROM EHR e'); assert 'lark' in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)


WORDS = ["SELECT", "FROM", "CONTAINS", "WHERE", "AND", "NOT", "(", ")", "[", "]", "{", "}", ",", "/", "=", "LIKE", "matches", "$x", "'", '"', "c", "o",
         "EHR", "VERSION", "ALL_VERSIONS", "at0004", BP, "1", "-1", "1e999", "NULL", "COUNT(", "*", "--", "\\", "LIMIT", "ORDER BY", "TOP", "𝔸", "\0", "::"]  # fmt: skip


def survives(text: str) -> None:
    try:
        explain_aql(text)
    except Unreadable as problem:
        assert 0 <= problem.start <= len(text)


@given(st.integers(0, 2**32))
def test_a_changed_query_is_read_or_refused(seed: int) -> None:
    dice = Random(seed)
    text = dice.choice(FEATURES)[1]
    for _ in range(dice.randint(1, 4)):
        place = dice.randrange(len(text) + 1)
        match dice.randrange(4):
            case 0:
                text = text[:place] + text[place + dice.randint(1, 8) :]
            case 1:
                text = f"{text[:place]} {dice.choice(WORDS)} {text[place:]}"
            case 2:
                text = text[:place] + dice.choice(WORDS) + text[place:]
            case 3:
                other = dice.choice(FEATURES)[1]
                text = text[:place] + other[dice.randrange(len(other)) :]
    survives(text)


@given(st.lists(st.sampled_from(WORDS), max_size=30))
def test_any_words_are_read_or_refused(words: list[str]) -> None:
    survives(" ".join(words))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    survives(text)
