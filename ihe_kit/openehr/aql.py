"""AQL, the Archetype Query Language (openEHR QUERY 1.1.0): what a query says, and how it is answered from structure nodes.

    SELECT o/data[at0001]/events[at0006]/data[at0003]/items[at0004]/value/magnitude AS systolic
    FROM EHR e[ehr_id/value=$ehr_id] CONTAINS OBSERVATION o[openEHR-EHR-OBSERVATION.blood_pressure.v2]

`aql_grammar` has the rules, `aql_reading` makes a `Query` (`aql_query`) of a text, `aql_checks` holds it against itself and the Reference Model,
`aql_plan` says how to answer it, `aql_running` does, and `aql_values` compares what it finds.
"""

from __future__ import annotations

from functools import lru_cache

from ihe_kit.openehr.aql_checks import check
from ihe_kit.openehr.aql_query import Query


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
