"""The command line: `ihe-kit lab | demo | doctor | validate | explain | transactions`.

Exit status: 0 no error finding, 1 error findings, 2 the input or the command could not be used.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from io import TextIOWrapper
from pathlib import Path


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

    command("demo", "run the three exchanges on this terminal", _demo)
    command("doctor", "say what is installed, what is missing and how to get it", _doctor)
    command("transactions", "list the transactions that the kit knows", _transactions)

    validate = command("validate", "check messages against their standard and IHE's rules", _validate)
    validate.add_argument("files", nargs="+", metavar="FILE", help="files with one message each; - reads standard input")
    validate.add_argument("--transaction", help="the transaction whose rules to apply, e.g. ITI-31")
    validate.add_argument("--format", choices=("text", "json"), default="text")

    explain = command("explain", "say what a path means", _explain)
    explain.add_argument("path", help="e.g. PID-3.4, Patient.identifier")
    explain.add_argument("--standard", choices=("v2", "fhir", "openehr"))
    explain.add_argument("--version", help="version of HL7 v2, e.g. 2.5.1")
    explain.add_argument("--format", choices=("text", "json"), default="text")
    return parser


def _lab(arguments: argparse.Namespace) -> int:
    from ihe_kit.course.layout import lay_out, open_lab

    laid = lay_out(arguments.dir, arguments.instructor)
    print(laid)
    return 0 if arguments.no_start else open_lab(laid.folder, browser=not arguments.no_browser, port=arguments.port)


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
    from ihe_kit import parse, validate
    from ihe_kit.core import Unreadable
    from ihe_kit.render import findings_text
    from ihe_kit.rules import has_errors

    status, found = 0, []
    for name in arguments.files:
        try:
            message = parse(sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes())
            findings = validate(message, transaction=arguments.transaction)
        except (ValueError, OSError) as problem:  # the other files are checked all the same
            print(f"{name}: {'not readable, ' if isinstance(problem, Unreadable) else ''}{problem}", file=sys.stderr)
            status = 2
            continue
        status = max(status, int(has_errors(findings)))
        found += [{"file": name} | asdict(finding) for finding in findings]
        if arguments.format == "text":
            print(f"{name}: {message.name}\n{findings_text(findings, message)}")
    if arguments.format == "json":
        print(json.dumps(found, indent=2, ensure_ascii=False))
    return status


def _explain(arguments: argparse.Namespace) -> int:
    from ihe_kit import explain

    definition = explain(arguments.path, standard=arguments.standard, version=arguments.version)
    if arguments.format == "json":
        print(json.dumps(asdict(definition), indent=2, ensure_ascii=False))
        return 0
    facts = (definition.type, definition.occurs, definition.codes)
    print(f"{definition.path}  {definition.name}" + "".join(f"  {fact}" for fact in facts if fact))
    for line in (definition.says, "  ".join(f"{code} {meaning}".strip() for code, meaning in definition.values[:20]), definition.spec):
        if line:
            print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
