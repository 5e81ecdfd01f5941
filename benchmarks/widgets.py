"""How long the widgets take in Python after a change, on an admission and on a report of 500 results; the Explorer, to be made.

Run: `python benchmarks/widgets.py`
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

from ihe_kit import build, parse, person
from ihe_kit.widgets import Builder, Diff, Explorer, Validator


def milliseconds(act: Callable[[int], object], times: int = 15) -> float:
    """The median time of an act; the first two calls, which read the tables, do not count."""
    took = []
    for number in range(times + 2):
        start = perf_counter()
        act(number)
        took.append((perf_counter() - start) * 1000)
    return median(took[2:])


def report(results: int) -> str:
    """An ORU^R01 with as many results."""
    obx = {
        f"OBX[{n}]-{field}": text
        for n in range(1, results + 1)
        for field, text in (("1", str(n)), ("2", "NM"), ("3", "2823-3"), ("5", "4.1"), ("11", "F"))
    }
    values = {"MSH-9": "ORU^R01^ORU_R01", "MSH-11": "P", "PID-3.1": "3390", "PID-5.1": "A", "OBR-4": "24323-8", **obx}
    return build("ORU_R01", values, standard="v2").text


def main() -> None:
    """Prints a line for each widget."""
    builder = Builder("ITI-31", event="A01", values=person("georgios"))
    print(f"Builder, ADT^A01, one value put:        {milliseconds(lambda n: builder.put('PID-5[1].2', f'G{n}')):6.1f} ms")
    values = {f"OBX[{n}]-{field}": text for n in range(1, 501) for field, text in (("2", "NM"), ("3", "2823-3"), ("5", "4.1"), ("11", "F"))}
    large = Builder("ITI-31", event="A01", values={**person("georgios"), **values})
    print(f"Builder, ADT^A01, 500 OBX, a value put: {milliseconds(lambda n: large.put('PID-5[1].2', f'G{n}')):6.1f} ms")
    for name, text in (("ADT^A01", builder.message.text), ("ORU^R01, 500 OBX", report(500))):
        view = Validator(text)

        def typed(number: int, view: Validator = view, text: str = text) -> None:
            view.text = text.replace("3390", f"33{number + 10}")

        print(f"{f'Validator, {name}, one value typed:':<39} {milliseconds(typed):6.1f} ms")
        print(f"{f'Explorer, {name}:':<39} {milliseconds(lambda _, text=text: Explorer(parse(text))):6.1f} ms")
        for what, old, new in (("one value", "3390", "33"), ("every OBX-5", "|4.1|", "|4.2|"))[: 1 + text.count("OBX|2|")]:
            diff = Diff(text, text)

            def compared(number: int, diff: Diff = diff, text: str = text, old: str = old, new: str = new) -> None:
                diff.other = text.replace(old, f"{new}{number}")

            print(f"{f'Diff, {name}, {what}:':<39} {milliseconds(compared):6.1f} ms")


if __name__ == "__main__":
    main()
