"""Requests through the front door: what becomes of good ones."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from asyncpg import CannotConnectNowError
from PIL import ExifTags, Image
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import func, select
from structlog.testing import capture_logs

from gateway import repairs
from gateway.app import create_app
from gateway.context import Context
from hotrod.access.models import Scope
from hotrod.customers.models import Customer, Device
from hotrod.db.columns import now
from hotrod.db.engine import Database
from hotrod.durable import inbox
from hotrod.durable.models import Delivery, DeliveryState
from hotrod.repairs import intake
from hotrod.repairs.models import Photo, StatusChange, Ticket
from tests.gateway.conftest import NEW, Door, assert_problem, json_photo, new_key, picture


async def delivery_of(context: Context, delivery_id: str) -> Delivery:
    async with context.database.transaction() as session:
        found = await session.exec(select(Delivery).where(Delivery.delivery_id == delivery_id))
        return found.one()


async def count_tickets(context: Context, email: str) -> int:
    async with context.database.transaction() as session:
        found = await session.exec(
            select(func.count()).select_from(Ticket).join(Customer).where(Customer.email == email)
        )
        return found.one()


async def test_a_request_becomes_a_ticket_and_an_inbox_row(door: Door) -> None:
    answer = await door.send(door.request(customer_phone="613 555 0142", urgency="rush"))
    assert answer.status_code == 202
    body = answer.json()
    assert set(body) == {"ticket", "status_url", "delivery"}
    assert "idempotent-replayed" not in answer.headers
    row = await delivery_of(door.context, body["delivery"])
    assert (row.event, row.payload) == ("repair.requested", {"ticket": body["ticket"]})
    assert row.ordering_key == f"ticket:{body['ticket']}"
    assert row.source == f"api:{door.key.split('_')[1]}"
    assert row.title.startswith(f"{body['ticket']} PS5")
    assert row.lane_rank == 0, "rush goes before the others"
    async with door.context.database.transaction() as session:
        found = await session.exec(
            select(Ticket, Customer, Device)
            .join_from(Ticket, Customer)
            .join_from(Ticket, Device)
            .where(Ticket.number == body["ticket"])
        )
        ticket, customer, device = found.one()
        changes = await session.exec(
            select(StatusChange.to_status).where(StatusChange.ticket_id == ticket.id)
        )
    assert (ticket.status, ticket.route, ticket.urgency) == ("received", "repair", "rush")
    assert ticket.alias == "repairs@noizylab.example.com"
    assert (customer.email, customer.phone) == (door.email, "+16135550142")
    assert (device.type, device.brand) == ("console", "Sony")
    assert changes.all() == ["received"]


async def test_danger_goes_into_the_urgent_lane(door: Door) -> None:
    body = (await door.send(door.request(problem="Smoke came out of it."))).json()
    assert (await delivery_of(door.context, body["delivery"])).lane_rank == 0
    calm = (await door.send()).json()
    assert (await delivery_of(door.context, calm["delivery"])).lane_rank == 1


async def test_a_form_is_the_same_request_as_json(door: Door) -> None:
    data = picture()
    as_json = door.request(photos=[json_photo(data)])
    first = await door.send(as_json, again="same")
    second = await door.client.post(
        NEW,
        data=door.request(),
        files=[("photos", ("b.png", data, "image/png"))],
        headers={"X-API-Key": door.key, "Idempotency-Key": "same"},
    )
    assert second.status_code == 202, second.text
    assert second.json() == first.json()
    assert second.headers["idempotent-replayed"] == "true"


async def test_a_form_without_a_chosen_file_has_no_photo(door: Door) -> None:
    """Browsers send an empty file then, and empty text for empty fields."""
    fields = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'
        for name, value in door.request(brand="", serial="").items()
    ]
    nothing = (
        'Content-Disposition: form-data; name="photos"; filename=""\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = "".join(f"--line\r\n{part}\r\n" for part in (*fields, nothing)) + "--line--\r\n"
    answer = await door.raw(body.encode(), "multipart/form-data; boundary=line")
    assert answer.status_code == 202, answer.text
    async with door.context.database.transaction() as session:
        found = await session.exec(
            select(Device).join(Customer).where(Customer.email == door.email)
        )
        assert found.one().brand is None


async def ticket(door: Door, number: str) -> dict[str, Any]:
    answer = await door.client.get(f"/api/repairs/{number}", headers={"X-API-Key": door.key})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_photos_are_kept_without_place_or_path(door: Door) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (45.0, 25.0, 12.0)
    data = picture("JPEG", (8, 6), exif)
    hostile = json_photo(data, "image/jpeg", "../../etc/<b>\u202egpj.jpg")
    body = (await door.send(door.request(photos=[hostile, hostile]))).json()
    async with door.context.database.transaction() as session:
        rows = await session.exec(select(Photo).join(Ticket).where(Ticket.number == body["ticket"]))
        photo = rows.one()
    assert photo.object_key == f"photos/{body['ticket']}/{photo.sha256}.jpg"
    assert photo.filename == "<b>gpj.jpg"
    assert (photo.width, photo.height) == (6, 8), "turned upright"
    stored = await door.context.objects.get(photo.object_key)
    assert not Image.open(io.BytesIO(stored)).getexif()


async def test_the_same_key_and_body_get_the_same_answer(door: Door) -> None:
    first = await door.send(again="once")
    second = await door.send(again="once")
    assert second.status_code == 202
    assert second.json() == first.json()
    assert first.json()["delivery"] == "once"
    assert second.headers["idempotent-replayed"] == "true"
    assert await count_tickets(door.context, door.email) == 1


async def test_the_same_key_with_another_body_is_refused(door: Door) -> None:
    assert (await door.send(again="once")).status_code == 202
    other = await door.send(door.request(problem="Something else."), again="once")
    assert "new one" in assert_problem(other, 409)["detail"]
    photo = await door.send(door.request(photos=[json_photo(picture())]), again="once")
    assert_problem(photo, 409)
    assert await count_tickets(door.context, door.email) == 1


async def test_a_repeated_request_whose_answer_is_not_kept_is_gone(door: Door) -> None:
    key = uuid4().hex
    first = await door.send(again=key)
    async with door.context.database.transaction() as session:
        row = (await session.exec(select(Delivery).where(Delivery.delivery_id == key))).one()
        row.state, row.finished_at = DeliveryState.DONE, now() - timedelta(days=1)
        session.add(row)
    async with door.context.database.transaction() as session:
        await inbox.redact(session, now(), limit=10_000)
    assert first.status_code == 202
    assert_problem(await door.send(again=key), 410)


async def test_keys_of_different_callers_do_not_meet(door: Door) -> None:
    first = (await door.send(again="once")).json()
    other = Door(door.client, door.context, await new_key(door.context, Scope.TICKETS_WRITE))
    second = await other.send(again="once")
    assert second.status_code == 202
    assert second.json()["ticket"] != first["ticket"]


async def test_of_two_at_once_one_wins_and_both_are_answered_alike(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both begin before either has written: only the inbox row can tell them apart."""
    real, begun = intake.accept_request, asyncio.Barrier(2)

    async def begin_together(*given: Any) -> dict[str, Any]:
        await begun.wait()
        return await real(*given)

    monkeypatch.setattr(repairs, "accept_request", begin_together)
    one, two = await asyncio.gather(door.send(again="race"), door.send(again="race"))
    monkeypatch.setattr(repairs, "accept_request", real)
    assert one.status_code == two.status_code == 202
    assert one.json() == two.json()
    assert {one.headers.get("idempotent-replayed"), two.headers.get("idempotent-replayed")} == {
        None,
        "true",
    }
    assert await count_tickets(door.context, door.email) == 1
    assert (await door.send(again="race")).json() == one.json()


