"""Which form a Builder shows for what it is asked to build: a transaction, a type of resource of FHIR, a template of openEHR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ihe_kit.core import nearest
from ihe_kit.fhir.dictionary import is_resource
from ihe_kit.ihe import Transaction
from ihe_kit.openehr import Template
from ihe_kit.openehr.opt import known, own
from ihe_kit.profiles import transaction as by_number
from ihe_kit.profiles import transactions
from ihe_kit.widgets.fhir_form import FhirForm
from ihe_kit.widgets.forms import Form
from ihe_kit.widgets.openehr_form import OpenehrForm
from ihe_kit.widgets.v2_form import V2Form


def form_for(asked: str | Transaction | Template, profile: Any, packages: Sequence[Any], ehr: str) -> Form:
    """The form of a transaction, a type of resource or a template. Raises ValueError for what is not known or has nothing to fill in."""
    if template := _template(asked):
        return OpenehrForm(by_number("openEHR composition"), template, ehr)
    transaction = _transaction(asked)
    key, method = transaction.standard.key, transaction.structure.partition(" ")[0]
    if key == "v2":
        return V2Form(transaction)
    if key == "fhir" and method in ("PUT", "POST"):
        return FhirForm(transaction, profile, packages)
    label = transaction.standard.label
    says = "a search has no body: SearchBuilder makes one" if key == "fhir" else "of openEHR, a composition has a form"
    raise ValueError(
        f"Builder makes messages of HL7 v2, resources of FHIR and compositions of openEHR, and {transaction.number} is {label}: {says}"
    )


def _template(asked: str | Transaction | Template) -> Template | None:
    """The template itself or by its id, or that of a transaction that stores a composition: `POST ehr/{ehr_id}/composition kit_vital_signs.v1`."""
    if isinstance(asked, Template) or (isinstance(asked, str) and asked not in transactions()):
        return known(asked)
    chosen = by_number(asked)
    method, _, rest = chosen.structure.partition(" ")
    url, _, named = rest.partition(" ")
    return known(named) if chosen.standard.key == "openehr" and method == "POST" and url.endswith("/composition") else None


def _transaction(asked: Any) -> Transaction:
    """The transaction with a number; for a type of resource, such as `Patient`, FHIR's own create."""
    if isinstance(asked, str) and is_resource(asked):
        return replace(by_number("FHIR"), structure=f"POST {asked}", name="create")
    if isinstance(asked, str) and asked not in transactions():
        raise ValueError(
            f"{asked!r} is no transaction, resource or template that the kit knows" + nearest(asked, [*transactions(), *own()])
        )
    return by_number(asked)
