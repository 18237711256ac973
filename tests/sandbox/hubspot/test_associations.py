from __future__ import annotations

from typing import Any

import pytest

BATCH = "/crm/v4/associations/contacts/companies/batch"
LABELS = "/crm/v4/associations/contacts/companies/labels"


@pytest.fixture
async def ids(hubspot: Any) -> tuple[str, str]:
    return await hubspot.create(email="a@example.org"), await hubspot.create("companies", name="A")


def pair(ids: tuple[str, str], **more: object) -> dict[str, object]:
    return {"from": {"id": ids[0]}, "to": {"id": ids[1]}, **more}


async def ends(hubspot: Any, ids: tuple[str, str]) -> list[Any]:
    path = f"/crm/v4/objects/contacts/{ids[0]}/associations/companies"
    return list((await hubspot.get(path)).json()["results"])


async def test_a_default_association_is_seen_from_both_ends(
    hubspot: Any, ids: tuple[str, str]
) -> None:
    made = await hubspot.post(f"{BATCH}/associate/default", {"inputs": [pair(ids)]})

    assert [one["associationSpec"]["associationTypeId"] for one in made.json()["results"]] == [
        279,
        280,
    ]
    (there,) = await ends(hubspot, ids)
    assert there["toObjectId"] == ids[1]
    assert there["associationTypes"] == [
        {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None}
    ]
    back = await hubspot.get(f"/crm/v3/objects/companies/{ids[1]}", associations="contacts")
    assert back.json()["associations"]["contacts"]["results"] == [
        {"id": ids[0], "type": "company_to_contact"}
    ]


async def test_a_label_is_defined_for_both_ends_and_comes_with_the_default(
    hubspot: Any, ids: tuple[str, str]
) -> None:
    new = {"name": "buyer", "label": "Buyer", "inverseLabel": "Buys for"}
    there, back = (await hubspot.post(LABELS, new)).json()["results"]
    spec = {"associationCategory": there["category"], "associationTypeId": there["typeId"]}

    made = await hubspot.post(f"{BATCH}/create", {"inputs": [pair(ids, types=[spec])]})

    assert made.status_code == 201
    assert made.json()["results"][0]["labels"] == ["Buyer"]
    (end,) = await ends(hubspot, ids)
    assert [one["label"] for one in end["associationTypes"]] == [None, "Buyer"]
    assert (there["label"], back["label"]) == ("Buyer", "Buys for")
    listed = (await hubspot.get(LABELS)).json()["results"]
    assert [one["label"] for one in listed] == [None, "Primary", "Buyer"]
    assert (await hubspot.post(LABELS, new)).status_code == 400


async def test_pairs_that_are_wrong_are_told_and_the_others_made(
    hubspot: Any, ids: tuple[str, str]
) -> None:
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}
    wrong = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 280}
    inputs = [
        pair(ids, types=[spec]),
        pair(("1", ids[1]), types=[spec]),
        pair(ids, types=[wrong]),
    ]

    made = await hubspot.post(f"{BATCH}/create", {"inputs": inputs})

    assert made.status_code == 207
    assert len(made.json()["results"]) == 1
    assert [one["category"] for one in made.json()["errors"]] == [
        "OBJECT_NOT_FOUND",
        "VALIDATION_ERROR",
    ]


async def test_what_belongs_to_nothing_is_told_as_an_error(
    hubspot: Any, ids: tuple[str, str]
) -> None:
    read = await hubspot.post(f"{BATCH}/read", {"inputs": [{"id": ids[0]}]})

    assert read.status_code == 207
    assert read.json()["results"] == []
    assert read.json()["errors"][0]["context"] == {"fromObjectId": [ids[0]]}


async def test_an_association_is_removed_from_both_ends(hubspot: Any, ids: tuple[str, str]) -> None:
    path = f"/crm/v4/objects/contacts/{ids[0]}/associations"
    assert (await hubspot.call("PUT", f"{path}/default/companies/{ids[1]}")).is_success

    gone = await hubspot.call("DELETE", f"{path}/companies/{ids[1]}")

    assert gone.status_code == 204
    assert await ends(hubspot, ids) == []
    back = await hubspot.get(f"/crm/v3/objects/companies/{ids[1]}", associations="contacts")
    assert "associations" not in back.json()


async def test_a_batch_removes_what_is_there(hubspot: Any, ids: tuple[str, str]) -> None:
    await hubspot.post(f"{BATCH}/associate/default", {"inputs": [pair(ids)]})
    order = {"inputs": [{"from": {"id": ids[0]}, "to": [{"id": ids[1]}, {"id": "7"}]}]}

    assert (await hubspot.post(f"{BATCH}/archive", order)).status_code == 204
    assert await ends(hubspot, ids) == []


async def test_an_object_is_created_with_its_associations(hubspot: Any) -> None:
    company = await hubspot.create("companies", name="A")
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}
    new = {
        "properties": {"email": "a@example.org"},
        "associations": [{"to": {"id": company}, "types": [spec]}],
    }

    made = (await hubspot.post("/crm/v3/objects/contacts", new)).json()

    assert (await ends(hubspot, (made["id"], company)))[0]["toObjectId"] == company
    new["associations"] = [{"to": {"id": "7"}, "types": [spec]}]
    new["properties"] = {"email": "b@example.org"}
    assert (await hubspot.post("/crm/v3/objects/contacts", new)).status_code == 400
    assert len((await hubspot.get("/crm/v3/objects/contacts")).json()["results"]) == 1


async def test_a_list_of_ends_has_pages(hubspot: Any, ids: tuple[str, str]) -> None:
    others = [await hubspot.create("companies", name=str(n)) for n in range(2)]
    inputs = [pair((ids[0], one)) for one in (ids[1], *others)]
    await hubspot.post(f"{BATCH}/associate/default", {"inputs": inputs})
    path = f"/crm/v4/objects/contacts/{ids[0]}/associations/companies"

    first = (await hubspot.get(path, limit=2)).json()
    second = (await hubspot.get(path, limit=2, after=first["paging"]["next"]["after"])).json()

    found = [one["toObjectId"] for one in first["results"] + second["results"]]
    assert found == [ids[1], *others]
    assert "paging" not in second


async def test_an_archived_object_belongs_to_nothing(hubspot: Any, ids: tuple[str, str]) -> None:
    await hubspot.post(f"{BATCH}/associate/default", {"inputs": [pair(ids)]})

    await hubspot.call("DELETE", f"/crm/v3/objects/companies/{ids[1]}")

    assert await ends(hubspot, ids) == []
