"""Calls every method of oehrpy's client and writes what it saw, one JSON value a line: (method, right). A call that fails ends it.

It runs in an environment of its own, since oehrpy pins what it needs. `BASE` is the repository's address up to /rest, `OPT` a template, `FLAT` values for it.
"""

import asyncio
import json
import os
from pathlib import Path

from oehrpy.client import ContributionBuilder, EHRBaseClient, OpenEHRClient
from oehrpy.client.openehr import (
    NotFoundError,
    OpenEHRError,
    PreconditionFailedError,
    ServerType,
    UnsupportedOperationError,
    ValidationError,
)

OPT = Path(os.environ["OPT"]).read_text("utf-8")
FLAT = json.loads(Path(os.environ["FLAT"]).read_text("utf-8"))
NAME = "kit_vital_signs.v1"
SYSTOLIC = "vital_signs/blood_pressure:0/any_event:0/systolic|magnitude"
AQL = "SELECT c/uid/value AS uid FROM EHR e CONTAINS COMPOSITION c ORDER BY uid"


def saw(method: str, right: object) -> None:
    print(json.dumps([method, bool(right)]), flush=True)


async def fails(method: str, call: object, kind: type[Exception], status: int | None) -> None:
    """The method raises its own error for what the repository refuses."""
    try:
        await call  # type: ignore[misc]
    except kind as problem:
        saw(method, getattr(problem, "status_code", None) == status)
    else:
        saw(f"{method} was not refused", False)


async def everything(client: OpenEHRClient) -> None:
    saw("health_check", await client.health_check())
    saw("get_server_info", (await client.get_server_info()).server_type is ServerType.GENERIC)
    ehr = (await client.create_ehr()).ehr_id
    saw("create_ehr", ehr)
    named = await client.create_ehr(
        ehr_id="7d44b88c-4199-4bad-97dc-d78268e01398", subject_id="4711", subject_namespace="urn:oid:2.999.10.1"
    )
    saw(
        "create_ehr by id and subject",
        (named.ehr_id, named.system_id) == ("7d44b88c-4199-4bad-97dc-d78268e01398", "openehr.fjordland.example"),
    )
    await fails("create_ehr twice", client.create_ehr(subject_id="4711", subject_namespace="urn:oid:2.999.10.1"), ValidationError, 409)
    saw("get_ehr", (await client.get_ehr(ehr)).time_created)
    saw("get_ehr_by_subject", (await client.get_ehr_by_subject("4711", "urn:oid:2.999.10.1")).ehr_id == named.ehr_id)
    await fails("get_ehr of nobody", client.get_ehr("7d44b88c-4199-4bad-97dc-000000000000"), NotFoundError, 404)
    await fails("delete_ehr", client.delete_ehr(ehr), OpenEHRError, 405 if client.admin_prefix is None else 404)
    await status(client, named.ehr_id)
    await templates(client)
    await compositions(client, ehr)
    await contributions(client, ehr)
    await directories(client, ehr)
    await queries(client, ehr)


async def status(client: OpenEHRClient, ehr: str) -> None:
    first = await client.get_ehr_status(ehr)
    uid = first["uid"]["value"]
    second = await client.update_ehr_status(ehr, uid, first | {"is_queryable": True, "name": {"_type": "DV_TEXT", "value": "Status"}})
    saw("update_ehr_status", second["uid"]["value"] == uid.replace("::1", "::2"))
    await fails("update_ehr_status of an older version", client.update_ehr_status(ehr, uid, first), PreconditionFailedError, 412)
    saw("get_ehr_status", (await client.get_ehr_status(ehr, version_at_time="2100-01-01T00:00:00Z"))["name"]["value"] == "Status")


async def templates(client: OpenEHRClient) -> None:
    saw("upload_template", (await client.upload_template(OPT)).template_id == NAME)
    await fails("upload_template twice", client.upload_template(OPT), ValidationError, 409)
    saw("list_templates", [one.template_id for one in await client.list_templates()] == [NAME])
    saw("get_template", (await client.get_template(NAME))["templateId"] == NAME)
    saw("get_web_template", (await client.get_web_template(NAME))["tree"]["id"] == "vital_signs")
    saw("get_template_opt", (await client.get_template_opt(NAME)).strip() == OPT.strip())
    for form in ("FLAT", "STRUCTURED", "CANONICAL"):
        saw(f"get_template_example {form}", await client.get_template_example(NAME, format=form))
    await fails("update_template", client.update_template(NAME, OPT), OpenEHRError, 405)
    await fails("delete_template", client.delete_template(NAME), OpenEHRError, 405)


