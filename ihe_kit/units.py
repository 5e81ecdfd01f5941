"""Units of measure as UCUM writes them: read, said in words, compared and converted. All three standards name their units so.

A code is read by UCUM's grammar (2.1, sections 3 to 11) from the atoms of `data/units.tsv`: those of wards and laboratories. What is surely no code
of UCUM and what only this table does not know are two things, and never mixed up. Sizes are exact fractions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache

from ihe_kit.files import rows

UCUM = "http://unitsofmeasure.org"
MOST = 100  # characters of a code, and no more brackets inside each other than that
_SYMBOL = r"10[*^]|(?:[A-Za-z%'_]|\[[^\[\]\s]+\])+"
_TOKEN = re.compile(
    rf"(?P<op>[./])|(?P<bracket>[()])|(?P<note>\{{[!-z|~]*\}})|(?:(?P<symbol>{_SYMBOL})|(?P<number>\d+))(?P<power>[+-]?\d+)?"
)
_ZEROS = {"Cel": Fraction("273.15"), "[degF]": Fraction("459.67") * 5 / 9}  # kelvin at the zero of the scale
_POWERS = {2: "square ", 3: "cubic "}

Dimension = tuple[tuple[str, int], ...]  # (a base, its power), in order


class NoUnit(ValueError):
    """The text is no code of UCUM. `instead` is the code that was probably meant, or ""."""

    def __init__(self, says: str, instead: str = "") -> None:
        super().__init__(says + (f"; UCUM writes {instead}" if instead else ""))
        self.instead = instead


class UnknownUnit(ValueError):
    """The code has the right form, but a symbol that is not among the units here: nothing can be said about it."""


class Incomparable(ValueError):
    """Two units measure different things."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: how many of its base units it is, of which dimension, and its name in words. `zero` is where its scale begins, in kelvin."""

    code: str
    size: Fraction
    dimension: Dimension
    words: str
    zero: Fraction = Fraction(0)

    @property
    def measures(self) -> str:
        """What it measures: `a mass in a volume`."""
        return _measures().get(self.dimension) or " ".join(f"{base}{power if power != 1 else ''}" for base, power in self.dimension)


@lru_cache(maxsize=2_000)
def unit(code: str) -> Unit:
    """The unit with a code. Raises NoUnit where UCUM has no such code, UnknownUnit where it cannot be told here.

    >>> unit("mg/dL").words, unit("kg/m2").words
    ('milligram per decilitre', 'kilogram per square metre')
    >>> unit("mmHg")
    Traceback (most recent call last):
    ihe_kit.units.NoUnit: mmHg is no code of UCUM; UCUM writes mm[Hg]
    """
    if code in _slips():
        raise NoUnit(f"{code} is no code of UCUM", _slips()[code])
    if not code or len(code) > MOST:
        raise NoUnit(f"a unit of {len(code)} characters is no code of UCUM" if code else "an empty text is no code of UCUM")
    tokens = _tokens(code)
    size, powers, words = _term(code, tokens)
    if tokens:
        raise NoUnit(f"{code} has a bracket that nothing opens, so it is no code of UCUM")
    return Unit(
        code, size, tuple(sorted((base, power) for base, power in powers.items() if power)), words.strip(), _ZEROS.get(code, Fraction(0))
    )


def _tokens(code: str) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    at = 0
    while at < len(code):
        match = _TOKEN.match(code, at)
        if not match:
            raise NoUnit(_refusal(code, code[at]), _meant(code))
        if found and not (match["op"] or match["bracket"] == ")" or match["note"]) and not (found[-1]["op"] or found[-1]["bracket"] == "("):
            raise NoUnit(
                f"{code} is no code of UCUM: between {found[-1].group()} and {match.group()} a point or a slash is missing", _meant(code)
            )
        found.append(match)
        at = match.end()
    return found[::-1]


def _refusal(code: str, mark: str) -> str:
    if mark.isspace() or (mark == "{" and " " in code):
        return f"{code!r} has a space in it, and no code of UCUM has one"
    if not mark.isascii():
        return f"{code} has the character {mark}, and UCUM's codes are written in ASCII alone"
    return f"{code} is no code of UCUM: {mark} does not fit there"


Term = tuple[Fraction, dict[str, int], str]  # (size, the powers of the bases, words)


