from __future__ import annotations

from typing import Any

import pytest

from connectors._http.errors import RejectedError, TransientError, UnknownOutcomeError
from connectors._http.paging import EndlessPagingError, items
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.errors import UnknownPropertyError
from connectors.hubspot.models import Association, Filter, KeyedValues, WantedProperty

ANN = "ann@example.org"
TOKEN = "pat-hunter2"


def beyond(object_id: str) -> dict[str, str]:
    return {"propertyName": "hs_object_id", "operator": "GT", "value": object_id}


async def test_an_object_is_asked_for(server: Any, hubspot: HubSpotClient, shown: Any) -> None:
    server.answer(200, shown(associations={"companies": {"results": [{"id": "9", "type": "x"}]}}))

    found = await hubspot.get_object(
        "contacts",
        ANN,
        id_property="email",
        properties=["city", "zip"],
        associations=["companies"],
    )

    assert found.associations == {"companies": ("9",)}
    assert server.seen[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert server.seen[0].target == (
        "/crm/v3/objects/contacts/ann%40example.org"
        "?properties=city&properties=zip&associations=companies&idProperty=email"
    )


async def test_a_batch_is_sent_by_key_with_a_mark_on_each_row(
    server: Any, hubspot: HubSpotClient, shown: Any, batch: Any, sent: Any
) -> None:
    results = [shown(str(n), new=n == 1, objectWriteTraceId=str(n)) for n in (1, 0)]
    server.answer(200, batch(*results))

    found = await hubspot.upsert_contacts(
        [KeyedValues(ANN, {"city": "Ottawa"}), KeyedValues("bob@example.org")]
    )

    assert server.seen[0].target == "/crm/v3/objects/contacts/batch/upsert"
    assert sent(-1)["inputs"][0] == {
        "idProperty": "email",
        "id": ANN,
        "objectWriteTraceId": "0",
        "properties": {"city": "Ottawa"},
    }
    assert [one.result.id for one in found if one.result] == ["0", "1"]


async def test_rows_that_an_answer_does_not_mention_are_of_unknown_outcome(
    server: Any, hubspot: HubSpotClient, batch: Any
) -> None:
    server.answer(207, batch(numErrors=1, errors=[{"category": "CONFLICT", "context": {}}]))

    (found,) = await hubspot.upsert_contacts([KeyedValues(ANN)])

    assert type(found.error) is UnknownOutcomeError


async def test_a_batch_without_an_answer_is_asked_for_again(
    server: Any, hubspot: HubSpotClient, waits: list[float], shown: Any, batch: Any
) -> None:
    server.reset()
    server.answer(502, b"<html>")
    server.answer(200, batch(shown(new=False, objectWriteTraceId="0")))

    (found,) = await hubspot.upsert_contacts([KeyedValues(ANN)])

    assert found.is_done
    assert waits == [1.0, 2.0]


async def test_a_batch_that_fails_fails_each_row_and_no_other(
    server: Any, hubspot: HubSpotClient, shown: Any, batch: Any
) -> None:
    for _ in range(3):
        server.answer(503)
    server.answer(200, batch(shown(new=True, objectWriteTraceId="0")))
    rows = [KeyedValues(f"{n}@example.org") for n in range(101)]

    found = await hubspot.upsert_contacts(rows, concurrency=1)

    assert all(type(one.error) is TransientError for one in found[:100])
    assert found[100].is_done


@pytest.mark.parametrize("with_it", [{0}, {1, 3}, {0, 1, 2, 3}])
async def test_rows_with_an_unknown_property_are_left_out_at_once(
    server: Any, hubspot: HubSpotClient, shown: Any, batch: Any, with_it: set[int]
) -> None:
    detail = {"code": "PROPERTY_DOESNT_EXIST", "context": {"propertyName": ["shoe_size"]}}
    server.answer(400, {"category": "VALIDATION_ERROR", "message": "No.", "errors": [detail]})
    if others := 4 - len(with_it):
        traces = [shown(new=True, objectWriteTraceId=str(n)) for n in range(others)]
        server.answer(200, batch(*traces))
    rows = [
        KeyedValues(f"{n}@example.org", {"shoe_size": "44"} if n in with_it else {})
        for n in range(4)
    ]

    found = await hubspot.upsert_contacts(rows)

    assert [one.item for one in found] == rows
    assert {n for n, one in enumerate(found) if one.error} == with_it
    assert {type(one.error) for one in found if one.error} == {UnknownPropertyError}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"message": "Property badge is not unique"}),
        (400, {"errors": [{"code": "READ_ONLY", "context": {"propertyName": ["badge"]}}]}),
        (302, None),
    ],
)
async def test_a_refusal_that_is_about_no_row_is_told_after_a_few_calls(
    server: Any, hubspot: HubSpotClient, sent: Any, status: int, body: dict[str, Any] | None
) -> None:
    for times in [100, 1, 1, 1, 1, 1]:
        told = body and {**body, "errors": body.get("errors", []) * times}
        server.answer(status, told)
    rows = [KeyedValues(f"{n}@example.org") for n in range(100)]

    found = await hubspot.upsert_contacts(rows)

    assert [one.item for one in found] == rows
    assert {type(one.error) for one in found} == {RejectedError}
    assert [len(sent(place)["inputs"]) for place in range(6)] == [100, 1, 1, 1, 1, 1]


