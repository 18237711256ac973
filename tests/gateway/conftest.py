"""The gateway over the real database, called without a socket."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from PIL import Image

from connectors.slack.client import SlackClient
from gateway.app import create_app
from gateway.context import Context
from hotrod.access.models import Scope
from hotrod.access.store import create_key
from hotrod.company.models import Company
from hotrod.db.engine import Database
from hotrod.links import LinkSigner
from hotrod.services.seals import Seal
from hotrod.settings import Settings
from tasks._connections import objects_client

NEW = "/api/flow/repair/new"
PROBLEM = "application/problem+json"


@dataclass
class Door:
    """A caller at the gateway's door, with a key of its own."""

    client: httpx.AsyncClient
    context: Context
    key: str
    email: str = field(default_factory=lambda: f"{uuid4().hex}@example.com")

    def request(self, **changes: Any) -> dict[str, Any]:
        """Return a good request, with changes; None leaves a field out."""
        body = {
            "customer_name": "Ada Byron",
            "customer_email": self.email,
            "device_type": "console",
            "brand": "Sony",
            "model": "PlayStation 5",
            "problem": "No picture on any television since the storm.",
        } | changes
        return {name: value for name, value in body.items() if value is not None}

    async def send(self, body: object = None, *, again: str | None = None) -> httpx.Response:
        """Hand a request in as JSON, under an Idempotency-Key when one is given."""
        headers = {"X-API-Key": self.key}
        if again is not None:
            headers["Idempotency-Key"] = again
        return await self.client.post(NEW, json=body or self.request(), headers=headers)

    async def raw(self, body: bytes, content_type: str = "application/json") -> httpx.Response:
        """Hand in bytes as they are."""
        headers = {"X-API-Key": self.key, "Content-Type": content_type}
        return await self.client.post(NEW, content=body, headers=headers)


@pytest.fixture
def context(settings: Settings, company: Company, database: Database) -> Context:
    assert settings.secret_key is not None
    return Context(
        settings=settings,
        company=company,
        database=database,
        objects=objects_client(settings),
        signer=LinkSigner(settings.secret_key),
        seal=Seal(settings.secret_key),
        slack=SlackClient(
            base_url=settings.slack.base_url,
            bot_token=settings.slack.bot_token,
            timeout_seconds=settings.slack.timeout_seconds,
        ),
    )


@pytest.fixture
def app(context: Context) -> FastAPI:
    return create_app(context)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("192.0.2.7", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
        yield client


@pytest.fixture
async def door(client: httpx.AsyncClient, context: Context) -> Door:
    return Door(client, context, await new_key(context, *Scope))


async def new_key(context: Context, *scopes: Scope, business_key: str | None = None) -> str:
    """Make a key that nobody else uses."""
    async with context.database.transaction() as session:
        return await create_key(session, "test", scopes, business_key)


def picture(
    form: str = "PNG", size: tuple[int, int] = (8, 6), exif: Image.Exif | None = None
) -> bytes:
    """Return a small picture."""
    out = io.BytesIO()
    Image.new("RGB", size, "#c04020").save(out, form, **({"exif": exif} if exif else {}))
    return out.getvalue()


def json_photo(data: bytes, content_type: str = "image/png", name: str = "b.png") -> dict[str, str]:
    """Return a photo as it goes into a JSON request."""
    encoded = base64.b64encode(data).decode()
    return {"filename": name, "content_type": content_type, "data_base64": encoded}


def assert_problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Check that an answer is a problem by RFC 9457 with a status, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"].endswith(".")
    for row in body.get("errors", []):
        assert set(row) == {"field", "reason", "cure"}
        assert all(row.values())
    return body