def _term(code: str, tokens: list[re.Match[str]]) -> Term:
    """What stands up to the next closing bracket, from left to right (UCUM section 7)."""
    size, powers, words, sign, first = Fraction(1), dict[str, int](), "", 1, True
    while True:
        operator = tokens.pop()["op"] if tokens and tokens[-1]["op"] else ""
        if not first and not operator:
            return size, powers, words
        if (first and operator == ".") or not tokens or tokens[-1]["op"] or tokens[-1]["bracket"] == ")":
            raise NoUnit(
                f"{code} is no code of UCUM: a unit is missing {'before' if first and operator else 'after'} {operator or 'a bracket'}"
            )
        sign = -1 if operator == "/" else 1
        one, bases, name = _component(code, tokens)
        size *= one**sign
        for base, power in bases.items():
            powers[base] = powers.get(base, 0) + sign * power
        words, first = f"{words} {'per ' if sign < 0 else ''}{name}", False


def _component(code: str, tokens: list[re.Match[str]]) -> Term:
    token = tokens.pop()
    if token["note"]:
        return Fraction(1), {}, f"({token['note'][1:-1]})"
    if token["bracket"]:
        size, powers, words = _term(code, tokens)
        if not tokens:
            raise NoUnit(f"{code} has a bracket that nothing closes, so it is no code of UCUM")
        tokens.pop()
        words = words.strip()
    else:
        size, powers, words = _simple(code, token)
    if tokens and tokens[-1]["note"]:
        words += f" ({tokens.pop()['note'][1:-1]})"
    return size, powers, words


def _simple(code: str, token: re.Match[str]) -> Term:
    power = int(token["power"] or 1)
    if abs(power) > 30:
        raise UnknownUnit(f"{code} has a power of {power}, and powers of more than 30 are not worked out here")
    if token["number"]:
        if len(token["number"]) > 9 or not int(token["number"]):
            raise NoUnit(f"{code} has the number {token['number'][:12]}, which is no factor of a unit")
        return Fraction(int(token["number"])) ** power, {}, token["number"] + (f" to the power {power}" if token["power"] else "")
    size, powers, words = _atom(code, token["symbol"])
    if power != 1:
        words = _POWERS[power] + words if power in _POWERS and token["symbol"][:2] != "10" else f"{words} to the power {power}"
    return size**power, {base: each * power for base, each in powers.items()}, words


def _atom(code: str, symbol: str) -> Term:
    """A symbol with or without a prefix: the longest prefix that leaves a metric unit (UCUM section 4)."""
    if symbol in _atoms():
        return _sized(symbol)
    for prefix, row in _prefixes():
        rest = symbol.removeprefix(prefix)
        if rest != symbol and rest in _atoms() and _atoms()[rest]["metric"]:
            size, powers, words = _sized(rest)
            return Fraction(row["factor"]) * size, powers, row["words"] + words
    if symbol in _slips():
        raise NoUnit(f"{symbol} in {code} is no unit of UCUM" if symbol != code else f"{code} is no code of UCUM", _meant(code))
    raise UnknownUnit(f"{symbol} is not among the units that are known here" + (f", so {code} could not be read" if symbol != code else ""))


@lru_cache(maxsize=200)
def _sized(symbol: str) -> Term:
    row = _atoms()[symbol]
    if row["kind"] == "base":
        return Fraction(1), {symbol: 1}, row["words"]
    of = unit(row["of"])
    return Fraction(row["factor"]) * of.size, dict(of.dimension), row["words"]


def _meant(code: str) -> str:
    """The code that was probably meant: common mistakes mended, symbol by symbol, as long as that gives a unit."""
    spaced = re.sub(r"\{[^{}]*\}", lambda note: re.sub(r"\s+", "_", note.group()), code)
    mended = re.sub(r"[^./(){}]+", lambda part: _slips().get(part.group(), part.group()), "".join(spaced.split()))
    try:
        return unit(mended).code if mended != code else ""
    except ValueError:
        return ""


def _kind(*kinds: str) -> Iterator[dict[str, str]]:
    return (row for row in rows("units.tsv") if row["kind"] in kinds)


@lru_cache(maxsize=1)
def _atoms() -> Mapping[str, dict[str, str]]:
    return {row["code"]: row for row in _kind("base", "atom")}


@lru_cache(maxsize=1)
def _prefixes() -> tuple[tuple[str, dict[str, str]], ...]:
    return tuple(sorted(((row["code"], row) for row in _kind("prefix")), key=lambda one: -len(one[0])))


@lru_cache(maxsize=1)
def _slips() -> Mapping[str, str]:
    return {row["code"]: row["of"] for row in _kind("slip")}


@lru_cache(maxsize=1)
def _measures() -> Mapping[Dimension, str]:
    return {unit(row["of"]).dimension: row["words"] for row in _kind("measure")}


