"""Every error is a problem that names the cure and gives nothing away."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlmodel import insert
from sqlmodel.ext.asyncio.session import AsyncSession
from structlog.testing import capture_logs

from gateway import pages, repairs
from gateway.context import Context
from hotrod.access.models import Scope
from hotrod.access.store import revoke_key
from hotrod.customers.models import Customer
from hotrod.repairs import intake
from tests.gateway.conftest import NEW, Door, assert_problem, new_key


@pytest.mark.parametrize("key", [None, "", "hrf_0123456789_" + "A" * 43, "Bearer x", "\xff" * 9])
async def test_without_a_good_key_nobody_enters(door: Door, key: str | None) -> None:
    headers = {} if key is None else {b"X-API-Key": key.encode("latin-1")}
    for answer in (
        await door.client.post(NEW, json=door.request(), headers=headers),
        await door.client.get("/api/repairs/NL-1001", headers=headers),
    ):
        assert_problem(answer, 401)
        assert "X-API-Key" in answer.headers["www-authenticate"]


async def test_the_body_of_a_stranger_is_not_even_read(door: Door) -> None:
    assert_problem(await door.client.post(NEW, content=b"{"), 401)


async def test_a_key_with_one_letter_changed_is_no_key(door: Door) -> None:
    assert (await door.send()).status_code == 202
    door.key = door.key[:-2] + ("A" if door.key[-2] != "A" else "B") + door.key[-1]
    assert_problem(await door.send(), 401)


async def test_a_revoked_key_stops_within_five_seconds(door: Door, app: FastAPI) -> None:
    moment = 0.0
    app.state.callers = type(app.state.callers)(clock=lambda: moment)
    assert (await door.send()).status_code == 202
    async with door.context.database.transaction() as session:
        await revoke_key(session, door.key.split("_")[1])
    moment = 4.9
    assert (await door.send()).status_code == 202, "remembered"
    moment = 5.0
    assert_problem(await door.send(), 401)


async def test_a_key_without_the_scope_is_told_which(
    client: httpx.AsyncClient, context: Context
) -> None:
    reader = Door(client, context, await new_key(context, Scope.TICKETS_READ))
    assert "tickets:write" in assert_problem(await reader.send(), 403)["detail"]
    writer = Door(client, context, await new_key(context, Scope.TICKETS_WRITE))
    number = (await writer.send()).json()["ticket"]
    refused = await client.get(f"/api/repairs/{number}", headers={"X-API-Key": writer.key})
    assert "tickets:read" in assert_problem(refused, 403)["detail"]
    admin = await new_key(context, Scope.ADMIN)
    seen = await client.get(f"/api/repairs/{number}", headers={"X-API-Key": admin})
    assert seen.status_code == 200


async def test_a_key_of_another_business_sees_and_touches_nothing(
    door: Door, context: Context
) -> None:
    number = (await door.send()).json()["ticket"]
    key = await new_key(context, Scope.ADMIN, business_key="teelixir")
    stranger = Door(door.client, context, key)
    assert "noizylab" in assert_problem(await stranger.send(), 403)["detail"]
    hidden = await door.client.get(f"/api/repairs/{number}", headers={"X-API-Key": key})
    missing = await door.client.get("/api/repairs/NL-999999", headers={"X-API-Key": key})
    assert assert_problem(hidden, 404) == assert_problem(missing, 404)
    own = Door(door.client, context, await new_key(context, *Scope, business_key="noizylab"))
    assert (await own.send()).status_code == 202


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/docs", 404),
        ("GET", "/health/", 404),
        ("GET", "/<script>alert(1)</script>", 404),
        ("GET", NEW, 405),
        ("DELETE", "/api/repairs/NL-1001", 405),
        ("PUT", "/q/token", 405),
    ],
)
async def test_other_paths_and_methods_are_problems(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert_problem(answer, status)
    assert "script" not in answer.text
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("key", [b"", b"k" * 201, b"a\x00b", b"a\r\nX: y", b"\xc3\xa9"])
async def test_an_idempotency_key_is_short_and_printable(door: Door, key: bytes) -> None:
    headers = {b"X-API-Key": door.key.encode(), b"Idempotency-Key": key}
    answer = await door.client.post(NEW, json=door.request(), headers=headers)
    (row,) = assert_problem(answer, 422)["errors"]
    assert row["field"] == "header.idempotency-key"


async def test_a_fault_of_ours_tells_a_reference_and_nothing_else(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object) -> None:
        raise RuntimeError(f"the secret of {door.email}")

    monkeypatch.setattr(intake, "triage", fault)
    with capture_logs() as logs:
        answer = await door.send()
    body = assert_problem(answer, 500)
    assert set(body) == {"type", "title", "status", "detail", "reference"}
    assert "secret" not in answer.text
    (entry,) = logs
    assert (entry["event"], entry["reference"]) == ("request.failed", body["reference"])
    assert (entry["route"], entry["log_level"]) == (NEW, "error")


async def test_what_the_database_says_of_people_is_not_logged(
    door: Door, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by us, nor by the server that gets what an app doesn't catch."""

    async def clash(session: AsyncSession, *_more: object) -> None:
        customer = {"email": door.email, "name": "Ada Byron"}
        for _ in range(2):
            await session.exec(insert(Customer).values(id=uuid4(), **customer))

    monkeypatch.setattr(repairs, "accept_request", clash)
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        with capture_logs() as logs:
            answer = await Door(client, door.context, door.key, door.email).send()
    body = assert_problem(answer, 500)
    (entry,) = logs
    assert (entry["event"], entry["reference"]) == ("request.failed", body["reference"])
    assert (entry["error"], entry["sqlstate"]) == ("IntegrityError", "23505")
    assert "clash" in str(entry["where"])
    assert door.email not in str(logs)


async def test_a_link_is_not_written_into_the_log(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object, **__: object) -> None:
        raise RuntimeError("the template is broken")

    monkeypatch.setattr(pages, "_render", fault)
    url = (await door.send()).json()["status_url"]
    with capture_logs() as logs:
        answer = await door.client.get(url.removeprefix(door.context.settings.public_url))
    assert_problem(answer, 500)
    assert logs[0]["route"] == "/r/{token}"
    assert url.rsplit("/", 1)[1] not in str(logs)
