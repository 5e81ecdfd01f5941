"""Many messages at once: files, folders and batches, checked by several processes, and added up.

Files are read a few at a time and in order, so that a folder of any size takes no more memory than a small one. What cannot be read is told,
and the rest is checked all the same.
"""

from __future__ import annotations

import os
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from ihe_kit.core import Message, Unreadable
from ihe_kit.exchanges import Exchange
from ihe_kit.fhir import FhirMessage, as_json
from ihe_kit.fhir_client import FhirClient
from ihe_kit.openehr import OpenehrMessage, Template, load, template
from ihe_kit.rules import Finding, has_errors
from ihe_kit.v2 import read_all
from ihe_kit.v2.message import V2Message, recognises
from ihe_kit.verbs import parse, validate

STANDARD_INPUT = "-"
AT_ONCE = 50  # files that one process takes at a time
EXAMPLES = 10  # files that could not be used, in a summary
AHEAD = 3  # portions for each process that wait, so that none is idle


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one message: `file`, its `number` there from 1, its `name` (`ADT^A01`) and the findings.

    `problem` says why nothing could be checked. `message` is None where the work was done in another process.
    """

    file: str
    number: int = 1
    name: str = ""
    findings: tuple[Finding, ...] = ()
    problem: str = ""
    message: Message | None = None

    @property
    def status(self) -> int:
        """The exit status that this message alone would give: 0 no error, 1 errors, 2 could not be used."""
        return 2 if self.problem else int(has_errors(self.findings))


@dataclass
class Tally:
    """What is added up while messages pass: `messages`, those `with_errors` and `unusable`, and for each (severity, rule) how often and where first.

    Of what could not be used the first few are kept (`examples`): what is remembered does not grow with the number of messages.
    """

    messages: int = 0
    with_errors: int = 0
    unusable: int = 0
    examples: list[Checked] = field(default_factory=list)
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: dict[tuple[str, str], tuple[Checked, Finding]] = field(default_factory=dict)
    status: int = 0

    def add(self, checked: Checked) -> None:
        """Counts one message."""
        self.status = max(self.status, checked.status)
        if checked.problem:
            self.unusable += 1
            self.examples += [checked] if len(self.examples) < EXAMPLES else []
            return
        self.messages += 1
        self.with_errors += checked.status
        for finding in checked.findings:
            key = (finding.severity, finding.rule)
            self.rules[key] += 1
            if key not in self.first:
                self.first[key] = (replace(checked, findings=(), message=None), finding)


def files(names: Iterable[str]) -> Iterator[str]:
    """Every file: a folder gives all that lie below it, in order of their names, except hidden ones. A name that is no folder stays as it is."""
    for name in names:
        if name == STANDARD_INPUT or not Path(name).is_dir():
            yield name
            continue
        for folder, inner, found in os.walk(name):
            inner[:] = sorted(one for one in inner if not one.startswith("."))
            yield from (os.path.join(folder, file) for file in sorted(found) if not file.startswith("."))


def read_file(name: str) -> tuple[V2Message, ...]:
    """Every HL7 v2 message of a file (`-` is standard input). Raises Unreadable or OSError; a piece that cannot be read is an error, for it
    would be lost without a word.
    """
    batch = read_all(read_bytes(name))
    if unread := [finding for finding in batch.problems if finding.rule == "HL7-BATCH-MESSAGE"]:
        raise Unreadable(f"{name}: {unread[0].says}")
    return batch.messages


def read_bytes(name: str) -> bytes:
    """What a file holds; `-` is standard input."""
    return sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(name).read_bytes()


def send_resources(names: Iterable[str], to: str) -> Iterator[tuple[str, Exchange]]:
    """(file, what became of it) for every FHIR resource, in JSON or XML, sent to the server at an address: see `FhirClient.keep`. Raises Unreadable
    for what is no resource, OSError for what cannot be opened, ValueError for an address that is none.
    """
    client = FhirClient(to)
    for name in files(names):
        message = parse(read_bytes(name))
        if not isinstance(message, FhirMessage) or not message.kind or message.method or message.status:
            raise Unreadable(f"{name}: expected a FHIR resource in JSON or XML, but found {message.name}")
        yield name, client.keep(as_json(message))


def check_file(
    name: str, transaction: str | None = None, profile: str | None = None, packages: Sequence[str] = (), templates: Sequence[str] = ()
) -> list[Checked]:
    """Every message of a file (`-` is standard input), checked. Never raises for what the file holds or that it cannot be opened."""
    try:
        return list(_check(name, read_bytes(name), transaction, profile, packages, templates))
    except Unreadable as problem:
        return [Checked(name, problem=f"not readable, {problem}")]
    except (ValueError, OSError) as problem:
        return [Checked(name, problem=str(problem))]


def _check(
    name: str, data: bytes, transaction: str | None, profile: str | None, packages: Sequence[str], templates: Sequence[str]
) -> Iterator[Checked]:
    if not recognises(data[:400].decode("latin-1")):  # FHIR and openEHR: one thing in a file
        message = parse(data)
        guides = packages if message.standard == "fhir" and packages else None
        chosen = named_template(message, tuple(templates)) if isinstance(message, OpenehrMessage) else None
        found = validate(message, transaction, profile=profile, packages=guides, template=chosen)
        yield Checked(name, 1, message.name, tuple(found), message=message)
        return
    batch = read_all(data)
    for number, one in enumerate(batch.messages, start=1):
        both = [*validate(one, transaction, profile=profile), *(batch.problems if number == 1 else ())]
        yield Checked(name, number, one.name, tuple(both), message=one)
    if not batch.messages:
        raise Unreadable("expected at least one message that starts with MSH, but found none")


@lru_cache(maxsize=8)
def read_templates(names: tuple[str, ...]) -> dict[str, Template]:
    """openEHR templates by their template_id, each from its file or, where there is no such file, by its id. Raises Unreadable, ValueError, OSError."""
    found = {}
    for name in names:
        try:
            one = load(Path(name).read_bytes()) if Path(name).exists() else template(name)
        except LookupError as problem:
            raise ValueError(f"{problem.args[0]}, nor a file of that name") from None
        found[one.id] = one
    return found


def named_template(message: OpenehrMessage, names: tuple[str, ...]) -> Template | None:
    """Of the templates given, the one that a composition names; where only one is given, that one; None where the message has to know for itself."""
    given = read_templates(names)
    return given.get(message.template_id) or (next(iter(given.values())) if len(given) == 1 else None)


def check_all(
    names: Iterable[str],
    transaction: str | None = None,
    profile: str | None = None,
    workers: int = 1,
    packages: Sequence[str] = (),
    templates: Sequence[str] = (),
) -> Iterator[Checked]:
    """Every message of every file, in order, checked by so many processes. With one worker nothing is started."""
    if workers < 2:
        for name in names:
            yield from check_file(name, transaction, profile, packages, templates)
        return
    source, waiting = iter(names), deque[Future[list[Checked]]]()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            while True:
                while len(waiting) < workers * AHEAD and (portion := list(islice(source, AT_ONCE))):
                    waiting.append(pool.submit(_portion, portion, transaction, profile, packages, templates))
                if not waiting:
                    return
                yield from waiting.popleft().result()
        finally:  # whoever stops listening, or presses Ctrl-C, does not wait for what is not begun
            pool.shutdown(wait=False, cancel_futures=True)


def _portion(
    names: list[str], transaction: str | None, profile: str | None, packages: Sequence[str], templates: Sequence[str]
) -> list[Checked]:
    """The work of another process. Messages stay there: a finding is small, a message need not be."""
    return [replace(checked, message=None) for name in names for checked in check_file(name, transaction, profile, packages, templates)]