async def test_a_row_that_got_in_alone_is_not_sent_again(
    server: Any, hubspot: HubSpotClient, shown: Any, batch: Any, sent: Any
) -> None:
    wrong = {"errors": [{"code": "INVALID_EMAIL", "context": {"propertyName": ["email"]}}]}
    alone = batch(shown(new=True, objectWriteTraceId="0"))
    for status, body in [(400, wrong), (200, alone), (400, wrong), (200, alone)]:
        server.answer(status, body)

    found = await hubspot.upsert_contacts([KeyedValues(key) for key in ("ann", "bob", "cas")])

    assert [one.is_done for one in found] == [True, False, True]
    assert [[row["id"] for row in sent(place)["inputs"]] for place in range(4)] == [
        ["ann", "bob", "cas"],
        ["ann"],
        ["bob"],
        ["cas"],
    ]


async def test_an_empty_upsert_asks_nothing(server: Any, hubspot: HubSpotClient) -> None:
    assert await hubspot.upsert_contacts([]) == []
    assert server.seen == []


async def test_a_search_asks_for_what_lies_beyond_the_last_id(
    server: Any, hubspot: HubSpotClient, shown: Any, sent: Any
) -> None:
    more = {"next": {"after": "1"}}
    server.answer(200, {"total": 2, "results": [shown("5")], "paging": more})
    server.answer(200, {"total": 1, "results": [shown("8")]})
    groups = [Filter("city", "EQ", "Ottawa")], [Filter("zip", "IN", values=["K1P"])]

    found = hubspot.search_objects("contacts", *groups, properties=["city"])

    assert [one.id async for one in items(found)] == ["5", "8"]
    first, second = sent(0), sent(1)
    assert first["sorts"] == ["hs_object_id"]
    assert first["limit"] == 200
    assert first["filterGroups"] == [
        {"filters": [{"propertyName": "city", "operator": "EQ", "value": "Ottawa"}, beyond("0")]},
        {"filters": [{"propertyName": "zip", "operator": "IN", "values": ["K1P"]}, beyond("0")]},
    ]
    assert [group["filters"][-1] for group in second["filterGroups"]] == [beyond("5")] * 2


async def test_a_search_without_filters_has_one_for_the_last_id_only(
    server: Any, hubspot: HubSpotClient, shown: Any, sent: Any
) -> None:
    server.answer(200, {"results": [shown("5")], "paging": {"next": {"after": "1"}}})
    server.answer(200, {"results": []})

    found = [one async for one in items(hubspot.search_objects("contacts"))]

    assert len(found) == 1
    assert sent(1)["filterGroups"] == [{"filters": [beyond("5")]}]


async def test_associations_are_read_page_by_page(
    server: Any, hubspot: HubSpotClient, batch: Any, sent: Any
) -> None:
    end = {"toObjectId": 7, "associationTypes": []}
    more = {"next": {"after": "x"}}
    server.answer(200, batch({"from": {"id": "1"}, "to": [end], "paging": more}))
    server.answer(200, batch({"from": {"id": "1"}, "to": [{**end, "toObjectId": 8}]}))

    found = await hubspot.read_associations("contacts", "companies", ["1"])

    assert [one.id for one in found["1"]] == ["7", "8"]
    assert sent(-1)["inputs"] == [{"id": "1", "after": "x"}]


async def test_associations_without_an_end_are_told(
    server: Any, hubspot: HubSpotClient, batch: Any
) -> None:
    same = {"from": {"id": "1"}, "to": [], "paging": {"next": {"after": "x"}}}
    for _ in range(2):
        server.answer(200, batch(same))

    with pytest.raises(EndlessPagingError):
        await hubspot.read_associations("contacts", "companies", ["1"])


async def test_an_object_that_is_named_twice_is_asked_for_once(
    server: Any, hubspot: HubSpotClient, batch: Any, sent: Any
) -> None:
    server.answer(200, batch())

    await hubspot.read_associations("contacts", "companies", ["1", "2", "1"])

    assert sent(-1)["inputs"] == [{"id": "1"}, {"id": "2"}]


async def test_an_association_is_by_default_unless_it_has_labels(
    server: Any, hubspot: HubSpotClient, batch: Any, sent: Any
) -> None:
    pair = {"from": {"id": 1}, "to": {"id": 2}, "associationSpec": {}}
    server.answer(200, batch(pair))

    (found,) = await hubspot.associate_objects("contacts", "deals", [Association("1", "2")])

    assert found.is_done
    assert server.seen[0].target == "/crm/v4/associations/contacts/deals/batch/associate/default"
    assert sent(-1)["inputs"] == [{"from": {"id": "1"}, "to": {"id": "2"}}]


async def test_a_property_is_created_in_hubspots_words(
    server: Any, hubspot: HubSpotClient, sent: Any
) -> None:
    server.answer(200, {"results": []})
    server.answer(200, {"results": []})
    server.answer(201, {"name": "stage", "type": "enumeration", "fieldType": "select"})
    wanted = WantedProperty(
        "stage", "Stage", "enumeration", "select", "hotrod", options={"new": "New"}
    )

    done = await hubspot.ensure_properties("deals", {}, [wanted])

    assert done.created == ("stage",)
    assert sent(-1)["options"] == [
        {"value": "new", "label": "New", "hidden": False, "displayOrder": 0}
    ]


async def test_an_erasure_has_no_answer(server: Any, hubspot: HubSpotClient, sent: Any) -> None:
    server.answer(204, b"")

    await hubspot.erase_contact(ANN, id_property="email")

    assert server.seen[0].target == "/crm/v3/objects/contacts/gdpr-delete"
    assert sent(-1) == {"objectId": ANN, "idProperty": "email"}


async def test_ping_asks_for_the_account(server: Any, hubspot: HubSpotClient) -> None:
    server.answer(200, {"portalId": 62515, "accountType": "STANDARD"})

    await hubspot.ping()

    assert server.seen[0].target == "/account-info/v3/details"
