"""What the repository can be asked, one row each: method, what its URL looks like below the base, who answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from ihe_kit.actors.openehr_repository import compositions, contributions, directories, ehrs, queries, templates, versioned
from ihe_kit.actors.openehr_repository.call import Call
from ihe_kit.core import Message

Answer = Callable[..., Message]
_WORDS = {"ID": r"([0-9A-Za-z][0-9A-Za-z.:_-]{0,199})", "NAME": r"([^/]+)"}
_ROWS: tuple[tuple[str, str, Answer], ...] = (
    ("POST", "ehr", ehrs.create_ehr),
    ("GET", "ehr", ehrs.find_ehr),
    ("PUT", "ehr/ID", ehrs.create_ehr),
    ("GET", "ehr/ID", ehrs.read_ehr),
    ("GET", "ehr/ID/ehr_status", ehrs.read_status),
    ("PUT", "ehr/ID/ehr_status", ehrs.update_status),
    ("GET", "ehr/ID/ehr_status/ID", ehrs.read_status_version),
    ("GET", "ehr/ID/versioned_ehr_status", versioned.versioned_status),
    ("GET", "ehr/ID/versioned_ehr_status/revision_history", versioned.status_history),
    ("GET", "ehr/ID/versioned_ehr_status/version", versioned.status_at_time),
    ("GET", "ehr/ID/versioned_ehr_status/version/ID", versioned.status_version),
    ("POST", "ehr/ID/composition", compositions.create_composition),
    ("GET", "ehr/ID/composition/ID", compositions.read_composition),
    ("PUT", "ehr/ID/composition/ID", compositions.update_composition),
    ("DELETE", "ehr/ID/composition/ID", compositions.delete_composition),
    ("GET", "ehr/ID/versioned_composition/ID", versioned.versioned_composition),
    ("GET", "ehr/ID/versioned_composition/ID/revision_history", versioned.composition_history),
    ("GET", "ehr/ID/versioned_composition/ID/version", versioned.composition_at_time),
    ("GET", "ehr/ID/versioned_composition/ID/version/ID", versioned.composition_version),
    ("POST", "ehr/ID/directory", directories.create_directory),
    ("GET", "ehr/ID/directory", directories.read_directory),
    ("PUT", "ehr/ID/directory", directories.update_directory),
    ("DELETE", "ehr/ID/directory", directories.delete_directory),
    ("GET", "ehr/ID/directory/ID", directories.read_directory_version),
    ("POST", "ehr/ID/contribution", contributions.create_contribution),
    ("GET", "ehr/ID/contribution/ID", contributions.read_contribution),
    ("POST", "definition/template/adl1.4", templates.upload_template),
    ("GET", "definition/template/adl1.4", templates.list_templates),
    ("GET", "definition/template/adl1.4/NAME", templates.read_template),
    ("GET", "definition/template/adl1.4/NAME/example", templates.example_of),
)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub("ID|NAME", lambda word: _WORDS[word.group()], path.replace(".", r"\.")))


def _asked(action: Answer, call: Call, *names: str) -> Message:
    """Queries are answered from the request alone."""
    return action(call, call.message, *names)


ROUTES: tuple[tuple[str, re.Pattern[str], Answer], ...] = (
    *((method, _pattern(path), answer) for method, path, answer in _ROWS),
    *((method, re.compile(pattern), partial(_asked, answer)) for method, pattern, answer in queries.ROUTES),
)


def find(method: str, target: str) -> tuple[Answer, tuple[str, ...]] | None:
    """Who answers a request, and the names in its URL; None where there is nobody."""
    wanted = "GET" if method == "HEAD" else method
    matched = ((answer, pattern.fullmatch(target)) for known, pattern, answer in ROUTES if known == wanted)
    return next(((answer, found.groups()) for answer, found in matched if found), None)


def methods(target: str) -> list[str]:
    """The methods that a URL takes."""
    found = {method for method, pattern, _ in ROUTES if pattern.fullmatch(target)}
    return sorted(found | ({"HEAD"} if "GET" in found else set()))
