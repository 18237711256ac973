"""Whatever is sent, HubSpot's stand-in answers in HubSpot's words, and never with a 5xx."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.hubspot.limits import Limits

BODIES: list[object] = [
    None, 5, "text", [], [[]], {}, {"inputs": None}, {"inputs": [None]}, {"inputs": [{}]},
    {"inputs": [{"id": None}]}, {"inputs": [{"id": {}, "properties": []}]},
    {"properties": None}, {"properties": {"email": {}}}, {"properties": {"email": ["a"]}},
    {"properties": {"email": 1e308}}, {"properties": {"": ""}},
    {"properties": {"é\u0000": "\u0000"}},
    {"properties": {"lastname": "x" * 100_000}},
    {"inputs": [{"id": "a", "idProperty": "email", "properties": {"email": "\u2028"}}]},
    {"inputs": [{"from": {"id": "1"}, "to": {"id": "2"}, "types": []}]},
    {"filterGroups": [{"filters": [{"propertyName": "createdate", "operator": "GT",
                                    "value": "9" * 40}]}]},
    {"filterGroups": [{"filters": [{"propertyName": "hs_object_id", "operator": "GT",
                                    "value": "nan"}]}]},
    {"after": "9" * 40, "limit": -1}, {"query": "\ud800"}, {"sorts": [{}]},
    {"objectId": {}}, {"primaryObjectId": [], "objectIdToMerge": True},
    {"name": "", "label": "", "type": 1}, {"name": "a" * 200, "label": "A"},
]  # fmt: skip
RAW = [b"", b"{", b"\xff\xfe", b"[" * 50_000, b'{"a":' * 50_000, json.dumps("\x00").encode()]
POSTS = [
    "/crm/v3/objects/contacts",
    "/crm/v3/objects/contacts/search",
    "/crm/v3/objects/contacts/batch/upsert",
    "/crm/v3/objects/contacts/batch/create",
    "/crm/v3/objects/contacts/batch/update",
    "/crm/v3/objects/contacts/batch/read",
    "/crm/v3/objects/contacts/batch/archive",
    "/crm/v3/objects/contacts/merge",
    "/crm/v3/objects/contacts/gdpr-delete",
    "/crm/v3/properties/contacts",
    "/crm/v3/properties/contacts/groups",
    "/crm/v3/properties/contacts/batch/create",
    "/crm/v4/associations/contacts/companies/labels",
    "/crm/v4/associations/contacts/companies/batch/create",
    "/crm/v4/associations/contacts/companies/batch/associate/default",
    "/crm/v4/associations/contacts/companies/batch/read",
    "/crm/v4/associations/contacts/companies/batch/archive",
]
GETS = [
    "/crm/v3/objects/contacts?limit=0",
    "/crm/v3/objects/contacts?limit=x&after=%00",
    "/crm/v3/objects/contacts?after=" + "9" * 400,
    "/crm/v3/objects/contacts?associations=spaceships",
    "/crm/v3/objects/%00/1",
    "/crm/v3/objects/contacts/%FF?idProperty=email",
    "/crm/v3/objects/contacts/1?idProperty=nothing",
    "/crm/v3/properties/spaceships",
    "/crm/v4/associations/contacts/spaceships/labels",
    "/crm/v4/objects/contacts/1/associations/companies?after=-1",
]


def check(answer: Any) -> None:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.json()["status"] == "error"
        assert answer.json()["category"]


@pytest.mark.parametrize("path", POSTS)
async def test_bodies_of_all_kinds_are_answered(hubspot: Any, sandbox: Sandbox, path: str) -> None:
    sandbox.state.store(Limits).allow(1000, 1000)
    for body in BODIES:
        check(await hubspot.call("POST", path, content=json.dumps(body).encode()))
    for raw in RAW:
        check(await hubspot.call("POST", path, content=raw))


@pytest.mark.parametrize("path", GETS)
async def test_addresses_of_all_kinds_are_answered(hubspot: Any, path: str) -> None:
    check(await hubspot.call("GET", path))
