from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.paging import items
from connectors._http.retry import RetryPolicy
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.models import Association, Filter, KeyedValues, WantedProperty

ANN = "ann@example.org"
TOKEN = "pat-hunter2"
NOW = "2026-11-21T10:00:00.000Z"


@pytest.fixture
async def make(retry: RetryPolicy) -> AsyncIterator[Callable[..., HubSpotClient]]:
    made: list[HubSpotClient] = []

    def make(url: str, timeout_seconds: float = 5.0) -> HubSpotClient:
        hubspot = HubSpotClient(
            base_url=f"{url}/",
            access_token=SecretStr(TOKEN),
            timeout_seconds=timeout_seconds,
            shared=Shared(),
            searches=Shared(),
            retry=retry,
        )
        made.append(hubspot)
        return hubspot

    yield make
    for hubspot in made:
        await hubspot.aclose()


@pytest.fixture
def hubspot(server: Any, make: Callable[..., HubSpotClient]) -> HubSpotClient:
    return make(server.url)


def shown(object_id: str = "1", **more: object) -> dict[str, object]:
    times = {"createdAt": NOW, "updatedAt": NOW}
    return {"id": object_id, "properties": {}, **times, **more}


def batch(*results: object, **more: object) -> dict[str, object]:
    times = {"startedAt": NOW, "completedAt": NOW}
    return {"status": "COMPLETE", "results": list(results), **times, **more}


def refused(category: str, message: str = "No.", **more: object) -> dict[str, object]:
    return {"status": "error", "category": category, "message": message, **more}


async def failure(call: Any) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        await call
    return caught.value


def sent(server: Any, place: int = -1) -> Any:
    return json.loads(server.seen[place].body)


def beyond(object_id: str) -> dict[str, str]:
    return {"propertyName": "hs_object_id", "operator": "GT", "value": object_id}


async def test_an_object_is_asked_for(server: Any, hubspot: HubSpotClient) -> None:
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
    server: Any, hubspot: HubSpotClient
) -> None:
    results = [shown(str(n), new=n == 1, objectWriteTraceId=str(n)) for n in (1, 0)]
    server.answer(200, batch(*results))

    found = await hubspot.upsert_contacts(
        [KeyedValues(ANN, {"city": "Ottawa"}), KeyedValues("bob@example.org")]
    )

    assert server.seen[0].target == "/crm/v3/objects/contacts/batch/upsert"
    assert sent(server)["inputs"][0] == {
        "idProperty": "email",
        "id": ANN,
        "objectWriteTraceId": "0",
        "properties": {"city": "Ottawa"},
    }
    assert [one.result.id for one in found if one.result] == ["0", "1"]


async def test_rows_that_an_answer_does_not_mention_are_of_unknown_outcome(
    server: Any, hubspot: HubSpotClient
) -> None:
    server.answer(207, batch(numErrors=1, errors=[refused("CONFLICT", context={})]))

    (found,) = await hubspot.upsert_contacts([KeyedValues(ANN)])

    assert type(found.error) is UnknownOutcomeError


async def test_a_batch_without_an_answer_is_asked_for_again(
    server: Any, hubspot: HubSpotClient, waits: list[float]
) -> None:
    server.reset()
    server.answer(502, b"<html>")
    server.answer(200, batch(shown(new=False, objectWriteTraceId="0")))

    (found,) = await hubspot.upsert_contacts([KeyedValues(ANN)])

    assert found.is_done
    assert waits == [1.0, 2.0]


async def test_a_batch_that_fails_fails_each_row_and_no_other(
    server: Any, hubspot: HubSpotClient
) -> None:
    for _ in range(3):
        server.answer(503)
    server.answer(200, batch(shown(new=True, objectWriteTraceId="0")))
    rows = [KeyedValues(f"{n}@example.org") for n in range(101)]

    found = await hubspot.upsert_contacts(rows, concurrency=1)

    assert all(type(one.error) is TransientError for one in found[:100])
    assert found[100].is_done


async def test_an_empty_upsert_asks_nothing(server: Any, hubspot: HubSpotClient) -> None:
    assert await hubspot.upsert_contacts([]) == []
    assert server.seen == []


async def test_a_search_asks_for_what_lies_beyond_the_last_id(
    server: Any, hubspot: HubSpotClient
) -> None:
    more = {"next": {"after": "1"}}
    server.answer(200, {"total": 2, "results": [shown("5")], "paging": more})
    server.answer(200, {"total": 1, "results": [shown("8")]})
    groups = [Filter("city", "EQ", "Ottawa")], [Filter("zip", "IN", values=["K1P"])]

    found = hubspot.search_objects("contacts", *groups, properties=["city"])

    assert [one.id async for one in items(found)] == ["5", "8"]
    first, second = sent(server, 0), sent(server, 1)
    assert first["sorts"] == ["hs_object_id"]
    assert first["limit"] == 200
    assert first["filterGroups"] == [
        {"filters": [{"propertyName": "city", "operator": "EQ", "value": "Ottawa"}, beyond("0")]},
        {"filters": [{"propertyName": "zip", "operator": "IN", "values": ["K1P"]}, beyond("0")]},
    ]
    assert [group["filters"][-1] for group in second["filterGroups"]] == [beyond("5")] * 2


