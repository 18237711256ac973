"""Upserts into HubSpot: every row gets in, or gets a reason."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from typing import Any

import pytest

from connectors._http.errors import NeedsReauthError, RejectedError
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.models import KeyedValues, WantedProperty
from sandbox.hubspot.schema import CONTACTS
from sandbox.hubspot.store import Crm
from tests.contract.hubspot_account import calls, hubspot_client, store

ANN = "ann@example.org"


def rows(count: int, bad: Collection[int] = ()) -> list[KeyedValues]:
    return [
        KeyedValues("broken" if n in bad else f"{n}@example.org", {"firstname": f"N{n}"})
        for n in range(count)
    ]


@pytest.fixture
async def hubspot(stand_ins: Any) -> AsyncIterator[HubSpotClient]:
    hubspot = hubspot_client(stand_ins)
    yield hubspot
    await hubspot.aclose()


async def test_an_upsert_creates_and_then_changes(hubspot: HubSpotClient) -> None:
    first = await hubspot.upsert_contacts(rows(3))
    second = await hubspot.upsert_contacts(rows(4))

    assert [one.result.new for one in first if one.result] == [True] * 3
    assert [one.result.new for one in second if one.result] == [False, False, False, True]
    assert [one.item.key for one in second] == [row.key for row in rows(4)]


@pytest.mark.parametrize("bad", [{0}, {99}, {100}, {17, 18, 120}, {0, 50}, set(range(0, 130, 26))])
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
    hubspot = hubspot_client(stand_ins, token="wrong")

    found = await hubspot.upsert_contacts(rows(1000), concurrency=1)

    await hubspot.aclose()
    assert all(type(one.error) is NeedsReauthError for one in found[:100])
    assert not any(one.was_tried for one in found[100:])
    assert await calls(stand_ins, "/batch/upsert") == 1


async def test_many_contacts_with_some_wrong_ones_get_in_below_the_limit(
    stand_ins: Any, hubspot: HubSpotClient
) -> None:
    count, bad = 500, set(range(50, 500, 100))

    found = await hubspot.upsert_contacts(rows(count, bad))

    assert {n for n, one in enumerate(found) if one.error} == bad
    assert len(store(stand_ins, Crm).all(CONTACTS)) == count - len(bad)
    assert all(call["status"] in (200, 400) for call in await stand_ins.calls("hubspot"))