async def compositions(client: OpenEHRClient, ehr: str) -> None:
    kept = await client.create_composition(ehr, FLAT, template_id=NAME, format="FLAT")
    object_id = kept.uid.partition("::")[0]
    saw("create_composition", kept.uid.endswith("::1"))
    canonical = (await client.get_composition(ehr, kept.uid)).composition or {}
    saw("get_composition", canonical["_type"] == "COMPOSITION")
    flat = (await client.get_composition(ehr, object_id, format="FLAT")).composition or {}
    saw("get_composition FLAT", flat[SYSTOLIC] == FLAT[SYSTOLIC])
    tree = (await client.get_composition(ehr, object_id, format="STRUCTURED")).composition or {}
    saw("get_composition STRUCTURED", "vital_signs" in tree)
    for form, body in (("CANONICAL", canonical), ("STRUCTURED", tree)):
        body = {key: value for key, value in body.items() if key != "uid"}
        saw(f"create_composition {form}", (await client.create_composition(ehr, body, template_id=NAME, format=form)).uid != kept.uid)
    changed = await client.update_composition(ehr, object_id, kept.uid, FLAT | {SYSTOLIC: 144}, template_id=NAME)
    saw("update_composition", changed.uid == kept.uid.replace("::1", "::2"))
    await fails("update_composition again", client.update_composition(ehr, object_id, kept.uid, FLAT, NAME), PreconditionFailedError, 412)
    saw("get_composition_at_time", (await client.get_composition_at_time(ehr, object_id, "2100-01-01T00:00:00Z")).uid == changed.uid)
    versioned = await client.get_versioned_composition(ehr, object_id)
    saw("get_versioned_composition", versioned.uid == object_id and versioned.time_created)
    version = await client.get_composition_version(ehr, object_id, changed.uid)
    saw("get_composition_version", (version.version_uid, version.preceding_version_uid) == (changed.uid, kept.uid))
    saw(
        "list_composition_versions", await client.list_composition_versions(ehr, object_id) == []
    )  # the API gives one VERSION here, and no list
    await client.delete_composition(ehr, changed.uid)
    saw("delete_composition", (await client.get_composition(ehr, object_id)).composition == {})
    await fails("create_composition of nonsense", client.create_composition(ehr, {"no/such": 1}, template_id=NAME), ValidationError, 400)


async def contributions(client: OpenEHRClient, ehr: str) -> None:
    body = await client.get_template_example(NAME, format="CANONICAL")
    kept = await client.create_composition(ehr, body, format="CANONICAL")
    builder = ContributionBuilder().add_creation(body, description="first").set_audit(committer="Jonas Dahl", description="evening round")
    made = await client.create_contribution(ehr, builder.add_amendment(kept.uid, body).build())
    saw("create_contribution", [uid.rpartition("::")[2] for uid in made.versions] == ["1", "2"])
    saw("get_contribution", (await client.get_contribution(ehr, made.contribution_uid)).versions == made.versions)
    gone = ContributionBuilder().add_deletion(made.versions[1]).add_modification(made.versions[0], body).build()
    saw("create_contribution with a deletion", len((await client.create_contribution(ehr, gone)).versions) == 2)
    await fails("create_contribution again", client.create_contribution(ehr, gone), ValidationError, 409)


async def directories(client: OpenEHRClient, ehr: str) -> None:
    def folder(name: str, *folders: object) -> dict[str, object]:
        named = {"_type": "DV_TEXT", "value": name}
        return {"_type": "FOLDER", "name": named, "archetype_node_id": "openEHR-EHR-FOLDER.generic.v1", "folders": list(folders)}

    first = await client.create_directory(ehr, folder("root", folder("episodes", folder("a"))))
    uid = first["uid"]["value"]
    saw("create_directory", uid.endswith("::1"))
    saw("get_directory", (await client.get_directory(ehr, path="episodes/a"))["name"]["value"] == "a")
    second = await client.update_directory(ehr, uid, folder("root"))
    saw("update_directory", second["uid"]["value"].endswith("::2"))
    saw("get_directory by version", (await client.get_directory(ehr, version_uid=uid))["folders"])
    await client.delete_directory(ehr, second["uid"]["value"])
    saw("delete_directory", await client.get_directory(ehr) == {})


async def queries(client: OpenEHRClient, ehr: str) -> None:
    every = await client.query(AQL, ehr_id=ehr)
    saw("query", len(every.rows) > 2 and every.columns[0]["name"] == "uid")
    saw("query_get", (await client.query_get(AQL, ehr_id=ehr, offset=1, fetch=1)).rows == every.rows[1:2])
    await client.store_query("org.example::every", AQL, "1.0.0")
    saw("store_query", (await client.get_stored_query("org.example::every", "1.0.0")).q == AQL)
    saw("list_stored_queries", [one.version for one in await client.list_stored_queries("org.example::every")] == ["1.0.0"])
    saw("get_stored_query", (await client.get_stored_query("org.example::every")).version == "1.0.0")
    saw("execute_stored_query", (await client.execute_stored_query("org.example::every", ehr_id=ehr)).rows == every.rows)
    kind: type[Exception] = UnsupportedOperationError if client.admin_prefix is None else NotFoundError
    await fails(
        "delete_stored_query", client.delete_stored_query("org.example::every", "1.0.0"), kind, None if client.admin_prefix is None else 404
    )


async def main() -> None:
    """The client of the standard, or with CLIENT=EHRBase the one that speaks as EHRbase has it: `format=FLAT`, If-Match without quotes."""
    made = EHRBaseClient if os.environ["CLIENT"] == "EHRBase" else OpenEHRClient
    async with made(base_url=os.environ["BASE"]) as client:
        await everything(client)


asyncio.run(main())
