"""The judge of HubSpot's exchanges sees what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.calls import Exchange
from tests.contract.contracts.hubspot import CONTRACTS

NOW = "2026-11-21T10:00:00.000Z"
SHOWN = {"id": "1", "properties": {"email": None}, "createdAt": NOW, "updatedAt": NOW}
PATH = "/crm/v3/objects/contacts"


def exchange(
    sent: object = None,
    answered: object = None,
    *,
    status: int = 201,
    method: str = "POST",
    path: str = PATH,
    query: str = "",
) -> Exchange:
    return Exchange(
        service="hubspot",
        method=method,
        path=path,
        query=query,
        headers=[],
        body=json.dumps(sent or {"properties": {"email": "a"}}).encode(),
        status=status,
        answer_body=json.dumps(answered or SHOWN).encode(),
    )


def test_what_the_client_sends_and_takes_is_right() -> None:
    found = CONTRACTS["hubspot"].violations(exchange())

    assert (found.request, found.answer) == ([], [])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sent": {"propertys": {}}}, "unknown"),
        ({"sent": {"associations": []}}, "must not be"),
        ({"sent": {"properties": {"email": 5}}}, "is no str"),
        ({"sent": {"properties": ["email"]}}, "is no dict"),
        ({"method": "GET", "path": f"{PATH}/1", "query": "idproperty=email"}, "no parameter"),
        ({"path": "/crm/v3/objects/contacts/1/clone"}, "no such method"),
        (
            {
                "path": f"{PATH}/search",
                "sent": {"filterGroups": [{"filters": [{"propertyName": "a", "operator": "IS"}]}]},
            },
            "operator",
        ),
    ],
)
def test_a_wrong_request_is_seen(change: dict[str, Any], told: str) -> None:
    found = CONTRACTS["hubspot"].violations(exchange(**change))

    assert any(told in one for one in found.request), found.request


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"answered": {**SHOWN, "id": None}}, "must not be"),
        ({"answered": {**SHOWN, "id": 1}}, "is no str"),
        ({"answered": {**SHOWN, "createdAt": "yesterday"}}, "is no datetime"),
        ({"answered": {**SHOWN, "archived": "no"}}, "is no bool"),
        ({"answered": {**SHOWN, "url": "x"}}, "unknown"),
        ({"answered": [SHOWN]}, "is no SimplePublicObject"),
        ({"status": 200}, "knows no 200"),
        ({"status": 400, "answered": {"message": "No."}}, "correlation_id"),
        ({"status": 400, "answered": {"fault": "No."}}, "unknown"),
        ({"method": "DELETE", "path": f"{PATH}/1", "status": 204}, "no body"),
    ],
)
def test_a_wrong_answer_is_seen(change: dict[str, Any], told: str) -> None:
    found = CONTRACTS["hubspot"].violations(exchange(**change))

    assert any(told in one for one in found.answer), found.answer
