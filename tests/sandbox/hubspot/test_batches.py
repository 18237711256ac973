from __future__ import annotations

from typing import Any

import pytest

CONTACTS = "/crm/v3/objects/contacts"


def row(key: str, trace: str = "", **properties: str) -> dict[str, object]:
    found: dict[str, object] = {"id": key, "idProperty": "email", "properties": properties}
    return {**found, "objectWriteTraceId": trace} if trace else found


async def upsert(hubspot: Any, *rows: object) -> Any:
    return await hubspot.post(f"{CONTACTS}/batch/upsert", {"inputs": list(rows)})


async def test_an_upsert_tells_what_is_new_and_hands_back_traces(hubspot: Any) -> None:
    await hubspot.create(email="ann@example.org")

    answer = await upsert(
        hubspot, row("ANN@example.org", "a", city="Ottawa"), row("bob@example.org", "b")
    )

    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "COMPLETE"
    assert [(one["new"], one["objectWriteTraceId"]) for one in body["results"]] == [
        (False, "a"),
        (True, "b"),
    ]
    assert body["results"][0]["properties"]["city"] == "Ottawa"


async def test_one_wrong_value_refuses_the_whole_batch(hubspot: Any) -> None:
    answer = await upsert(hubspot, row("ann@example.org", "a"), row("bob", "b"))

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "INVALID_EMAIL"
    assert (await hubspot.get(CONTACTS)).json()["results"] == []


async def test_a_row_that_collides_is_refused_alone(hubspot: Any) -> None:
    ann = await hubspot.create(email="ann@example.org")
    await hubspot.create(email="bob@example.org")

    answer = await upsert(
        hubspot,
        row("bob@example.org", "b", email="ann@example.org"),
        row("cas@example.org", "c"),
    )

    body = answer.json()
    assert (answer.status_code, body["numErrors"]) == (207, 1)
    assert [one["objectWriteTraceId"] for one in body["results"]] == ["c"]
    assert body["errors"][0]["category"] == "CONFLICT"
    assert body["errors"][0]["message"].endswith(f"Existing ID: {ann}")
    assert body["errors"][0]["context"]["objectWriteTraceId"] == ["b"]


@pytest.mark.parametrize("count", [0, 101])
async def test_a_batch_holds_one_to_a_hundred(hubspot: Any, count: int) -> None:
    answer = await upsert(hubspot, *[row(f"{n}@example.org") for n in range(count)])

    assert answer.status_code == 400


async def test_keys_are_unique_within_a_batch(hubspot: Any) -> None:
    answer = await upsert(hubspot, row("ann@example.org"), row("ANN@example.org"))

    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Duplicate IDs found in batch input")


async def test_a_key_must_be_unique_by_its_property(hubspot: Any) -> None:
    wrong = {"id": "Ann", "idProperty": "firstname", "properties": {}}

    assert (await upsert(hubspot, wrong)).status_code == 400


async def test_an_id_that_is_not_there_is_not_created(hubspot: Any) -> None:
    answer = await upsert(hubspot, {"id": "1", "properties": {"city": "Ottawa"}})

    assert answer.status_code == 207
    assert answer.json()["errors"][0]["category"] == "OBJECT_NOT_FOUND"


async def test_new_objects_are_refused_alone_when_they_carry_traces(hubspot: Any) -> None:
    rows = [{"properties": {"email": email}} for email in ("ann@example.org", "bob")]
    traced = [{**one, "objectWriteTraceId": str(place)} for place, one in enumerate(rows)]

    whole = await hubspot.post(f"{CONTACTS}/batch/create", {"inputs": rows})
    partly = await hubspot.post(f"{CONTACTS}/batch/create", {"inputs": traced})

    assert whole.status_code == 400
    assert partly.status_code == 207
    assert partly.json()["errors"][0]["context"] == {"objectWriteTraceId": ["1"]}
    assert len(partly.json()["results"]) == 1


async def test_objects_are_read_changed_and_archived_in_batches(hubspot: Any) -> None:
    ids = [await hubspot.create(email=f"{n}@example.org") for n in range(3)]
    change = [{"id": one, "properties": {"city": "Ottawa"}} for one in [*ids[:2], "7"]]
    gone = [{"id": ids[2]}]
    wanted = {
        "inputs": [{"id": one} for one in [*ids, "8"]],
        "properties": ["city"],
        "propertiesWithHistory": [],
    }

    changed = await hubspot.post(f"{CONTACTS}/batch/update", {"inputs": change})
    archived = await hubspot.post(f"{CONTACTS}/batch/archive", {"inputs": gone})
    read = await hubspot.post(f"{CONTACTS}/batch/read", wanted)

    assert (changed.status_code, archived.status_code, read.status_code) == (207, 204, 207)
    assert [one["properties"]["city"] for one in read.json()["results"]] == ["Ottawa"] * 2
    assert read.json()["errors"][0]["context"] == {"ids": [ids[2], "8"]}


async def test_new_objects_without_traces_get_in_all_or_none(hubspot: Any) -> None:
    await hubspot.create(email="ann@example.org")
    rows = [{"properties": {"email": f"{name}@example.org"}} for name in ("bob", "ann")]

    refused = await hubspot.post(f"{CONTACTS}/batch/create", {"inputs": rows})

    assert refused.status_code == 409
    assert len((await hubspot.get(CONTACTS)).json()["results"]) == 1
