from __future__ import annotations

from typing import Any

import httpx
import pytest

from sandbox import Sandbox
from sandbox.hubspot.schema import CONTACTS
from sandbox.hubspot.store import Crm

EVIL = "<script>alert(1)</script>"
OTHER_SITE = {"Sec-Fetch-Site": "cross-site"}


async def test_objects_are_listed_and_found_by_words(
    client: httpx.AsyncClient, hubspot: Any
) -> None:
    await hubspot.create(email="ann@example.org", firstname=EVIL)
    await hubspot.create(email="bob@example.org")

    everybody = (await client.get("/hubspot")).text
    ann = (await client.get("/hubspot", params={"words": "ANN script"})).text
    deals = (await client.get("/hubspot", params={"kind": "deals"})).text

    assert "ann@example.org" in everybody
    assert "bob@example.org" in everybody
    assert EVIL not in everybody
    assert "bob@example.org" not in ann
    assert "No deals yet" in deals
    assert (await client.get("/hubspot", params={"kind": "spaceships"})).status_code == 404


async def test_a_person_creates_changes_and_archives_an_object(
    client: httpx.AsyncClient, hubspot: Any, sandbox: Sandbox
) -> None:
    made = await client.post("/hubspot-objects/contacts", data={"email": "ann@example.org"})
    path = made.headers["location"]
    shown = (await client.get(path)).text
    changed = await client.post(path, data={"email": "ann@example.org", "city": "Ottawa"})
    (record,) = sandbox.state.store(Crm).all(CONTACTS)

    assert (made.status_code, changed.status_code) == (303, 303)
    assert 'value="ann@example.org"' in shown
    assert record.properties == {"email": "ann@example.org", "city": "Ottawa"}
    assert (await client.post(f"{path}/archive")).status_code == 303
    assert (await client.get(path)).status_code == 404


async def test_a_form_that_the_api_would_refuse_is_refused(client: httpx.AsyncClient) -> None:
    refused = await client.post("/hubspot-objects/contacts", data={"email": "ann"})

    assert refused.status_code == 400
    assert "INVALID_EMAIL" in refused.text


async def test_associated_objects_are_shown(client: httpx.AsyncClient, hubspot: Any) -> None:
    contact = await hubspot.create(email="ann@example.org")
    company = await hubspot.create("companies", name="Acme")
    path = f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{company}"
    await hubspot.call("PUT", path)

    shown = (await client.get(f"/hubspot-objects/contacts/{contact}")).text

    assert f"/hubspot-objects/companies/{company}" in shown
    assert "Acme" in shown


async def test_webhooks_are_delivered_from_the_page(
    client: httpx.AsyncClient, hubspot: Any, unused_tcp_port: int
) -> None:
    await hubspot.create("deals")
    url = f"http://127.0.0.1:{unused_tcp_port}/"

    ordered = await client.post("/hubspot-webhooks", data={"url": url, "shuffle": "true"})

    assert ordered.status_code == 303
    page = (await client.get("/hubspot")).text
    assert "deal.creation" in page
    assert "<td>1</td>" in page
    assert (await client.post("/hubspot-webhooks", data={"url": "nowhere"})).status_code == 422


@pytest.mark.parametrize("path", ["/hubspot-objects/contacts", "/hubspot-webhooks"])
async def test_forms_of_other_sites_are_refused(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(path, data={"url": "x"}, headers=OTHER_SITE)).status_code == 403


async def test_the_story_fills_the_crm_twice_without_a_fault(
    client: httpx.AsyncClient, hubspot: Any
) -> None:
    first = (await client.post("/_control/seed")).json()["hubspot"]
    second = (await client.post("/_control/seed")).json()["hubspot"]
    found = (await hubspot.search("deals", query="SO-000001", properties=["amount"])).json()

    assert first == second == "64 contacts, 24 companies, 60 deals"
    deal = found["results"][0]
    assert float(deal["properties"]["amount"]) > 0
    path = f"/crm/v3/objects/deals/{deal['id']}"
    shown = (await hubspot.get(path, associations="contacts")).json()
    assert len(shown["associations"]["contacts"]["results"]) == 1
