"""The command line: `ihe-kit lab | serve | demo | doctor | validate | explain | transactions`.

Exit status: 0 no error finding, 1 error findings, 2 the input or the command could not be used.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ihe_kit.bulk import Checked


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    if isinstance(sys.stdout, TextIOWrapper):  # a terminal without the letters of a name shows a question mark, and the command goes on
        sys.stdout.reconfigure(errors="replace")
    arguments = _parser().parse_args(argv)
    if not hasattr(arguments, "run"):
        _parser().print_help()
        return 2
    try:
        return int(arguments.run(arguments))
    except (ValueError, OSError) as problem:
        print(f"ihe-kit {arguments.command}: {problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ihe-kit", description="Learn healthcare interoperability by doing it.")
    commands = parser.add_subparsers(dest="command", metavar="command")

    def command(name: str, help: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(run=run)
        return sub

    lab = command("lab", "open the course in JupyterLab", _lab)
    lab.add_argument("--dir", type=Path, default=None, help="the folder for the course (default: here)")
    lab.add_argument("--instructor", action="store_true", help="lay the instructor's notes out too")
    lab.add_argument("--no-browser", action="store_true", help="start the server and print its address only")
    lab.add_argument("--no-start", action="store_true", help="lay the course out and stop")
    lab.add_argument("--port", type=int, default=None, help="the port of JupyterLab (default: a free one)")

    _serve_arguments(command("serve", "start the systems and their web page, until Ctrl-C", _serve))
    command("demo", "run the three exchanges on this terminal", _demo)
    command("doctor", "say what is installed, what is missing and how to get it", _doctor)
    command("transactions", "list the transactions that the kit knows", _transactions)

    _validate_arguments(command("validate", "check messages against their standard and IHE's rules", _validate))
    _send_arguments(command("send", "send HL7 v2 over MLLP, FHIR or openEHR over HTTP, and say what became of each", _send))

    explain = command("explain", "say what a path means", _explain)
    explain.add_argument("path", help="e.g. PID-3.4, CX, 0203, A01, ORU_R01, Patient.identifier, DV_QUANTITY.units")
    explain.add_argument("--standard", choices=("v2", "fhir", "openehr"))
    explain.add_argument("--template", metavar="TEMPLATE", help="the openEHR template that the path is of: its OPT file or its id")
    explain.add_argument("--version", help="version of HL7 v2, e.g. 2.5.1")
    explain.add_argument("--format", choices=("text", "json"), default="text")
    return parser


def _serve_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=0, help="the port of the web page (default: a free one)")
    parser.add_argument(
        "--store", default="sqlite://", metavar="URL", help="where everything is kept, e.g. sqlite:///course.db (default: memory)"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="the address to listen on; any other than 127.0.0.1 opens everything to the network, without access control",
    )
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="a name that the page may be called by besides localhost"
    )
    parser.add_argument(
        "--demo", action="store_true", help="let one patient cross the three wires first, so that there is something to see"
    )


def _validate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="files and folders, with one message or a batch in each file; - reads standard input"
    )
    parser.add_argument("--transaction", help="the transaction whose rules to apply, e.g. ITI-31")
    parser.add_argument(
        "--profile", help="an HL7 v2 conformance profile (XML), or a FHIR profile: its canonical URL or a StructureDefinition"
    )
    parser.add_argument(
        "--package",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="an implementation guide of FHIR to know: package.tgz or its folder",
    )
    parser.add_argument(
        "--template",
        action="append",
        default=[],
        metavar="TEMPLATE",
        help="an operational template of openEHR to know: its OPT file, or the id of one of the kit's own",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--summary", action="store_true", help="add the findings up; a folder always is")
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N", help="processes for a summary (default: one for each processor, for many files)"
    )


def _send_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="files and folders: messages of HL7 v2, one FHIR resource, or an openEHR composition, template or request in each; - reads standard input",
    )
    parser.add_argument(
        "--to",
        required=True,
        metavar="ADDRESS",
        help="e.g. mllp://127.0.0.1:2575, http://127.0.0.1:8080/fhir or http://127.0.0.1:8080/rest/openehr/v1",
    )
    parser.add_argument("--ehr", default="", metavar="ID", help="the EHR that compositions go into; made where there is none")
    parser.add_argument("--subject", default="", metavar="ID", help="the patient whose EHR they go into; made where there is none")
    parser.add_argument("--namespace", default="", metavar="NS", help="who gave out the patient's identifier, e.g. urn:oid:2.999.10.1")
    parser.add_argument(
        "--template",
        action="append",
        default=[],
        metavar="TEMPLATE",
        help="a template to upload first, which FLAT is read by: OPT file or id",
    )
    parser.add_argument(
        "--tries", type=int, default=1, metavar="N", help="how often a message of v2 without an answer is sent, the same bytes"
    )
    parser.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS", help="how long to wait for each answer over MLLP")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def _lab(arguments: argparse.Namespace) -> int:
    from ihe_kit.course.layout import lay_out, open_lab

    laid = lay_out(arguments.dir, arguments.instructor)
    print(laid)
    return 0 if arguments.no_start else open_lab(laid.folder, browser=not arguments.no_browser, port=arguments.port)


def _serve(arguments: argparse.Namespace) -> int:
    from ihe_kit.demo import story
    from ihe_kit.site import serve

    begin = story if arguments.demo else lambda _: None
    return serve(arguments.port, arguments.store, arguments.host, arguments.allow_host, begin)


def _demo(_: argparse.Namespace) -> int:
    from ihe_kit.demo import run

    return run()


def _doctor(_: argparse.Namespace) -> int:
    from ihe_kit.doctor import examine

    lines, healthy = examine()
    print("\n".join(lines))
    return 0 if healthy else 1


def _transactions(_: argparse.Namespace) -> int:
    from ihe_kit import transactions

    for t in transactions().values():
        print(f"{t.number:<20}{t.standard.label:<9}{t.name:<40}{t.initiator} to {t.responder}")
    return 0


def _validate(arguments: argparse.Namespace) -> int:
    from ihe_kit import bulk

    _usable(arguments)
    if arguments.format == "json":
        return _validate_json(arguments)
    if arguments.summary or any(Path(name).is_dir() for name in arguments.files):
        return _validate_summary(arguments)
    from ihe_kit.render.terminal import show_findings, terminal

    status, console = 0, terminal()
    for checked in _checked(arguments, bulk.files(arguments.files), 1):
        status = max(status, checked.status)
        if checked.message is None:
            print(f"{checked.file}: {checked.problem}", file=sys.stderr)
        else:
            number = f" #{checked.number}" if checked.number > 1 else ""
            show_findings(console, f"{checked.file}{number}: {checked.name}", checked.findings, checked.message)
    return status


def _checked(arguments: argparse.Namespace, names: Iterable[str], workers: int) -> Iterator[Checked]:
    from ihe_kit.bulk import check_all

    return check_all(names, arguments.transaction, arguments.profile, workers, arguments.package, arguments.template)


def _usable(arguments: argparse.Namespace) -> None:
    """Raises ValueError or OSError for a command that could work on no file at all, before it begins on a hundred thousand."""
    from ihe_kit.bulk import read_templates
    from ihe_kit.profiles import transaction

    if arguments.transaction:
        transaction(arguments.transaction)
    if arguments.profile and "://" not in arguments.profile:
        Path(arguments.profile).read_bytes()
    for package in arguments.package:
        Path(package).stat()
    if arguments.template:
        read_templates(tuple(arguments.template))


def _validate_json(arguments: argparse.Namespace) -> int:
    """One JSON array, written while the work goes on."""
    from ihe_kit import bulk

    status, before = 0, "["
    names, count = bulk.files(arguments.files), _count(arguments)
    for checked in _checked(arguments, names, _workers(arguments, count)):
        status = max(status, checked.status)
        if checked.problem:
            print(f"{checked.file}: {checked.problem}", file=sys.stderr)
        for finding in checked.findings:
            row = {"file": checked.file, "message": checked.number} | asdict(finding)
            print(before + json.dumps(row, ensure_ascii=False), end="")
            before = ",\n "
    print("]" if before != "[" else "[]")
    return status


def _validate_summary(arguments: argparse.Namespace) -> int:
    from ihe_kit import bulk
    from ihe_kit.render.terminal import progress, show_summary, terminal

    total, started = bulk.Tally(), perf_counter()
    names, count = bulk.files(arguments.files), _count(arguments)
    with progress(count) as advance:
        for checked in _checked(arguments, names, _workers(arguments, count)):
            total.add(checked)
            if checked.number == 1:
                advance()
    show_summary(terminal(), total, perf_counter() - started)
    return total.status


def _count(arguments: argparse.Namespace) -> int:
    """How many files there are. They are looked for once more while the work goes on: a list of them all would grow with their number."""
    from ihe_kit import bulk

    return sum(1 for _ in bulk.files(arguments.files))


def _workers(arguments: argparse.Namespace, count: int) -> int:
    """As many processes as asked for; by default one for each processor, where that is worth the start of them."""
    return int(arguments.workers) or (os.cpu_count() or 1 if count > 500 else 1)


def _send(arguments: argparse.Namespace) -> int:
    from ihe_kit import send
    from ihe_kit.bulk import read_file

    if not arguments.files and not arguments.template:
        raise ValueError("expected at least one file to send")
    if arguments.to.startswith("http"):
        return _send_openehr(arguments) if "/openehr" in arguments.to else _send_resources(arguments)
    messages = [message for name in arguments.files for message in read_file(name)]
    sent = send(messages, arguments.to, tries=arguments.tries, timeout=arguments.timeout)
    if arguments.format == "json":
        rows = [
            {"id": d.id, "name": d.message.name, "sent": d.sent, "answer": d.code, "lost": d.lost, "next": d.decision.what} for d in sent
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for delivery in sent:
            print(delivery if delivery.ok else f"{delivery}. Next: {delivery.decision}")
    return 0 if all(delivery.ok for delivery in sent) else 1 if all(delivery.code for delivery in sent) else 2


def _send_resources(arguments: argparse.Namespace) -> int:
    """What became of each FHIR resource: kept, refused, or without an answer."""
    from ihe_kit.bulk import send_resources

    status, told = 0, []
    for name, done in send_resources(arguments.files, arguments.to):
        status = max(status, 2 if done.answer is None else int(done.refused))
        says = done.lost or "; ".join(done.answer.get("OperationOutcome.issue.diagnostics") if done.answer else ())
        where = "".join(done.answer.get("response.location")[:1]) if done.answer else ""
        told.append({"file": name, "answer": done.answer.name if done.answer else "", "location": where, "says": says})
        if arguments.format == "text":
            print(": ".join(filter(None, (name, told[-1]["answer"] or "no answer", where or says))))
    if arguments.format == "json":
        print(json.dumps(told, indent=2, ensure_ascii=False))
    return status


def _send_openehr(arguments: argparse.Namespace) -> int:
    """What became of each template, of the EHR, and of each composition: kept, refused, or without an answer."""
    from ihe_kit.openehr_send import explained, is_there_already, send_openehr

    status, told = 0, []
    templates = tuple(arguments.template)
    for name, done in send_openehr(arguments.files, arguments.to, arguments.ehr, arguments.subject, arguments.namespace, templates):
        there = is_there_already(done)
        status = max(status, 2 if done.answer is None else int(done.refused and not there))
        where = "".join(done.answer.get("response.location")[:1] or done.answer.get("response.etag")[:1]) if done.answer else ""
        says = done.lost or ("it is there already" if there else explained(done))
        told.append({"file": name, "answer": done.answer.name if done.answer else "", "location": where, "says": says})
        if arguments.format == "text":
            print(": ".join(filter(None, (name, told[-1]["answer"] or "no answer", says or where))))
    if arguments.format == "json":
        print(json.dumps(told, indent=2, ensure_ascii=False))
    return status


def _explain(arguments: argparse.Namespace) -> int:
    from ihe_kit import explain
    from ihe_kit.bulk import read_templates
    from ihe_kit.render.explanation import show_definition
    from ihe_kit.render.terminal import terminal

    template = next(iter(read_templates((arguments.template,)).values())) if arguments.template else None
    definition = explain(arguments.path, standard=arguments.standard, version=arguments.version, template=template)
    if arguments.format == "json":
        print(json.dumps(asdict(definition), indent=2, ensure_ascii=False))
        return 0
    show_definition(terminal(), definition)
    return 0


if __name__ == "__main__":
    sys.exit(main())
