"""openEHR's own XML schemas, release 1.0.2: the second opinion on what this kit writes. Where they come from stands in NOTICE.md."""

from functools import lru_cache
from pathlib import Path

from lxml import etree


@lru_cache(maxsize=2)
def schema(name: str) -> etree.XMLSchema:
    """One of the schemas: `Template.xsd` for operational templates, `Composition.xsd` for compositions."""
    return etree.XMLSchema(etree.parse(str(Path(__file__).parent / name)))
