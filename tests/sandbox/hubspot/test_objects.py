from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.hubspot.limits import Limits

CONTACTS = "/crm/v3/objects/contacts"
ANN = "ann@example.org"


async def test_a_contact_is_created_and_read_by_id_and_by_address(hubspot: Any) -> None:
    contact_id = await hubspot.create(email="Ann@Example.org", firstname="Ann")

    by_id = (await hubspot.get(f"{CONTACTS}/{contact_id}", properties="phone,firstname")).json()
    by_address = (await hubspot.get(f"{CONTACTS}/{ANN}", idProperty="email")).json()

    assert by_id["properties"]["firstname"] == "Ann"
    assert by_id["properties"]["phone"] is None
    assert "email" not in by_id["properties"]
    assert by_address["id"] == contact_id
    assert by_address["properties"]["email"] == ANN
    assert by_address["properties"]["hs_object_id"] == contact_id


async def test_properties_that_do_not_exist_are_left_out_of_answers(hubspot: Any) -> None:
    contact_id = await hubspot.create(email=ANN)

    shown = (await hubspot.get(f"{CONTACTS}/{contact_id}", properties="shoe_size")).json()

    assert "shoe_size" not in shown["properties"]


async def test_only_unique_properties_name_an_object(hubspot: Any) -> None:
    await hubspot.create(email=ANN, firstname="Ann")

    assert (await hubspot.get(f"{CONTACTS}/Ann", idProperty="firstname")).status_code == 400


@pytest.mark.parametrize(
    ("kind", "properties", "code", "name"),
    [
        ("contacts", {"email": "ann"}, "INVALID_EMAIL", "email"),
        ("contacts", {"shoe_size": "44"}, "PROPERTY_DOESNT_EXIST", "shoe_size"),
        ("contacts", {"lifecyclestage": "ghost"}, "INVALID_OPTION", "lifecyclestage"),
        ("contacts", {"createdate": "1"}, "READ_ONLY_VALUE", "createdate"),
        ("companies", {"numberofemployees": "many"}, "INVALID_DOUBLE", "numberofemployees"),
        ("deals", {"closedate": "soon"}, "INVALID_LONG", "closedate"),
    ],
)
async def test_wrong_values_are_told_by_code_and_property(
    hubspot: Any, kind: str, properties: dict[str, str], code: str, name: str
) -> None:
    refused = await hubspot.post(f"/crm/v3/objects/{kind}", {"properties": properties})

    body = refused.json()
    assert refused.status_code == 400
    assert (body["status"], body["category"]) == ("error", "VALIDATION_ERROR")
    assert body["errors"][0]["code"] == code
    assert body["errors"][0]["context"] == {"propertyName": [name]}
    assert code in body["message"]
    assert body["correlationId"] == refused.headers["x-hubspot-correlation-id"]


async def test_an_address_belongs_to_one_contact(hubspot: Any) -> None:
    contact_id = await hubspot.create(email=ANN)

    refused = await hubspot.post(CONTACTS, {"properties": {"email": ANN.upper()}})

    assert refused.status_code == 409
    assert refused.json()["category"] == "CONFLICT"
    assert refused.json()["message"] == f"Contact already exists. Existing ID: {contact_id}"


async def test_an_address_that_was_given_up_is_free(hubspot: Any) -> None:
    contact_id = await hubspot.create(email=ANN)
    change = {"properties": {"email": "ann@elsewhere.example"}}
    assert (await hubspot.call("PATCH", f"{CONTACTS}/{contact_id}", json=change)).is_success

    assert await hubspot.create(email=ANN) != contact_id


async def test_an_empty_value_clears_a_property(hubspot: Any) -> None:
    contact_id = await hubspot.create(email=ANN, phone="1")

    await hubspot.call("PATCH", f"{CONTACTS}/{contact_id}", json={"properties": {"phone": ""}})

    shown = (await hubspot.get(f"{CONTACTS}/{contact_id}", properties="phone")).json()
    assert shown["properties"]["phone"] is None


async def test_an_archived_object_is_found_among_the_archived(hubspot: Any) -> None:
    contact_id = await hubspot.create(email=ANN)

    assert (await hubspot.call("DELETE", f"{CONTACTS}/{contact_id}")).status_code == 204

    assert (await hubspot.get(f"{CONTACTS}/{contact_id}")).status_code == 404
    archived = await hubspot.get(f"{CONTACTS}/{contact_id}", archived="true")
    assert archived.json()["archived"] is True


