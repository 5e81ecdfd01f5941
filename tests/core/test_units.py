"""Units of measure: read by UCUM's grammar, said in words, compared and converted; and what is no unit is told from what is not known here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ihe_kit.files import rows
from ihe_kit.units import Incomparable, NoUnit, UnknownUnit, quantity, same, unit

READ = [  # (section of UCUM, code, words, what it measures)
    ("4", "mg", "milligram", "a mass"),
    ("4", "mmol/L", "millimole per litre", "an amount of substance, or a count, in a volume"),
    ("4", "dag", "decagram", "a mass"),
    ("5", "mm[Hg]", "millimetre of mercury", "a pressure"),
    ("5", "[in_i]", "inch", "a length"),
    ("6", "{beats}/min", "(beats) per minute", "a rate"),
    ("6", "umol/g{creat}", "micromole per gram (creat)", "an amount of substance, or a count, in a mass"),
    ("6", "g/(8.h){shift}", "gram per 8 hour (shift)", "g s-1"),
    ("7", "/min", "per minute", "a rate"),
    ("7", "ug/kg/min", "microgram per kilogram per minute", "a rate"),
    ("7", "kg.m/s2", "kilogram metre per square second", "g m s-2"),
    ("8", "10*9/L", "ten to the power 9 per litre", "an amount of substance, or a count, in a volume"),
    ("8", "2.5", "2 5", "a number without a dimension"),
    ("9", "kg/m2", "kilogram per square metre", "a mass for an area"),
    ("9", "cm3", "cubic centimetre", "a volume"),
    ("9", "2+10", "2 to the power 10", "a number without a dimension"),
    ("10", "mL/(min.kg)", "millilitre per minute kilogram", "g-1 m3 s-1"),
    ("", "K/uL", "kelvin per microlitre", "a temperature in a volume"),  # no thousand: that is 10*3/uL
    ("", "MG", "megagauss", "C-1 g s-1"),
]

REFUSED = [  # (code, what is said, the code that was meant)
    ("mmHg", "no code of UCUM", "mm[Hg]"),
    ("mcg/kg/min", "mcg in mcg/kg/min", "ug/kg/min"),
    ("IU/L", "IU in IU/L", "[iU]/L"),
    ("µg/L", "ASCII", "ug/L"),
    ("mg/ dL", "space", "mg/dL"),
    ("{red cells}/uL", "space", "{red_cells}/uL"),
    ("mL/min/1.73m2", "no code", "mL/min/{1.73_m2}"),
    ("mg//dL", "missing after /", ""),
    ("./mg", "missing before .", ""),
    ("mg.", "missing after .", ""),
    ("mg(dL)", "a point or a slash is missing", ""),
    ("(mg", "nothing closes", ""),
    ("mg)", "nothing opens", ""),
    ("()", "missing after a bracket", ""),
    ("1.0", "number 0", ""),
    ("{a{b}}", "does not fit", ""),
    ("", "empty", ""),
    ("m" * 200, "200 characters", ""),
]


@pytest.mark.parametrize(("code", "words", "measures"), [row[1:] for row in READ])
def test_read(code: str, words: str, measures: str) -> None:
    assert (unit(code).words, unit(code).measures) == (words, measures)


@pytest.mark.parametrize(("code", "says", "instead"), REFUSED)
def test_no_code_of_ucum(code: str, says: str, instead: str) -> None:
    with pytest.raises(NoUnit) as refused:
        unit(code)
    assert says in str(refused.value)
    assert refused.value.instead == instead
    assert not instead or unit(instead)


@pytest.mark.parametrize("code", ["erg", "mg/erg", "[foz_us]", "mgdL", "kmin", "m99"])
def test_what_is_not_known_here_is_no_mistake(code: str) -> None:
    """Prefixes stand before metric units alone (UCUM section 11): `kmin` is none, and not known, either."""
    with pytest.raises(UnknownUnit):
        unit(code)


def test_every_row_can_be_read() -> None:
    for row in rows("units.tsv"):
        if row["kind"] in ("base", "atom"):
            assert unit(row["code"]).words == row["words"]
            assert row["metric"] in ("yes", "")
        elif row["kind"] == "slip":
            assert unit(row["of"])
            with pytest.raises(NoUnit):
                unit(row["code"])
        elif row["kind"] == "measure":
            assert unit(row["of"]).measures == row["words"]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("mg/dL", "mg/dl", True), ("mg/dL", "g/L", False), ("10*9/L", "10^9/L", True), ("10*9/L", "10*3/uL", True), ("mg", "Mg", False),
        ("[iU]/L", "[IU]/L", True), ("{beats}/min", "/min", True), ("Cel", "K", False), ("ug/mL", "mg/L", True), ("mL", "cm3", True),
    ],
)  # fmt: skip
def test_the_same_unit_in_other_letters(one: str, other: str, expected: bool) -> None:
    assert same(one, other) is expected


@pytest.mark.parametrize(
    ("given", "to", "expected"),
    [
        ("126 mg/dL", "g/L", "1.26"), ("5.5 mmol/L", "umol/L", "5500"), ("38.5 Cel", "[degF]", "101.3"), ("101.3 [degF]", "Cel", "38.5"),
        ("0 Cel", "K", "273.15"), ("120 mm[Hg]", "kPa", "15.99864"), ("70 kg", "[lb_av]", "154.323583529414"), ("1 a", "d", "365.25"),
        ("150 10*3/uL", "10*9/L", "150"), ("1 U", "umol/min", "1"), ("1 m[H2O]", "cm[H2O]", "100"), ("-40 Cel", "[degF]", "-40"),
    ],
)  # fmt: skip
def test_convert(given: str, to: str, expected: str) -> None:
    assert str(quantity(given).to(to)) == f"{expected} {to}"


def test_mass_and_amount_need_the_substance() -> None:
    glucose = quantity("126 mg/dL")
    with pytest.raises(Incomparable, match="depends on the substance"):
        glucose.to("mmol/L")
    with pytest.raises(Incomparable, match="no molar mass"):
        glucose.to("mmol/L", molar_mass="180.156 g")
    assert str(round(glucose.to("mmol/L", molar_mass="180.156 g/mol"), 1)) == "7.0 mmol/L"
    assert str(quantity("7 mmol/L").to("mg/dL", molar_mass="180.156 g/mol")) == "126.1092 mg/dL"
    with pytest.raises(Incomparable, match="a length"):
        glucose.to("mm", molar_mass="180.156 g/mol")


def test_quantities_are_compared_by_what_they_say() -> None:
    assert quantity("1 g") == quantity("1000 mg")
    assert hash(quantity("1 g")) == hash(quantity("1000 mg"))
    assert quantity("0.126 g/dL") > quantity("100 mg/dL") >= quantity("1 g/L")
    assert quantity("37 Cel") < quantity("100 [degF]")
    with pytest.raises(Incomparable, match="mg measures a mass, and mL a volume"):
        _ = quantity("1 mg") < quantity("1 mL")
    with pytest.raises(Incomparable):
        quantity("5 [iU]").to("mg")


@pytest.mark.parametrize("text", ["", "mg", "nan mg", "1e999 mg", "1,5 mg", "Infinity g"])
def test_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="no quantity"):
        quantity(text)


@given(st.text(alphabet="mgkLdl/.(){}[]10*^%+-H µ\n", max_size=110))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        assert unit(text).size > 0
    except (NoUnit, UnknownUnit) as refused:
        assert str(refused)