async def test_a_search_without_filters_has_one_for_the_last_id_only(
    server: Any, hubspot: HubSpotClient
) -> None:
    server.answer(200, {"results": [shown("5")], "paging": {"next": {"after": "1"}}})
    server.answer(200, {"results": []})

    found = [one async for one in items(hubspot.search_objects("contacts"))]

    assert len(found) == 1
    assert sent(server, 1)["filterGroups"] == [{"filters": [beyond("5")]}]


async def test_associations_are_read_page_by_page(server: Any, hubspot: HubSpotClient) -> None:
    end = {"toObjectId": 7, "associationTypes": []}
    more = {"next": {"after": "x"}}
    server.answer(200, batch({"from": {"id": "1"}, "to": [end], "paging": more}))
    server.answer(200, batch({"from": {"id": "1"}, "to": [{**end, "toObjectId": 8}]}))

    found = await hubspot.read_associations("contacts", "companies", ["1"])

    assert [one.id for one in found["1"]] == ["7", "8"]
    assert sent(server)["inputs"] == [{"id": "1", "after": "x"}]


async def test_an_association_is_by_default_unless_it_has_labels(
    server: Any, hubspot: HubSpotClient
) -> None:
    pair = {"from": {"id": 1}, "to": {"id": 2}, "associationSpec": {}}
    server.answer(200, batch(pair))

    (found,) = await hubspot.associate_objects("contacts", "deals", [Association("1", "2")])

    assert found.is_done
    assert server.seen[0].target == "/crm/v4/associations/contacts/deals/batch/associate/default"
    assert sent(server)["inputs"] == [{"from": {"id": "1"}, "to": {"id": "2"}}]


async def test_a_property_is_created_in_hubspots_words(server: Any, hubspot: HubSpotClient) -> None:
    server.answer(200, {"results": []})
    server.answer(200, {"results": []})
    server.answer(201, {"name": "stage", "type": "enumeration", "fieldType": "select"})
    wanted = WantedProperty(
        "stage", "Stage", "enumeration", "select", "hotrod", options={"new": "New"}
    )

    done = await hubspot.ensure_properties("deals", {}, [wanted])

    assert done.created == ("stage",)
    assert sent(server)["options"] == [
        {"value": "new", "label": "New", "hidden": False, "displayOrder": 0}
    ]


async def test_an_erasure_has_no_answer(server: Any, hubspot: HubSpotClient) -> None:
    server.answer(204, b"")

    await hubspot.erase_contact(ANN, id_property="email")

    assert server.seen[0].target == "/crm/v3/objects/contacts/gdpr-delete"
    assert sent(server) == {"objectId": ANN, "idProperty": "email"}


async def test_ping_asks_for_the_account(server: Any, hubspot: HubSpotClient) -> None:
    server.answer(200, {"portalId": 62515, "accountType": "STANDARD"})

    await hubspot.ping()

    assert server.seen[0].target == "/account-info/v3/details"


@pytest.mark.parametrize(
    ("status", "category", "kind"),
    [
        (400, "VALIDATION_ERROR", RejectedError),
        (401, "INVALID_AUTHENTICATION", NeedsReauthError),
        (401, "EXPIRED_AUTHENTICATION", NeedsReauthError),
        (403, "MISSING_SCOPES", NeedsReauthError),
        (404, "OBJECT_NOT_FOUND", ServiceNotFoundError),
        (409, "CONFLICT", RejectedError),
        (414, "", RejectedError),
        (423, "", RateLimitedError),
        (429, "RATE_LIMITS", RateLimitedError),
        (477, "", RateLimitedError),
        (500, "INTERNAL_ERROR", UnknownOutcomeError),
        (502, "", UnknownOutcomeError),
        (524, "", UnknownOutcomeError),
    ],
)
async def test_a_refused_write_has_its_class_and_a_cure(
    server: Any, hubspot: HubSpotClient, status: int, category: str, kind: type[ConnectorError]
) -> None:
    body = refused(category)
    server.answer(status, body, retry_after="120")

    error = await failure(hubspot.create_object("deals", {}))

    assert type(error) is kind
    assert error.message.startswith(f"answered {status}")
    assert error.retry_after_seconds == 120
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("status", "body", "wait"),
    [
        (429, {"policyName": "SECONDLY"}, 1.0),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, 10.0),
        (423, {}, 2.0),
    ],
)
async def test_a_wait_that_is_known_is_waited_out_by_writes_too(
    server: Any,
    hubspot: HubSpotClient,
    waits: list[float],
    status: int,
    body: dict[str, str],
    wait: float,
) -> None:
    server.answer(status, refused("RATE_LIMITS", **body))
    server.answer(201, shown())

    await hubspot.create_object("deals", {})

    assert waits == [wait]