async def test_lists_are_paged_by_id(hubspot: Any) -> None:
    made = [await hubspot.create(email=f"{n}@example.org") for n in range(5)]

    first = (await hubspot.get(CONTACTS, limit=3)).json()
    second = (await hubspot.get(CONTACTS, limit=3, after=first["paging"]["next"]["after"])).json()

    assert [one["id"] for one in first["results"] + second["results"]] == made
    assert "paging" not in second


async def test_a_merge_makes_a_new_object_that_the_old_ids_lead_to(hubspot: Any) -> None:
    kept = await hubspot.create(email=ANN, firstname="Ann")
    merged = await hubspot.create(email="ann@elsewhere.example", firstname="A.", phone="1")
    company = await hubspot.create("companies", name="Acme")
    path = f"/crm/v4/objects/contacts/{merged}/associations/default/companies/{company}"
    assert (await hubspot.call("PUT", path)).is_success

    order = {"primaryObjectId": kept, "objectIdToMerge": merged}
    made = (await hubspot.post(f"{CONTACTS}/merge", order)).json()

    assert made["id"] not in (kept, merged)
    assert made["properties"]["firstname"] == "Ann"
    assert made["properties"]["phone"] == "1"
    for old in (kept, merged):
        assert (await hubspot.get(f"{CONTACTS}/{old}")).json()["id"] == made["id"]
    shown = (await hubspot.get(f"{CONTACTS}/{made['id']}", associations="companies")).json()
    assert shown["associations"]["companies"]["results"][0]["id"] == company


async def test_an_erased_contact_does_not_come_back(hubspot: Any) -> None:
    contact_id = await hubspot.create(email=ANN)

    erased = await hubspot.post(f"{CONTACTS}/gdpr-delete", {"objectId": ANN, "idProperty": "email"})

    assert erased.status_code == 204
    assert (await hubspot.get(f"{CONTACTS}/{contact_id}", archived="true")).status_code == 404
    assert (await hubspot.post(CONTACTS, {"properties": {"email": ANN}})).status_code == 400


@pytest.mark.parametrize("token", [None, "Bearer", "Bearer wrong", "Basic sandbox-token"])
async def test_the_token_is_checked(client: httpx.AsyncClient, token: str | None) -> None:
    headers = {"Authorization": token} if token else {}

    refused = await client.get("/hubspot/account-info/v3/details", headers=headers)

    assert refused.status_code == 401
    assert refused.json()["category"] == "INVALID_AUTHENTICATION"


async def test_the_account_tells_its_limits_and_keeps_them(hubspot: Any, sandbox: Sandbox) -> None:
    sandbox.state.store(Limits).allow(calls=2, searches=5)

    first = await hubspot.get("/account-info/v3/details")
    second = await hubspot.get("/account-info/v3/details")
    third = await hubspot.get("/account-info/v3/details")

    assert first.headers["x-hubspot-ratelimit-max"] == "2"
    assert first.headers["x-hubspot-ratelimit-interval-milliseconds"] == "10000"
    assert (first.status_code, second.status_code, third.status_code) == (200, 200, 429)
    assert second.headers["x-hubspot-ratelimit-remaining"] == "0"
    body = third.json()
    assert (body["errorType"], body["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")


async def test_searches_have_a_limit_of_their_own(hubspot: Any, sandbox: Sandbox) -> None:
    sandbox.state.store(Limits).allow(calls=1, searches=1)

    first, second = await hubspot.search(), await hubspot.search()

    assert (first.status_code, second.status_code) == (200, 429)
    assert second.json()["policyName"] == "SECONDLY"
    assert second.json()["message"] == "You have reached your secondly limit."
    assert "x-hubspot-ratelimit-max" not in second.headers
    assert (await hubspot.get("/account-info/v3/details")).status_code == 200


async def test_what_is_not_played_is_not_found(hubspot: Any) -> None:
    for method, path in (("GET", "/crm/v3/owners"), ("DELETE", "/account-info/v3/details")):
        refused = await hubspot.call(method, path)
        assert refused.status_code == 404
        assert refused.json()["status"] == "error"


async def test_an_unknown_object_type_is_refused(hubspot: Any) -> None:
    refused = await hubspot.get("/crm/v3/objects/spaceships")

    assert refused.status_code == 400
    assert "spaceships" in refused.json()["message"]
