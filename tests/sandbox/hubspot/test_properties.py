from __future__ import annotations

from typing import Any

import pytest

PROPERTIES = "/crm/v3/properties/contacts"
SCORE = {
    "name": "hotrod_score",
    "label": "Score",
    "type": "number",
    "fieldType": "number",
    "groupName": "contactinformation",
}


async def test_a_property_is_defined_and_takes_values_of_its_type(hubspot: Any) -> None:
    made = await hubspot.post(PROPERTIES, SCORE)

    assert made.status_code == 201
    assert made.json()["hubspotDefined"] is False
    assert (await hubspot.get(f"{PROPERTIES}/hotrod_score")).json()["type"] == "number"
    names = {one["name"] for one in (await hubspot.get(PROPERTIES)).json()["results"]}
    assert {"email", "hotrod_score"} <= names
    await hubspot.create(email="a@example.org", hotrod_score="7")
    wrong = {"properties": {"email": "b@example.org", "hotrod_score": "high"}}
    assert (await hubspot.post("/crm/v3/objects/contacts", wrong)).status_code == 400


async def test_a_property_is_defined_once(hubspot: Any) -> None:
    await hubspot.post(PROPERTIES, SCORE)

    again = await hubspot.post(PROPERTIES, SCORE)

    assert again.status_code == 409
    assert again.json()["category"] == "OBJECT_ALREADY_EXISTS"


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Hotrod Score"},
        {"type": "colour"},
        {"fieldType": "slider"},
        {"groupName": "nowhere"},
        {"type": "enumeration", "fieldType": "select"},
    ],
)
async def test_definitions_that_hubspot_refuses(hubspot: Any, change: dict[str, str]) -> None:
    refused = await hubspot.post(PROPERTIES, {**SCORE, **change})

    assert refused.status_code == 400
    assert (await hubspot.get(f"{PROPERTIES}/hotrod_score")).status_code == 404


async def test_a_batch_of_properties_is_refused_one_by_one(hubspot: Any) -> None:
    inputs = [SCORE, SCORE, {**SCORE, "name": "hotrod_stage"}]

    made = await hubspot.post(f"{PROPERTIES}/batch/create", {"inputs": inputs})

    assert made.status_code == 207
    assert [one["name"] for one in made.json()["results"]] == ["hotrod_score", "hotrod_stage"]


async def test_our_properties_can_be_removed_and_hubspots_can_not(hubspot: Any) -> None:
    await hubspot.post(PROPERTIES, SCORE)

    ours = await hubspot.call("DELETE", f"{PROPERTIES}/hotrod_score")
    theirs = await hubspot.call("DELETE", f"{PROPERTIES}/email")

    assert (ours.status_code, theirs.status_code) == (204, 400)


async def test_groups_are_defined_once(hubspot: Any) -> None:
    group = {"name": "hotrod", "label": "Hot Rod"}

    first = await hubspot.post(f"{PROPERTIES}/groups", group)
    second = await hubspot.post(f"{PROPERTIES}/groups", group)

    assert (first.status_code, second.status_code) == (201, 409)
    assert (await hubspot.get(f"{PROPERTIES}/groups/hotrod")).json()["label"] == "Hot Rod"
    assert (await hubspot.get(f"{PROPERTIES}/groups/nowhere")).status_code == 404
    listed = (await hubspot.get(f"{PROPERTIES}/groups")).json()["results"]
    assert [one["name"] for one in listed] == ["contactinformation", "hotrod"]
