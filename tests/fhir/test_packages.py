"""Implementation guides from disk: a folder and an archive, and archives that mean harm. Every one is made here."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from ihe_kit.fhir import conform, packages, parse
from ihe_kit.fhir.packages import load

URL = "http://example.org/StructureDefinition/nordvik"
PROFILE = {
    "resourceType": "StructureDefinition",
    "url": URL,
    "name": "Nordvik",
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "differential": {
        "element": [
            {"path": "Patient.birthDate", "min": 1},
            {"path": "Patient.maritalStatus", "binding": {"strength": "required", "valueSet": "http://example.org/ValueSet/civil"}},
        ]
    },
}
CODES = {"resourceType": "CodeSystem", "url": "http://example.org/civil", "content": "complete", "concept": [{"code": "wed"}]}
VALUES = {"resourceType": "ValueSet", "url": "http://example.org/ValueSet/civil", "compose": {"include": [{"system": CODES["url"]}]}}
HEAD = {"name": "nordvik.fhir", "version": "1.2.3"}
FILES = {"package.json": HEAD, "StructureDefinition-nordvik.json": PROFILE, "CodeSystem-civil.json": CODES, "ValueSet-civil.json": VALUES}


def member(name: str, data: bytes = b"", **more: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def archive(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as made:
        for info, data in members:
            made.addfile(info, io.BytesIO(data))
    return path


def whole(path: Path) -> Path:
    return archive(path, *(member(f"package/{name}", json.dumps(content).encode()) for name, content in FILES.items()))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "package").mkdir()
    for name, content in FILES.items():
        (tmp_path / "package" / name).write_text(json.dumps(content), "utf-8")
    return tmp_path


def test_a_folder_and_an_archive_say_the_same(folder: Path, tmp_path: Path) -> None:
    for where in (folder, folder / "package", whole(tmp_path / "package.tgz")):
        package = load(where)
        assert (package.name, package.version, package.problems) == ("nordvik.fhir", "1.2.3", {})
        assert repr(package) == "Package(nordvik.fhir 1.2.3, 3 definitions)"
        assert list(package.resources["StructureDefinition"]) == [URL]


@pytest.mark.parametrize(
    "more, findings",
    [
        ({}, [("FHIR-PROFILE-REQUIRED", "Patient.birthDate")]),
        ({"birthDate": "1958"}, []),
        (
            {"birthDate": "1958", "maritalStatus": {"coding": [{"system": CODES["url"], "code": "single"}]}},
            [("FHIR-CODE", "Patient.maritalStatus.coding[0].code"), ("FHIR-CODE-UNKNOWN", "Patient.maritalStatus.coding[0].code")],
        ),
        ({"birthDate": "1958", "maritalStatus": {"coding": [{"system": CODES["url"], "code": "wed"}]}}, []),
    ],
)
def test_a_resource_is_held_against_the_profile_of_a_package(folder: Path, more: dict[str, Any], findings: list[tuple[str, str]]) -> None:
    resource = {"resourceType": "Patient", "meta": {"profile": [f"{URL}|1.2.3"]}} | more
    message = parse(json.dumps(resource))
    found = conform(message, packages=[load(folder)])
    assert sorted((f.rule, f.path) for f in found if f.severity == "error") == findings
    assert [f.rule for f in conform(message) if f.severity != "warning"] == ["FHIR-NOT-CHECKED"]  # nobody else knows the profile


def test_a_file_that_is_written_anew_is_read_anew(folder: Path) -> None:
    """The folder itself does not change when a file in it does."""
    nobody = parse('{"resourceType": "Patient"}')
    assert [f.path for f in conform(nobody, URL, [folder])] == ["Patient.birthDate"]
    (file,) = folder.rglob("StructureDefinition-*.json")
    before = file.stat().st_mtime_ns
    file.write_text(json.dumps(PROFILE | {"differential": {"element": [{"path": "Patient.gender", "min": 1}]}}), encoding="utf-8")
    os.utime(file, ns=(before + 10**9, before + 10**9))  # a clock may be coarser than a test is fast
    assert [f.path for f in conform(nobody, URL, [folder])] == ["Patient.gender"]


@pytest.mark.parametrize(
    "name, more, says",
    [
        ("../evil.json", {}, "leads out of the package"),
        ("package/../../evil.json", {}, "leads out of the package"),
        ("/etc/evil.json", {}, "leads out of the package"),
        ("package\\..\\evil.json", {}, "leads out of the package"),
        ("C:/evil.json", {}, "leads out of the package"),
        ("package/link.json", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, "a link or a device"),
        ("package/hard.json", {"type": tarfile.LNKTYPE, "linkname": "package/x"}, "a link or a device"),
        ("package/device", {"type": tarfile.CHRTYPE}, "a link or a device"),
        ("package/pipe", {"type": tarfile.FIFOTYPE}, "a link or a device"),
    ],
)
def test_an_archive_that_leads_out_of_itself_is_refused(tmp_path: Path, name: str, more: dict[str, Any], says: str) -> None:
    good = member("package/package.json", json.dumps(HEAD).encode())
    with pytest.raises(ValueError, match=f"not safe to read.*{says}"):
        load(archive(tmp_path / "evil.tgz", good, member(name, **more)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.tgz"]


def header(name: str, size: bytes, type: bytes = tarfile.REGTYPE) -> bytes:
    """A header of a file as no library writes it: the size is any bytes, and the sum is right."""
    made = bytearray(tarfile.TarInfo(name).tobuf(tarfile.GNU_FORMAT)[:512])
    made[124:136], made[156:157], made[148:156] = size.ljust(12, b"\0"), type, b" " * 8
    made[148:156] = b"%06o\0 " % sum(made)
    return bytes(made)


@pytest.mark.parametrize(
    "data, says",
    [
        (header("././@LongLink", b"02162646000", tarfile.GNUTYPE_LONGNAME) + b"a" * 100_000, "a name or an attribute in it is longer"),
        (header("pax", b"02162646000", tarfile.XHDTYPE) + b"9" * 100_000, "a name or an attribute in it is longer"),
        (header("package/a.json", b"\x80" + b"\xff" * 11), "larger than any package"),
        (header("package/a.json", b"\xff" * 12), "no package of FHIR"),
        (header("package/a.json", b"9zz"), "no package of FHIR"),
        (header("pax", b"1000", tarfile.XHDTYPE) + b"24 GNU.sparse.map=a,b,c\n".ljust(512, b"\0") + header("a", b"0"), "no package of FHIR"),
        (header("package/a.json", b"1000", tarfile.GNUTYPE_SPARSE) + b"\0" * 512, "no package of FHIR"),
        (header("", b"0"), "leads out of the package"),
        (header("package/a.json", b"7777777"), "no package of FHIR"),
    ],
    ids=["long name", "long attribute", "huge", "negative", "no number", "nonsense of a sparse file", "sparse", "nameless", "cut off"],
)  # fmt: skip
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "compressed"])
def test_headers_that_lie(tmp_path: Path, data: bytes, says: str, pack: Any) -> None:
    path = tmp_path / "package.tgz"
    path.write_bytes(pack(data + b"\0" * 1024))
    with pytest.raises(ValueError, match=f"package.tgz is.*{says}"):
        load(path)


def test_every_byte_of_an_archive_may_be_wrong(tmp_path: Path) -> None:
    path = tmp_path / "broken.tgz"
    sound = whole(path).read_bytes()
    for at in range(0, len(sound), 3):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 0x55]) + sound[at + 1 :])
        try:
            load(path)
        except ValueError as problem:
            assert "broken.tgz is" in str(problem), at


def test_what_stands_twice_is_told(tmp_path: Path) -> None:
    """An archive may hold two files of one name; readers that take the first and readers that take the last would see two packages."""
    other = json.dumps(PROFILE | {"name": "Other"}).encode()
    package = load(
        archive(
            tmp_path / "twice.tgz",
            member(".", type=tarfile.DIRTYPE),
            member("./package/package.json", json.dumps(HEAD).encode()),
            member("package/package.json", b'{"name": "other"}'),
            member("package/a.json", json.dumps(PROFILE).encode()),
            member("package/a.json", other),
            member("package/b.json", other),
        )
    )
    assert (package.name, package.resources["StructureDefinition"][URL]) == ("nordvik.fhir", PROFILE)
    assert sorted(package.problems) == ["package/a.json", "package/b.json", "package/package.json"]
    assert package.problems["package/b.json"] == f"{URL} is defined by package/a.json already, which holds"


@pytest.mark.parametrize("head", ["[]", '"x"', "5", "null", '{"name": ["x"], "version": {}}'])
def test_a_head_that_says_nothing(folder: Path, head: str) -> None:
    (folder / "package" / "package.json").write_text(head, "utf-8")
    package = load(folder)
    assert (package.name, package.version, len(package.resources["StructureDefinition"])) == (folder.name, "", 1)
    assert list(package.problems) == ([] if head.startswith("{") else ["package.json"])


def test_definitions_that_lead_to_each_other(folder: Path) -> None:
    """A is derived from B, and B from A; a value set holds itself; a profile is derived from one that nobody has."""
    circle = {f"http://example.org/{name}": f"http://example.org/{base}" for name, base in (("A", "B"), ("B", "A"), ("C", "absent"))}
    for number, (url, base) in enumerate(circle.items()):
        (folder / "package" / f"{number}.json").write_text(json.dumps(PROFILE | {"url": url, "baseDefinition": base}), "utf-8")
    own = VALUES | {"compose": {"include": [{"valueSet": [VALUES["url"]]}]}}
    (folder / "package" / "ValueSet-civil.json").write_text(json.dumps(own), "utf-8")
    message = parse(
        '{"resourceType": "Patient", "birthDate": "1958", "maritalStatus": {"coding": [{"system": "http://x.org", "code": "x"}]}}'
    )
    found = conform(message, [*circle, URL], packages=[load(folder)])
    assert [f.rule for f in found if f.severity == "error"] == []
    says = " ".join(f.says for f in found)
    assert "is derived from itself" in says
    assert "http://example.org/C was not checked" in says and "http://example.org/absent" in says
    assert f"The codes of {VALUES['url']} were not checked" in says


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "MOST_BYTES", 300_000)
    monkeypatch.setattr(packages, "MOST_OF_ONE", 200_000)
    monkeypatch.setattr(packages, "MOST_FILES", 50)
    big, many = tmp_path / "big.tgz", tmp_path / "many.tgz"
    archive(big, member("package/a.json", b"0" * 250_000))
    archive(many, *(member(f"package/{number}.json", b"{}") for number in range(60)))
    total = archive(tmp_path / "total.tgz", *(member(f"package/{number}.json", b" " * 100_000) for number in range(5)))
    raw = tmp_path / "raw.tgz"
    raw.write_bytes(gzip.compress(b"\0" * 5_000_000, mtime=0))
    for path in (big, many, total):
        with pytest.raises(ValueError, match="larger than any package"):
            load(path)
    with pytest.raises(ValueError, match=r"no package|larger than any package"):
        load(raw)


@pytest.mark.parametrize(
    "data", [b"", b"no archive", gzip.compress(b"no archive", mtime=0), b"\x1f\x8b\x08broken", gzip.compress(b"x" * 2000, mtime=0)[:-9]]
)
def test_what_is_no_archive(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "package.tgz"
    path.write_bytes(data)
    with pytest.raises(ValueError, match="no package of FHIR"):
        load(path)


def test_what_cannot_be_read_in_a_package_is_left_aside_and_named(folder: Path) -> None:
    for name, text in (("deep.json", "[" * 5_000), ("bad.json", "{"), ("twice.json", '{"a":1,"a":2}'), ("list.json", "[]")):
        (folder / "package" / name).write_text(text, "utf-8")
    (folder / "package" / "latin.json").write_bytes(b'{"a": "\xe9"}')
    (folder / "package" / "link.json").symlink_to("/etc/hostname")
    package = load(folder)
    assert sorted(package.problems) == ["bad.json", "deep.json", "latin.json", "twice.json"]
    assert sum(map(len, package.resources.values())) == 3


def test_an_empty_folder_and_an_absent_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no package of FHIR"):
        load(tmp_path)
    with pytest.raises(OSError, match="absent"):
        load(tmp_path / "absent.tgz")
