"""AQL, the Archetype Query Language (openEHR QUERY 1.1.0): what a query says, and how it is answered from structure nodes.

    SELECT o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude AS systolic
    FROM EHR e[ehr_id/value=$ehr_id] CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]

`aql_grammar` has the rules, `aql_reading` makes a `Query` (`aql_query`) of a text, `aql_checks` holds it against itself and the Reference Model,
`aql_plan` says how to answer it, `aql_finding` finds the nodes (`aql_records` says where), `aql_at` reads at paths, `aql_running` makes the table,
and `aql_values` compares what stands there.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ihe_kit.openehr.aql_checks import check
from ihe_kit.openehr.aql_plan import make_plan, words
from ihe_kit.openehr.aql_query import Query

if TYPE_CHECKING:
    import pandas


@lru_cache(maxsize=256)
def read_aql(text: str) -> Query:
    """What a query says. Raises Unreadable with the place and what was expected there, and its heir Unsupported for AQL that is right, but that
    the kit cannot answer. Keywords, classes and variables are read in any case.

    >>> read_aql("SELECT c/uid/value AS uid FROM EHR e CONTAINS COMPOSITION c LIMIT 10").limit
    10
    """
    from ihe_kit.openehr.aql_reading import read_text  # lark takes a moment, for which only those who ask should wait

    query = read_text(text)
    check(query)
    return query


def explain_aql(text: str) -> list[tuple[str, str]]:
    """How a query is answered, as (step, what is done), in the order in which it is done. Raises Unreadable.

    >>> explain_aql("SELECT c/uid/value FROM COMPOSITION c LIMIT 10")[-1]
    ('Take', '10 rows')
    """
    return words(make_plan(read_aql(text)))


def table(answer: Any) -> pandas.DataFrame:
    """A result set as a table of pandas: `answer` is an Exchange, the answer in it, the JSON text, or the value that it stands for.

    Raises ValueError where it is no result set, with what it says instead.
    """
    import pandas

    message = getattr(answer, "answer", answer)
    body = getattr(message, "body", message)
    try:
        found = json.loads(body) if isinstance(body, str | bytes) else body
        columns, rows = found["columns"], found["rows"]
    except (ValueError, KeyError, TypeError):
        says = f": {str(body)[:200]}" if body else ""
        raise ValueError(f"expected a result set, with columns and rows, but this is none{says}") from None
    return pandas.DataFrame(rows, columns=[column["name"] for column in columns])
