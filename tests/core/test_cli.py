"""The command line: what people see, and the exit status that scripts read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ihe_kit import build, person
from ihe_kit.cli import main
from ihe_kit.course.layout import lay_out
from ihe_kit.files import data, home
from ihe_kit.openehr import OpenehrMessage, as_xml
from ihe_kit.region import STORY_BEGINS, Sandbox, story_clock, story_ids


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    file = tmp_path / "sound.hl7"
    file.write_bytes(build("ITI-31", person("ingrid"), lambda: STORY_BEGINS, story_ids()).encode())
    return file


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    done = capsys.readouterr()
    return status, done.out, done.err


def test_validate_ends_with_0_1_or_2(capsys: pytest.CaptureFixture[str], sound: Path, tmp_path: Path) -> None:
    assert run(capsys, "validate", str(sound))[0] == 0
    broken = tmp_path / "broken.hl7"
    broken.write_bytes(sound.read_bytes().replace(b"PV1||I", b"PV1||"))
    status, out, _ = run(capsys, "validate", str(broken))
    assert status == 1
    assert "PAM-PV1-2" in out
    assert "Patient class is empty." in out
    unreadable = tmp_path / "unreadable.hl7"
    unreadable.write_text("nothing of this kind")
    status, _, err = run(capsys, "validate", str(sound), str(unreadable))
    assert status == 2
    assert "line 1, character 1" in err
    assert run(capsys, "validate", str(tmp_path / "none"))[0] == 2
    assert run(capsys, "validate", "--transaction", "ITI-78", str(sound))[0] == 2


def test_validate_as_json_has_the_promised_keys(capsys: pytest.CaptureFixture[str], sound: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.hl7"
    broken.write_bytes(sound.read_bytes().replace(b"PV1||I", b"PV1||"))
    _, out, _ = run(capsys, "validate", "--format", "json", str(broken))
    (finding,) = [f for f in json.loads(out) if f["severity"] == "error"]
    assert {"severity", "path", "start", "end", "found", "says", "rule", "spec", "fix"} <= set(finding)
    assert finding["fix"]["text"] == "I"


def test_validate_takes_fhir_in_json_and_xml_with_profiles_and_packages(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    base = "http://hl7.org/fhir/StructureDefinition/Patient"
    profile = {"resourceType": "StructureDefinition", "url": "http://example.org/p", "name": "P", "type": "Patient", "baseDefinition": base}
    profile |= {"derivation": "constraint", "differential": {"element": [{"path": "Patient.birthDate", "min": 1}]}}
    guide = tmp_path / "package"
    guide.mkdir()
    (guide / "StructureDefinition-p.json").write_text(json.dumps(profile))
    as_json, as_xml = tmp_path / "patient.json", tmp_path / "patient.xml"
    as_json.write_text('{"resourceType": "Patient", "active": true}')
    as_xml.write_text('<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>')
    for file in (str(as_json), str(as_xml)):
        assert run(capsys, "validate", file)[0] == 0
        for more in (
            ["--profile", str(guide / "StructureDefinition-p.json")],
            ["--package", str(guide), "--profile", "http://example.org/p"],
        ):
            status, out, _ = run(capsys, "validate", file, *more)
            assert (status, "birthDate is missing." in out) == (1, True), more
    assert "was not checked" in run(capsys, "validate", str(as_json), "--profile", "http://example.org/p")[1]
    assert run(capsys, "validate", str(as_json), "--profile", str(tmp_path / "none.json"))[0] == 2
    assert run(capsys, "validate", str(as_json), "--package", str(tmp_path / "none.tgz"))[0] == 2
    assert run(capsys, "validate", str(as_json), "--profile", str(as_json))[0] == 2


@pytest.mark.parametrize(
    "path, says",
    [("Patient.identifier", "assigner"), ("PID-3.4", "Assigning Authority"), ("Patient.birthDate", "birth"), ("ADT_A01", "EVN")],
)
def test_explain(capsys: pytest.CaptureFixture[str], path: str, says: str) -> None:
    status, out, _ = run(capsys, "explain", path)
    assert status == 0
    assert says in out
    status, out, _ = run(capsys, "explain", "--format", "json", path)
    assert json.loads(out)["path"]


def test_explain_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "explain", "PIX-3")
    assert status == 2
    assert "did you mean PID?" in err


def test_demo(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "demo")
    assert status == 0
    for word in ("ITI-31", "ITI-104", "ITI-78", "openEHR", "ACK AA", "ACK AE", "Nordvik ADT", "already admitted"):
        assert word in out
    assert max(map(len, out.splitlines())) <= 110


def test_doctor_and_transactions(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "doctor")
    assert status == 0
    assert "Everything that the course needs is here." in out
    status, out, _ = run(capsys, "transactions")
    assert "ITI-104" in out


def test_doctor_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from ihe_kit import doctor

    monkeypatch.setattr(doctor, "NEEDED", (*doctor.NEEDED, "no-such-package"))
    lines, healthy = doctor.examine()
    assert not healthy
    assert any(line.startswith("missing") and "no-such-package" in line and "pip install" in line for line in lines)


def test_no_command_prints_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys)[0] == 2


# Laying the course out --------------------------------------------------------------------------------------------------------------


def test_an_empty_folder_gets_the_course(tmp_path: Path) -> None:
    laid = lay_out(tmp_path)
    assert (tmp_path / "notebooks" / "00-start-here.ipynb").is_file()
    assert (tmp_path / "data" / "people.tsv").is_file()
    assert f"{len(laid.written)} files written" in str(laid)
    assert not any("__pycache__" in name or ".ipynb_checkpoints" in name for name in laid.written)


def test_a_learners_work_is_never_overwritten(tmp_path: Path) -> None:
    lay_out(tmp_path)
    mine = tmp_path / "notebooks" / "00-start-here.ipynb"
    mine.write_text("my work")
    again = lay_out(tmp_path)
    assert mine.read_text() == "my work"
    assert (tmp_path / "notebooks" / "00-start-here.ipynb.new").is_file()
    assert again.written == []
    assert "holds the course's version beside yours" in str(again)
    assert str(lay_out(tmp_path)) == str(again)


def test_in_a_checkout_nothing_is_copied() -> None:
    assert lay_out(home()).checkout


def test_a_read_only_folder_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("shutil.copyfile", refused)
    with pytest.raises(OSError, match=r"Permission denied.*Choose a folder that you may write to"):
        lay_out(tmp_path)


def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "notebooks").write_text("a file is in the way")
    with pytest.raises(OSError, match="Choose a folder that you may write to"):
        lay_out(tmp_path)


def test_send_takes_fhir_as_it_takes_v2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    patient = {"resourceType": "Patient", "name": [{"family": "Ødegård"}]}
    entry = {
        "fullUrl": "urn:uuid:1b4e28ba-2fa1-11d2-883f-0016d3cca427",
        "resource": patient,
        "request": {"method": "POST", "url": "Patient"},
    }
    texts = {
        "a-new.json": json.dumps(patient),
        "b-own-id.xml": '<Patient xmlns="http://hl7.org/fhir"><id value="ingrid"/><gender value="female"/></Patient>',
        "c-bundle.json": json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry]}),
        "d-bad.json": json.dumps(patient | {"gender": "robot"}),
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with Sandbox("sqlite://", story_clock(), story_ids("B"), "127.0.0.1") as box:
        address = box.addresses["FHIR server"]
        status, out, _ = run(capsys, "send", "--to", address, "--format", "json", str(tmp_path))
        told = json.loads(out)
        assert [row["answer"] for row in told] == ["201 Created", "201 Created", "200 OK", "422 Unprocessable Entity"]
        assert status == 1
        assert told[1]["location"].endswith("/Patient/ingrid/_history/1")
        assert "robot" in told[3]["says"]
        status, out, _ = run(capsys, "send", "--to", address, str(tmp_path / "a-new.json"))
        assert (status, "201 Created" in out) == (0, True)
        assert len(box.wire) == 5, "a foreign client's requests are kept on the server's wire"
    status, out, _ = run(capsys, "send", "--to", address, str(tmp_path / "a-new.json"))
    assert (status, "no answer" in out) == (2, True)
    (tmp_path / "no.json").write_text("[1]")
    assert run(capsys, "send", "--to", address, str(tmp_path / "no.json"))[0] == 2


def test_send_says_what_became_of_each_message(capsys: pytest.CaptureFixture[str], sound: Path, tmp_path: Path) -> None:
    two = tmp_path / "two.hl7"
    two.write_bytes(sound.read_bytes() + sound.read_bytes().replace(b"|F00001|", b"|F00002|"))
    with Sandbox("sqlite://", story_clock(), story_ids("B"), "127.0.0.1") as box:
        address = box.addresses["Patient Encounter Consumer"]
        status, out, _ = run(capsys, "send", "--to", address, str(sound))
        assert (status, "AA" in out) == (0, True)
        status, out, _ = run(capsys, "send", "--to", address, "--format", "json", str(two))
        assert status == 1
        assert [(row["id"], row["answer"]) for row in json.loads(out)] == [("F00001", "AA"), ("F00002", "AE")]
    status, out, _ = run(capsys, "send", "--to", address, "--tries", "2", "--timeout", "0.2", str(sound))
    assert status == 2
    assert "nobody listens" in out
    assert run(capsys, "send", "--to", "http://127.0.0.1:1", str(sound))[0] == 2


def openehr_files(folder: Path) -> None:
    """A good composition in three notations, a template, a request, and a composition with a wrong unit."""
    values = json.loads(data("openehr/kit_vital_signs.v1.flat.json").read_text(encoding="utf-8"))
    good = build("kit_vital_signs.v1", values, story_clock(), story_ids("B"), standard="openehr")
    assert isinstance(good, OpenehrMessage)
    texts = {
        "a.json": good.text,
        "b.xml": as_xml(good).text,
        "c.flat.json": json.dumps(values),
        "d.opt": data("openehr/kit_vital_signs.v1.opt").read_text(encoding="utf-8"),
        "e.http": f"POST /rest/openehr/v1/ehr/7/composition HTTP/1.1\r\ncontent-type: application/json\r\nprefer: return=minimal\r\n\r\n{good.text}",
        "f.json": good.text.replace('"units": "Cel"', '"units": "C"'),
        "g.opt": "<template xmlns='http://schemas.openehr.org/v1'><concept/></template>",
        "h.xml": as_xml(good).text.replace("</composition>", ""),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")


def test_validate_takes_openehr_in_every_notation_with_templates(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    openehr_files(tmp_path)
    template = str(tmp_path / "d.opt")
    for name in ("a.json", "b.xml", "d.opt", "e.http"):
        assert run(capsys, "validate", str(tmp_path / name))[0] == 0, name
        assert run(capsys, "validate", "--template", template, str(tmp_path / name))[0] == 0, name
    for chosen in (template, "kit_vital_signs.v1"):
        status, out, _ = run(capsys, "validate", "--template", chosen, str(tmp_path / "c.flat.json"))
        assert (status, "name one" in out) == (0, False)
    assert "name one" in run(capsys, "validate", str(tmp_path / "c.flat.json"))[1]
    status, out, _ = run(capsys, "validate", "--template", "kit_problem_list.v1", str(tmp_path / "a.json"))
    assert (status, "is held against kit_problem_list.v1" in " ".join(out.split())) == (1, True)
    status, out, _ = run(capsys, "validate", "--format", "json", str(tmp_path / "f.json"), str(tmp_path / "g.opt"))
    assert status == 1
    assert [finding["rule"] for finding in json.loads(out)] == ["OPENEHR-UNITS", "OPENEHR-OPT"]
    status, _, err = run(capsys, "validate", str(tmp_path / "h.xml"))
    assert (status, "well-formed XML" in err) == (2, True)


def test_a_folder_of_openehr_is_added_up_by_several_processes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    openehr_files(tmp_path)
    more = ["--template", "kit_vital_signs.v1", "--template", "kit_problem_list.v1", "--workers", "2"]
    status, out, _ = run(capsys, "validate", str(tmp_path), *more)
    assert status == 2
    assert "OPENEHR-UNITS" in out
    assert "/content[openEHR-EHR-OBSERVATION.body_temperature.v2]" in "".join(out.split())
    assert "h.xml" in out


def test_a_template_that_is_none_is_said_before_the_work_begins(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    openehr_files(tmp_path)
    status, _, err = run(capsys, "validate", "--template", "kit_vital_sign.v1", str(tmp_path / "a.json"))
    assert (status, "did you mean kit_vital_signs.v1?" in err) == (2, True)
    status, _, err = run(capsys, "validate", "--template", str(tmp_path / "g.opt"), str(tmp_path / "a.json"))
    assert (status, "template_id" in err) == (2, True)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("DV_QUANTITY.units", "String"),
        ("COMPOSITION", "committed document"),
        ("vital_signs/body_temperature:0/any_event:0/temperature", "[degF] 30..<200"),
    ],
)
def test_explain_takes_openehr(capsys: pytest.CaptureFixture[str], path: str, says: str) -> None:
    for more in ([], ["--template", "kit_vital_signs.v1"]):
        status, out, _ = run(capsys, "explain", path, *more)
        assert status == 0
        assert says in " ".join(out.split())
    assert run(capsys, "explain", path, "--template", "kit_no.v1")[0] == 2


def test_send_takes_openehr_as_it_takes_fhir(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    openehr_files(tmp_path)
    for name in ("e.http", "g.opt", "h.xml"):
        (tmp_path / name).unlink()
    whose = ["--subject", "F00077", "--namespace", "urn:oid:2.999.10.1"]
    with Sandbox("sqlite://", story_clock(), story_ids("B"), "127.0.0.1") as box:
        address = box.addresses["openEHR repository"]
        send = ("send", "--to", address, "--template", "kit_vital_signs.v1")
        status, out, _ = run(capsys, *send, *whose, "--format", "json", str(tmp_path))
        told = json.loads(out)
        assert [Path(row["file"]).name for row in told] == [
            "kit_vital_signs.v1",
            "EHR",
            "a.json",
            "b.xml",
            "c.flat.json",
            "d.opt",
            "f.json",
        ]
        answers = [row["answer"] for row in told]
        assert answers[1:] == ["201 Created", "201 Created", "201 Created", "201 Created", "409 Conflict", "422 Unprocessable Entity"]
        assert status == 1
        assert (told[5]["says"], "/value/units The unit is C" in told[6]["says"]) == ("it is there already", True)
        assert "/composition/" in told[2]["location"]
        status, out, _ = run(capsys, *send, *whose, str(tmp_path / "a.json"))
        assert (status, "EHR: 200 OK" in out, "a.json: 201 Created" in out) == (0, True, True)
        ehr = "7d44b88c-4199-4bad-97dc-d78268e01398"
        assert run(capsys, *send, "--ehr", ehr, str(tmp_path / "a.json"))[0] == 0
        (tmp_path / "e.http").write_text(f"GET /rest/openehr/v1/ehr/{ehr} HTTP/1.1\r\naccept: application/json\r\n\r\n", newline="")
        status, out, _ = run(capsys, "send", "--to", address, str(tmp_path / "e.http"))
        assert (status, "200 OK" in out) == (0, True)
        status, _, err = run(capsys, "send", "--to", address, str(tmp_path / "a.json"))
        assert (status, "--subject ID --namespace NS" in err) == (2, True)
        status, _, err = run(capsys, "send", "--to", address, *whose, str(tmp_path / "c.flat.json"))
        assert (status, "name one with --template" in err) == (2, True)
    status, out, _ = run(capsys, "send", "--to", address, *whose, str(tmp_path / "a.json"), "--format", "json")
    assert (status, [row["answer"] for row in json.loads(out)]) == (2, ["", ""])
    assert run(capsys, "send", "--to", address)[0] == 2
