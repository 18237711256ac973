"""HubSpot's associations, properties, merges and erasures, through the connector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors._http.errors import RejectedError, ServiceNotFoundError, UnknownOutcomeError
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.models import Association, WantedProperty
from sandbox.hubspot.associations import Links
from sandbox.hubspot.schema import COMPANIES, CONTACTS
from tests.contract.hubspot_account import calls, hubspot_client, store

ANN = "ann@example.org"
SCORE = WantedProperty("hotrod_score", "Score", "number", "number", "hotrod")


@pytest.fixture
async def hubspot(stand_ins: Any) -> AsyncIterator[HubSpotClient]:
    hubspot = hubspot_client(stand_ins)
    yield hubspot
    await hubspot.aclose()


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
