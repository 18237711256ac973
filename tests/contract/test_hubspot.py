"""What the HubSpot connector promises, against the stand-in; and the official client as it is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm.contacts import BatchInputSimplePublicObjectBatchInputUpsert
from hubspot.crm.contacts.exceptions import ApiException
from hubspot.utils.signature import Signature
from pydantic import SecretStr

from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import (
    NeedsReauthError,
    RejectedError,
    ServiceNotFoundError,
    UnknownOutcomeError,
)
from connectors._http.limits import MemoryLimiter, Rate
from connectors._http.paging import items
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.models import (
    Association,
    CrmObject,
    Filter,
    KeyedValues,
    WantedProperty,
)
from connectors.hubspot.webhook import read_events, verify
from sandbox.hubspot.associations import Links
from sandbox.hubspot.index import SearchIndex
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.outbox import Outbox
from sandbox.hubspot.schema import COMPANIES, CONTACTS
from sandbox.hubspot.store import Crm

ANN = "ann@example.org"
TOKEN = "sandbox-token"
SCORE = WantedProperty("hotrod_score", "Score", "number", "number", "hotrod")


def client(stand_ins: Any, token: str = TOKEN, **more: Any) -> HubSpotClient:
    return HubSpotClient(
        base_url=f"{stand_ins.url}/hubspot",
        access_token=SecretStr(token),
        timeout_seconds=10.0,
        **more,
    )


@pytest.fixture
async def hubspot(stand_ins: Any) -> AsyncIterator[HubSpotClient]:
    hubspot = client(stand_ins)
    yield hubspot
    await hubspot.aclose()


def store(stand_ins: Any, kind: type) -> Any:
    return stand_ins.sandbox.state.store(kind)


async def calls(stand_ins: Any, part: str) -> int:
    return sum(part in call["path"] for call in await stand_ins.calls("hubspot"))


def rows(count: int, bad: set[int] = frozenset()) -> list[KeyedValues]:  # type: ignore[assignment]
    return [
        KeyedValues("broken" if n in bad else f"{n}@example.org", {"firstname": f"N{n}"})
        for n in range(count)
    ]


async def test_ping(hubspot: HubSpotClient) -> None:
    await hubspot.ping()


async def test_a_wrong_token_needs_a_person(stand_ins: Any) -> None:
    hubspot = client(stand_ins, token="wrong")

    with pytest.raises(NeedsReauthError, match="HOTROD_HUBSPOT__ACCESS_TOKEN"):
        await hubspot.ping()
    await hubspot.aclose()


async def test_a_contact_is_read_by_id_and_by_address(hubspot: HubSpotClient) -> None:
    made = await hubspot.create_object("contacts", {"email": ANN, "phone": "1"})
    company = await hubspot.create_object("companies", {"name": "Acme"})
    await hubspot.associate_objects("contacts", "companies", [Association(made.id, company.id)])

    by_id = await hubspot.get_object("contacts", made.id, properties=["email", "city"])
    by_address = await hubspot.get_object(
        "contacts", ANN, id_property="email", properties=["phone"], associations=["companies"]
    )

    assert by_id.properties["email"] == ANN
    assert by_id.properties["city"] is None
    assert by_address.id == made.id
    assert by_address.properties["phone"] == "1"
    assert by_address.associations == {"companies": (company.id,)}


async def test_what_is_not_there_is_not_found(hubspot: HubSpotClient) -> None:
    with pytest.raises(ServiceNotFoundError):
        await hubspot.get_object("deals", "1")


async def test_an_object_is_changed(hubspot: HubSpotClient) -> None:
    made = await hubspot.create_object("deals", {"dealname": "Console", "amount": "10"})

    changed = await hubspot.update_object("deals", made.id, {"amount": "12.50"})

    assert changed.properties["amount"] == "12.50"


async def test_an_address_in_use_is_refused_with_the_id_of_who_has_it(
    hubspot: HubSpotClient,
) -> None:
    made = await hubspot.create_object("contacts", {"email": ANN})

    with pytest.raises(RejectedError, match=f"Existing ID: {made.id}"):
        await hubspot.create_object("contacts", {"email": ANN})


async def test_an_upsert_creates_and_then_changes(hubspot: HubSpotClient) -> None:
    first = await hubspot.upsert_contacts(rows(3))
    second = await hubspot.upsert_contacts(rows(4))

    assert [one.result.new for one in first if one.result] == [True] * 3
    assert [one.result.new for one in second if one.result] == [False, False, False, True]
    assert [one.item.key for one in second] == [row.key for row in rows(4)]


@pytest.mark.parametrize("bad", [{0}, {99}, {100}, {17, 18, 120}, set(range(0, 130, 26))])
async def test_each_wrong_row_stands_alone_and_all_others_are_in(
    stand_ins: Any, hubspot: HubSpotClient, bad: set[int]
) -> None:
    found = await hubspot.upsert_contacts(rows(130, bad))

    assert {n for n, one in enumerate(found) if not one.is_done} == bad
    assert all(type(found[n].error) is RejectedError for n in bad)
    assert all("INVALID_EMAIL (email)" in str(found[n].error) for n in bad)
    assert len(store(stand_ins, Crm).all(CONTACTS)) == 130 - len(bad)
    assert all(
        one.result.properties["firstname"] == one.item.properties["firstname"]
        for one in found
        if one.result
    )


async def test_a_row_refused_alone_leaves_its_batch_in(
    stand_ins: Any, hubspot: HubSpotClient
) -> None:
    number = WantedProperty("badge", "Badge", "string", "text", "hotrod", is_unique=True)
    await hubspot.ensure_properties("contacts", {"hotrod": "Hot Rod"}, [number])
    await hubspot.create_object("contacts", {"email": ANN, "badge": "7"})
    batch = [KeyedValues("bob@example.org", {"badge": "7"}), KeyedValues("cas@example.org")]

    bob, cas = await hubspot.upsert_contacts(batch)

    assert type(bob.error) is RejectedError
    assert "CONFLICT" in str(bob.error)
    assert cas.is_done
    assert await calls(stand_ins, "/batch/upsert") == 1


async def test_a_key_sent_twice_is_taken_twice(hubspot: HubSpotClient) -> None:
    first, second = await hubspot.upsert_contacts(
        [KeyedValues(ANN, {"city": "Ottawa"}), KeyedValues(ANN, {"city": "Halifax"})]
    )

    assert first.is_done
    assert second.is_done
    found = await hubspot.get_object("contacts", ANN, id_property="email", properties=["city"])
    assert found.properties["city"] == "Halifax"


async def test_refused_credentials_end_an_upsert(stand_ins: Any) -> None:
    hubspot = client(stand_ins, token="wrong")

    found = await hubspot.upsert_contacts(rows(1000), concurrency=1)

    await hubspot.aclose()
    assert all(type(one.error) is NeedsReauthError for one in found[:100])
    assert not any(one.was_tried for one in found[100:])
    assert await calls(stand_ins, "/batch/upsert") == 1


async def test_search_lags_behind_what_was_written(stand_ins: Any, hubspot: HubSpotClient) -> None:
    store(stand_ins, SearchIndex).lag_seconds = 60
    await hubspot.create_object("contacts", {"email": ANN, "lifecyclestage": "lead"})
    leads = partial(hubspot.search_objects, "contacts", [Filter("lifecyclestage", "EQ", "lead")])

    before = [one async for one in items(leads())]
    store(stand_ins, SearchIndex).refresh()
    (after,) = [one async for one in items(leads())]

    assert before == []
    assert after.properties["email"] == ANN


async def test_filters_and_words_choose(stand_ins: Any, hubspot: HubSpotClient) -> None:
    for name, amount in (("Console", "10"), ("Phone", "20"), ("Amplifier", "30")):
        await hubspot.create_object("deals", {"dealname": name, "amount": amount})
    store(stand_ins, SearchIndex).refresh()

    async def names(*groups: list[Filter], query: str = "") -> list[str | None]:
        found = hubspot.search_objects("deals", *groups, properties=["dealname"], query=query)
        return [one.properties["dealname"] async for one in items(found)]

    assert await names([Filter("amount", "GT", "9"), Filter("amount", "LT", "30")]) == [
        "Console",
        "Phone",
    ]
    assert await names([Filter("amount", "BETWEEN", "15", high_value="30")]) == [
        "Phone",
        "Amplifier",
    ]
    assert await names(
        [Filter("dealname", "IN", values=["console"])], [Filter("amount", "EQ", "30")]
    ) == ["Console", "Amplifier"]
    assert await names(query="phone") == ["Phone"]


async def test_a_search_goes_on_past_ten_thousand(stand_ins: Any) -> None:
    store(stand_ins, Limits).allow(100, 1000)
    crm = store(stand_ins, Crm)
    made = [crm.create(COMPANIES, {"name": f"Company {n}"}).id for n in range(10_150)]
    store(stand_ins, SearchIndex).refresh()
    hubspot = client(stand_ins, searches=Shared())

    found = [one.id async for one in items(hubspot.search_objects("companies"))]

    await hubspot.aclose()
    assert found == made
    assert await calls(stand_ins, "/search") == 51


async def test_too_many_filters_are_refused_on_the_first_page(hubspot: HubSpotClient) -> None:
    found = hubspot.search_objects("contacts", [Filter("email", "EQ", ANN)] * 6)

    with pytest.raises(RejectedError):
        await anext(found)


async def test_a_list_is_read_to_its_end(stand_ins: Any, hubspot: HubSpotClient) -> None:
    crm = store(stand_ins, Crm)
    made = [crm.create(COMPANIES, {"name": f"Company {n}"}).id for n in range(250)]

    found = [one.id async for one in items(hubspot.list_objects("companies"))]

    assert found == made


async def test_a_pace_below_the_limits_is_kept_by_calls_and_searches(stand_ins: Any) -> None:
    pace, searches = MemoryLimiter(Rate(1, 10.0)), MemoryLimiter(Rate(1, 20.0))
    recorder = MemoryRecorder()
    hubspot = client(
        stand_ins,
        rate=Rate(1, 10.0),
        shared=Shared(pace, recorder=recorder),
        searches=Shared(searches),
    )

    await hubspot.ping()
    _ = [page async for page in hubspot.search_objects("contacts")]
    waits = [await pace.reserve(0), await searches.reserve(0)]

    await hubspot.aclose()
    assert waits[0] == pytest.approx(10.2, abs=1.0)
    assert waits[1] == pytest.approx(20.4, abs=1.0)
    assert [call.operation for call in recorder.calls] == ["ping"]
    assert recorder.calls[0].request_id


async def test_a_lower_limit_is_learned_and_a_higher_one_is_not_taken(stand_ins: Any) -> None:
    for told, expected in ((2, 2), (190, 5)):
        store(stand_ins, Limits).allow(told, 5)
        pace = MemoryLimiter(Rate(5, 10.0))
        hubspot = client(stand_ins, rate=Rate(5, 10.0), shared=Shared(pace))
        await hubspot.ping()
        await hubspot.aclose()
        free = [await pace.reserve(0) for _ in range(10)]
        assert sum(wait <= 0 for wait in free) == expected - 1


async def test_associations_are_made_by_default_and_by_label(
    stand_ins: Any, hubspot: HubSpotClient
) -> None:
    store(stand_ins, Links).define(CONTACTS, COMPANIES, "Buyer", "Buys for")
    ann = await hubspot.create_object("contacts", {"email": ANN})
    acme = await hubspot.create_object("companies", {"name": "Acme"})
    other = await hubspot.create_object("companies", {"name": "Other"})
    (buyer,) = [
        one
        for one in await hubspot.association_labels("contacts", "companies")
        if one.label == "Buyer"
    ]

    found = await hubspot.associate_objects(
        "contacts",
        "companies",
        [
            Association(ann.id, acme.id, (buyer,)),
            Association(ann.id, other.id),
            Association(ann.id, "7"),
            Association("7", acme.id, (buyer,)),
        ],
    )

    assert [one.is_done for one in found] == [True, True, False, False]
    assert all(type(one.error) is ServiceNotFoundError for one in found[2:])
    there = await hubspot.read_associations("contacts", "companies", [ann.id, "7"])
    back = await hubspot.read_associations("companies", "contacts", [acme.id])
    assert {one.id: [label.label for label in one.labels] for one in there[ann.id]} == {
        acme.id: [None, "Buyer"],
        other.id: [None],
    }
    assert "7" not in there
    assert [label.label for label in back[acme.id][0].labels] == [None, "Buys for"]


async def test_labels_are_asked_for_once(stand_ins: Any, hubspot: HubSpotClient) -> None:
    for _ in range(3):
        labels = await hubspot.association_labels("deals", "contacts")
    await hubspot.association_labels("contacts", "deals")

    assert labels[0].label is None
    assert await calls(stand_ins, "/labels") == 2


async def test_properties_are_made_once_and_never_changed(
    stand_ins: Any, hubspot: HubSpotClient
) -> None:
    stage = WantedProperty(
        "hotrod_stage", "Stage", "enumeration", "select", "hotrod", options={"new": "New"}
    )
    phone = WantedProperty("phone", "Phone", "number", "number", "hotrod")
    groups = {"hotrod": "Hot Rod"}

    first = await hubspot.ensure_properties("contacts", groups, [SCORE, stage, phone])
    second = await hubspot.ensure_properties("contacts", groups, [SCORE, stage, phone])

    assert first.created == ("hotrod_score", "hotrod_stage")
    assert second.created == ()
    assert second.present == ("hotrod_score", "hotrod_stage")
    assert first.different == second.different == ("phone",)
    made = await hubspot.create_object("contacts", {"email": ANN, "hotrod_stage": "new"})
    assert made.properties["hotrod_stage"] == "new"


async def test_a_property_that_another_has_made_meanwhile_is_there(
    stand_ins: Any, hubspot: HubSpotClient
) -> None:
    both = await asyncio.gather(
        *[hubspot.ensure_properties("contacts", {"hotrod": "H"}, [SCORE]) for _ in range(4)]
    )

    assert all({*one.created, *one.present} == {"hotrod_score"} for one in both)


async def test_a_property_that_hubspot_refuses_is_told(hubspot: HubSpotClient) -> None:
    wrong = WantedProperty("Wrong Name", "Wrong", "string", "text", "contactinformation")

    with pytest.raises(RejectedError, match="invalid"):
        await hubspot.ensure_properties("contacts", {}, [wrong])


async def test_merged_contacts_are_one_under_a_new_id(hubspot: HubSpotClient) -> None:
    ann, other = [
        await hubspot.create_object("contacts", {"email": email, "firstname": email[0]})
        for email in (ANN, "old@example.org")
    ]

    merged = await hubspot.merge_contacts(ann.id, other.id)

    assert merged.properties["firstname"] == "a"
    assert (await hubspot.get_object("contacts", other.id)).id == merged.id
    with pytest.raises(RejectedError):
        await hubspot.merge_contacts(ann.id, other.id)


async def test_an_erased_contact_is_gone(hubspot: HubSpotClient) -> None:
    made = await hubspot.create_object("contacts", {"email": ANN})

    await hubspot.erase_contact(ANN, id_property="email")

    with pytest.raises(ServiceNotFoundError):
        await hubspot.get_object("contacts", made.id)
    with pytest.raises(RejectedError):
        await hubspot.create_object("contacts", {"email": ANN})


@pytest.mark.offends
@pytest.mark.parametrize("kind", ["drop_after_accept", "truncate"])
async def test_what_can_not_be_repeated_is_not(
    stand_ins: Any, hubspot: HubSpotClient, kind: str
) -> None:
    ann = await hubspot.create_object("contacts", {"email": ANN})
    other = await hubspot.create_object("contacts", {"email": "old@example.org"})
    await stand_ins.fault("hubspot", kind, path="/merge")

    with pytest.raises(UnknownOutcomeError):
        await hubspot.merge_contacts(ann.id, other.id)

    assert await calls(stand_ins, "/merge") == 1


async def deliveries(stand_ins: Any, **order: object) -> list[tuple[dict[str, str], bytes]]:
    """Let the stand-in deliver to a server of ours, and return what that got."""
    got: list[tuple[dict[str, str], bytes]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            lines = head.decode().split("\r\n")[1:-2]
            headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in lines)}
            got.append((headers, await reader.readexactly(int(headers["content-length"]))))
            writer.write(b"HTTP/1.1 204 Taken\r\nConnection: close\r\n\r\n")
            break
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        body = {"url": f"http://127.0.0.1:{port}/hooks/hubspot", **order}
        answer = await stand_ins.control.post("/_control/hubspot/deliver", json=body)
        answer.raise_for_status()
    return got


async def test_deliveries_are_signed_repeat_and_come_in_any_order(
    stand_ins: Any, hubspot: HubSpotClient
) -> None:
    public = "https://hooks.example.org/hubspot?from=crm%3Amain%2Ccanada"
    made = await hubspot.create_object("contacts", {"email": ANN, "city": "Montréal"})
    await hubspot.update_object("contacts", made.id, {"city": "Ottawa"})

    got = await deliveries(stand_ins, public_url=public, times=2, shuffle=True)

    for headers, body in got:
        verify(
            method="POST",
            url=public,
            body=body,
            signature=headers["x-hubspot-signature-v3"],
            timestamp=headers["x-hubspot-request-timestamp"],
            client_secret=SecretStr("sandbox-secret"),
        )
    first, second = (read_events(body) for _, body in got)
    assert [one.key for one in first] == [one.key for one in second]
    assert len({one.key for one in first}) == len(first) == 4
    assert [one.attempt_number for one in second] == [1] * 4
    assert [one.event_id for one in first] != sorted(one.event_id for one in first)
    cities = {one.property_value for one in first if one.property_name == "city"}
    assert cities == {"Montréal", "Ottawa"}
    assert {one.object_id for one in first} == {made.id}
    assert store(stand_ins, Outbox).waiting == []


async def test_the_official_client_verifies_what_the_stand_in_signs(
    stand_ins: Any, hubspot: HubSpotClient
) -> None:
    await hubspot.create_object("contacts", {"email": ANN})
    url = "https://hooks.example.org/hubspot"

    ((headers, body),) = await deliveries(stand_ins, public_url=url)

    assert Signature.is_valid(
        signature=headers["x-hubspot-signature-v3"],
        client_secret="sandbox-secret",
        request_body=body.decode(),
        http_uri=url,
        signature_version="v3",
        timestamp=headers["x-hubspot-request-timestamp"],
    )


async def test_the_official_client_works_with_nothing_but_its_host_changed(
    stand_ins: Any,
) -> None:
    official = HubSpot(access_token=TOKEN, host=f"{stand_ins.url}/hubspot")

    def use() -> dict[str, Any]:
        contacts = official.crm.contacts
        inputs = [
            {"id": f"{n}@example.org", "idProperty": "email", "properties": {"city": "Ottawa"}}
            for n in range(3)
        ]
        batch = BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs)
        upserted = contacts.batch_api.upsert(batch)
        store(stand_ins, SearchIndex).refresh()
        searches = contacts.search_api
        searched = searches.do_search({"filterGroups": [], "sorts": ["-hs_object_id"]})
        with pytest.raises(ApiException) as caught:
            contacts.basic_api.create({"properties": {"email": "0@example.org"}})
        apis = (contacts.batch_api, searches, contacts.basic_api)
        return {
            "new": [one.new for one in upserted.results],
            "all": [one.id for one in contacts.get_all()],
            "searched": [one.id for one in searched.results],
            "refused": json.loads(caught.value.body)["category"],
            "apis": apis,
        }

    found = await asyncio.to_thread(use)

    assert found["new"] == [True] * 3
    assert found["searched"] == found["all"][::-1]
    assert found["refused"] == "CONFLICT"


async def test_many_contacts_with_some_wrong_ones_get_in_below_the_limit(
    stand_ins: Any, hubspot: HubSpotClient
) -> None:
    count, bad = 500, set(range(50, 500, 100))

    found = await hubspot.upsert_contacts(rows(count, bad))

    assert {n for n, one in enumerate(found) if one.error} == bad
    assert len(store(stand_ins, Crm).all(CONTACTS)) == count - len(bad)
    assert all(call["status"] in (200, 400) for call in await stand_ins.calls("hubspot"))


def test_an_object_is_read_from_what_the_official_models_allow() -> None:
    told = {
        "id": 12,
        "properties": {"email": None},
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z",
        "url": "https://app.hubspot.com/contacts/1",
    }

    assert CrmObject.model_validate(told).id == "12"