async def test_nothing_stays_of_a_request_that_fails(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(type(door.context.objects), "put", full)
    with capture_logs():
        failed = await door.send(door.request(photos=[json_photo(picture())]), again="later")
    assert_problem(failed, 500)
    assert await count_tickets(door.context, door.email) == 0
    monkeypatch.undo()
    again = await door.send(door.request(photos=[json_photo(picture())]), again="later")
    assert again.status_code == 202
    assert "idempotent-replayed" not in again.headers


async def test_a_ticket_can_be_read_with_a_key(door: Door) -> None:
    sent = (await door.send()).json()
    view = await ticket(door, sent["ticket"])
    assert (view["ticket"], view["business"], view["status"]) == (
        sent["ticket"],
        "noizylab",
        "received",
    )
    assert view["steps"] == view["mails"] == []
    assert view["quote"] is view["run_url"] is view["technician"] is None
    token = view["status_url"].rsplit("/v/", 1)[1]
    assert (await door.client.get(f"/v/{token}")).status_code == 200
    assert (await door.client.get(f"/r/{token}")).status_code == 404


async def test_the_flow_run_of_a_ticket_is_linked(door: Door) -> None:
    sent = (await door.send()).json()
    run_id = uuid4()
    async with door.context.database.transaction() as session:
        row = (await session.exec(select(Ticket).where(Ticket.number == sent["ticket"]))).one()
        row.run_id = run_id
        session.add(row)
    view = await ticket(door, sent["ticket"])
    assert UUID(view["run_id"]) == run_id
    assert view["run_url"] == f"{door.context.settings.prefect_url}/runs/flow-run/{run_id}"


@pytest.mark.parametrize("number", ["NL-999999", "x" * 500, "%00", "%F0%9F%92%A9", "'; --"])
async def test_a_ticket_that_is_not_there_is_a_problem(door: Door, number: str) -> None:
    answer = await door.client.get(f"/api/repairs/{number}", headers={"X-API-Key": door.key})
    assert_problem(answer, 404)


async def test_the_contract_describes_both_forms_of_the_request(
    client: httpx.AsyncClient,
) -> None:
    contract = (await client.get("/openapi.json")).json()
    content = contract["paths"][NEW]["post"]["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}
    fields = content["application/json"]["schema"]["properties"]
    assert {"customer_email", "device_type", "problem", "photos"} <= set(fields)
    assert not [path for path in contract["paths"] if path.startswith(("/r/", "/q/"))]


async def test_while_the_database_starts_it_says_come_again(door: Door) -> None:
    async def not_yet() -> None:
        raise CannotConnectNowError("the database system is starting up")

    engine = create_async_engine("postgresql+asyncpg://", async_creator=not_yet, poolclass=NullPool)
    app = create_app(replace(door.context, database=Database(engine)))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        answer = await Door(client, door.context, door.key).send()
    assert_problem(answer, 503)
    assert answer.headers["Retry-After"] == "2"
