"""One resource in FHIR's two notations. Nothing is lost on the way: decimals keep their zeros, extensions of primitives their places."""

from __future__ import annotations

from ihe_kit.fhir.message import FhirMessage, parse
from ihe_kit.fhir.xml_text import write_xml
from ihe_kit.json_text import written


def as_xml(message: FhirMessage) -> FhirMessage:
    """The resource of a message in XML, its elements in the order of the definitions; what no definition knows is left out. Raises ValueError for a
    message without a resource.

    >>> print(as_xml(parse('{"resourceType": "Patient", "active": true}')).text)
    <Patient xmlns="http://hl7.org/fhir">
      <active value="true"/>
    </Patient>
    """
    if not isinstance(message.values, dict):
        raise ValueError(f"{message.name} carries no resource, so there is nothing to write in XML")
    return parse(write_xml(message.values))


def as_json(message: FhirMessage) -> FhirMessage:
    """The resource of a message in JSON. Raises ValueError for a message without a resource.

    >>> as_json(parse('<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>')).values
    {'resourceType': 'Patient', 'active': True}
    """
    if not isinstance(message.values, dict):
        raise ValueError(f"{message.name} carries no resource, so there is nothing to write in JSON")
    return parse(written(message.values))
