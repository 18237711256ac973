"""HubSpot's deliveries, and its official client with nothing but the host changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm.contacts import BatchInputSimplePublicObjectBatchInputUpsert
from hubspot.crm.contacts.exceptions import ApiException
from hubspot.utils.signature import Signature
from pydantic import SecretStr

from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.webhook import read_events, verify
from sandbox.hubspot.index import SearchIndex
from sandbox.hubspot.outbox import Outbox
from tests.contract.hubspot_account import TOKEN, hubspot_client, store

ANN = "ann@example.org"


@pytest.fixture
async def hubspot(stand_ins: Any) -> AsyncIterator[HubSpotClient]:
    hubspot = hubspot_client(stand_ins)
    yield hubspot
    await hubspot.aclose()


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
        wanted = {"filterGroups": [], "sorts": ["-hs_object_id"]}
        searched = contacts.search_api.do_search(wanted)
        with pytest.raises(ApiException) as caught:
            contacts.basic_api.create({"properties": {"email": "0@example.org"}})
        return {
            "new": [one.new for one in upserted.results],
            "all": [one.id for one in contacts.get_all()],
            "searched": [one.id for one in searched.results],
            "refused": json.loads(caught.value.body)["category"],
        }

    found = await asyncio.to_thread(use)

    assert found["new"] == [True] * 3
    assert found["searched"] == found["all"][::-1]
    assert found["refused"] == "CONFLICT"