@dataclass(frozen=True, eq=False)
class Quantity:
    """A number with its unit. Compared by what it says: 1 g is 1000 mg; two that measure different things raise Incomparable.

    >>> quantity("0.126 g/dL") > quantity("100 mg/dL"), quantity("38.5 Cel").to("[degF]")
    (True, 101.3 [degF])
    """

    value: Decimal
    unit: str

    def to(self, code: str, molar_mass: str = "") -> Quantity:
        """The same quantity in another unit. From a mass to an amount of substance, or back, it takes the substance's `molar_mass`, such as
        `180.156 g/mol`. Raises Incomparable where the units measure different things, and as `unit` does.
        """
        here, there = unit(self.unit), unit(code)
        size = Fraction(self.value) * here.size + here.zero
        if molar_mass:
            size /= _grams(molar_mass) ** (_mass(here) - _mass(there))
        if (_but_mass(here) != _but_mass(there)) if molar_mass else (here.dimension != there.dimension):
            raise Incomparable(_apart(here, there))
        return Quantity(_decimal((size - there.zero) / there.size), code)

    def _order(self, other: Quantity) -> Fraction:
        here, there = unit(self.unit), unit(other.unit)
        if here.dimension != there.dimension:
            raise Incomparable(_apart(here, there))
        return Fraction(self.value) * here.size + here.zero - Fraction(other.value) * there.size - there.zero

    def __eq__(self, other: object) -> bool:
        return self._order(other) == 0 if isinstance(other, Quantity) else NotImplemented

    def __lt__(self, other: Quantity) -> bool:
        return self._order(other) < 0

    def __le__(self, other: Quantity) -> bool:
        return self._order(other) <= 0

    def __gt__(self, other: Quantity) -> bool:
        return self._order(other) > 0

    def __ge__(self, other: Quantity) -> bool:
        return self._order(other) >= 0

    def __round__(self, digits: int = 0) -> Quantity:
        return Quantity(round(self.value, digits), self.unit)

    def __hash__(self) -> int:
        here = unit(self.unit)
        return hash((Fraction(self.value) * here.size + here.zero, here.dimension))

    def __repr__(self) -> str:
        return f"{self.value:f} {self.unit}"


def quantity(text: str) -> Quantity:
    """`126 mg/dL` as a number and a unit. Raises ValueError for anything else, and as `unit` does."""
    number, _, code = text.strip().partition(" ")
    try:
        value = Decimal(number)
        if not value.is_finite() or abs(value.adjusted()) > 50:
            raise InvalidOperation
    except InvalidOperation:
        raise ValueError(f"{text[:60]!r} is no quantity: expected a number and a unit, such as 126 mg/dL") from None
    return Quantity(value, unit(code.strip() or "1").code)


def same(one: str, other: str) -> bool:
    """Whether two codes mean the same unit, however they are written. Raises as `unit` does.

    >>> same("mg/dl", "mg/dL"), same("mg", "Mg")
    (True, False)
    """
    first, second = unit(one), unit(other)
    return (first.size, first.dimension, first.zero) == (second.size, second.dimension, second.zero)


def _mass(one: Unit) -> int:
    """The power to which mass stands in a dimension."""
    return dict(one.dimension).get("g", 0)


def _but_mass(one: Unit) -> Dimension:
    return tuple((base, power) for base, power in one.dimension if base != "g")


def _grams(molar_mass: str) -> Fraction:
    """The grams of one molecule, from a molar mass such as 180.156 g/mol."""
    given = quantity(molar_mass)
    if unit(given.unit).dimension != unit("g/mol").dimension or "mol" not in given.unit or given.value <= 0:
        raise Incomparable(f"{molar_mass} is no molar mass: expected one such as 180.156 g/mol")
    return Fraction(given.value) * unit(given.unit).size


def _apart(one: Unit, other: Unit) -> str:
    says = f"{one.code} measures {one.measures}, and {other.code} {other.measures}: no factor leads from one to the other"
    molar = _mass(one) != _mass(other) and _but_mass(one) == _but_mass(other)
    return says + (". It takes the molar mass, which depends on the substance, and a unit does not know the substance" if molar else "")


def _decimal(number: Fraction) -> Decimal:
    """A fraction with at most 15 digits, without zeros at the end."""
    if not number:
        return Decimal(0)
    found = (Decimal(number.numerator) / Decimal(number.denominator)).normalize()
    digits = 14 - found.adjusted()
    return Decimal(f"{round(found, digits).normalize():f}")