async def test_a_limit_of_the_day_is_not_waited_out(server: Any, hubspot: HubSpotClient) -> None:
    server.answer(429, refused("RATE_LIMITS", policyName="DAILY"))

    error = await failure(hubspot.ping())

    assert type(error) is RateLimitedError
    assert error.retry_after_seconds == 3600


@pytest.mark.parametrize(
    "body",
    [
        refused(
            "VALIDATION_ERROR",
            f"Email address {ANN} is invalid",
            errors=[
                {
                    "code": "INVALID_EMAIL",
                    "message": f"Email address {ANN} is invalid",
                    "context": {"propertyName": ["email"]},
                }
            ],
        ),
        refused(
            "VALIDATION_ERROR",
            "Property values were not valid: "
            + json.dumps(
                [{"error": "INVALID_EMAIL", "name": "email", "message": "Email ann is invalid"}]
            ),
        ),
    ],
)
async def test_wrong_values_are_told_by_code_and_never_by_value(
    server: Any, hubspot: HubSpotClient, body: dict[str, object]
) -> None:
    server.answer(400, body)

    error = await failure(hubspot.create_object("contacts", {"email": "ann"}))

    assert error.message == "answered 400 VALIDATION_ERROR INVALID_EMAIL (email)"


@pytest.mark.parametrize("message", [f"Token {TOKEN} of {ANN}", f"Bearer {TOKEN} for <{ANN}>"])
async def test_secrets_and_addresses_stay_out_of_errors(
    server: Any, hubspot: HubSpotClient, message: str
) -> None:
    server.answer(401, refused("INVALID_AUTHENTICATION", message))

    error = await failure(hubspot.ping())

    assert TOKEN not in str(error)
    assert ANN not in str(error)
    assert "HOTROD_HUBSPOT__ACCESS_TOKEN" in str(error)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"<html>", b"[1]", b'{"category": 5}'])
async def test_a_refusal_that_can_not_be_read_goes_by_its_status(
    server: Any, hubspot: HubSpotClient, body: bytes
) -> None:
    server.answer(404, body)

    assert type(await failure(hubspot.get_object("deals", "1"))) is ServiceNotFoundError


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"id": "1"}', b"\xff"])
async def test_an_answer_that_can_not_be_read_is_no_success(
    server: Any, hubspot: HubSpotClient, body: bytes
) -> None:
    server.answer(200, body)
    server.answer(201, body)

    read = await failure(hubspot.get_object("deals", "1"))
    written = await failure(hubspot.create_object("deals", {}))

    assert type(read) is TransientError
    assert type(written) is UnknownOutcomeError


@pytest.mark.parametrize("fault", ["reset", "truncate"])
async def test_a_lost_answer_leaves_the_outcome_unknown(
    server: Any, hubspot: HubSpotClient, fault: str
) -> None:
    getattr(server, fault)()

    error = await failure(hubspot.create_object("deals", {}))

    assert type(error) is UnknownOutcomeError
    assert len(server.seen) == 1


async def test_a_wait_without_end_has_one(server: Any, make: Callable[..., HubSpotClient]) -> None:
    server.hold()

    error = await failure(make(server.url, timeout_seconds=0.2).create_object("deals", {}))

    assert type(error) is UnknownOutcomeError


async def test_nobody_there_means_that_nothing_was_done(
    make: Callable[..., HubSpotClient], closed_port: Callable[[], int]
) -> None:
    hubspot = make(f"http://127.0.0.1:{closed_port}")

    assert type(await failure(hubspot.create_object("deals", {}))) is TransientError


async def test_tls_that_fails_is_a_failure_of_the_call(
    make: Callable[..., HubSpotClient],
) -> None:
    async def speak_plainly(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(speak_plainly, "127.0.0.1", 0) as plain:
        port = plain.sockets[0].getsockname()[1]
        error = await failure(make(f"https://127.0.0.1:{port}").ping())

    assert type(error) is TransientError
    assert "SSLError" in error.message


async def test_a_base_url_that_is_none_is_refused(make: Callable[..., HubSpotClient]) -> None:
    assert type(await failure(make("gopher://127.0.0.1").ping())) is RejectedError


async def test_a_redirect_is_not_followed(server: Any, hubspot: HubSpotClient) -> None:
    server.answer(302, {}, location=f"{server.url}/elsewhere")

    assert type(await failure(hubspot.ping())) is RejectedError
    assert len(server.seen) == 1
