"""What the HubSpot connector promises of objects and searches, against the stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import NeedsReauthError, RejectedError, ServiceNotFoundError
from connectors._http.limits import MemoryLimiter, Rate
from connectors._http.paging import items
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.models import Association, CrmObject, Filter
from sandbox.hubspot.index import SearchIndex
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.schema import COMPANIES
from sandbox.hubspot.store import Crm
from tests.contract.hubspot_account import calls, hubspot_client, store

ANN = "ann@example.org"


@pytest.fixture
async def hubspot(stand_ins: Any) -> AsyncIterator[HubSpotClient]:
    hubspot = hubspot_client(stand_ins)
    yield hubspot
    await hubspot.aclose()


async def test_ping(hubspot: HubSpotClient) -> None:
    await hubspot.ping()


async def test_a_wrong_token_needs_a_person(stand_ins: Any) -> None:
    hubspot = hubspot_client(stand_ins, token="wrong")

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
    hubspot = hubspot_client(stand_ins, searches=Shared())

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
    hubspot = hubspot_client(
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
        hubspot = hubspot_client(stand_ins, rate=Rate(5, 10.0), shared=Shared(pace))
        await hubspot.ping()
        await hubspot.aclose()
        free = [await pace.reserve(0) for _ in range(10)]
        assert sum(wait <= 0 for wait in free) == expected - 1


def test_an_object_is_read_from_what_the_official_models_allow() -> None:
    told = {
        "id": 12,
        "properties": {"email": None},
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z",
        "url": "https://app.hubspot.com/contacts/1",
    }

    assert CrmObject.model_validate(told).id == "12"
