"""ihe_kit: learn healthcare interoperability by doing it.

The verbs are here: parse, explain, build, validate, repair, difference, exchange, send, transactions, sandbox, person. The three standards are the rooms
`ihe_kit.v2`, `ihe_kit.fhir` and `ihe_kit.openehr`. Nothing is imported before it is used, so `import ihe_kit` costs next to nothing.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ihe_kit import fhir, openehr, v2
    from ihe_kit.crosswalk import person
    from ihe_kit.fhir_client import FhirClient
    from ihe_kit.hospital import Hospital
    from ihe_kit.openehr_client import OpenehrClient
    from ihe_kit.region import Sandbox, sandbox
    from ihe_kit.site import page
    from ihe_kit.verbs import build, difference, exchange, explain, parse, repair, send, transactions, validate

__version__ = "0.1.0"
__all__ = [
    "FhirClient", "Hospital", "OpenehrClient", "Sandbox", "build", "difference", "exchange", "explain", "fhir", "openehr", "page", "parse", "person", "repair", "sandbox", "send", "transactions", "v2", "validate",
]  # fmt: skip

_WHERE = {
    "person": "crosswalk",
    "sandbox": "region",
    "Sandbox": "region",
    "Hospital": "hospital",
    "page": "site",
    "FhirClient": "fhir_client",
    "OpenehrClient": "openehr_client",
}  # every other verb is in verbs


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in ("v2", "fhir", "openehr"):
        return import_module(f"ihe_kit.{name}")
    if name in __all__:
        return getattr(import_module(f"ihe_kit.{_WHERE.get(name, 'verbs')}"), name)
    raise AttributeError(f"module 'ihe_kit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
