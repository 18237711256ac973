"""The front door: an ASGI app that writes requests down and shows customers their pages."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from connectors.objects.client import ObjectsClient
from connectors.slack.client import SlackClient
from gateway import approvals, health, metrics, ops, pages, problems, purchases, repairs, slack
from gateway.auth import CallerCache
from gateway.bodies import BodyLimit
from gateway.context import Context
from hotrod.company.load import get_company
from hotrod.db.engine import Database
from hotrod.links import LinkSigner
from hotrod.logging import configure_logging
from hotrod.services.seals import Seal
from hotrod.settings import Settings, get_settings
from hotrod.stack.secrets import load_secrets

_GARBAGE_AT = 10_000  # objects more than before; requests leave little that is not freed at once


def create_app(context: Context) -> FastAPI:
    """Return the app over the given resources."""

    @asynccontextmanager
    async def ready(_: FastAPI) -> AsyncIterator[None]:
        await context.database.open()
        gc.freeze()  # what is here now stays: looking through it again would make requests wait
        gc.set_threshold(_GARBAGE_AT)
        yield
        await context.slack.aclose()
        await context.database.close()

    app = FastAPI(
        lifespan=ready,
        title="Hot Rod Flow",
        description="Webhooks and customers' pages. Send your key in X-API-Key.",
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.context = context
    app.state.callers = CallerCache()
    app.add_middleware(BodyLimit, most=context.settings.gateway.max_body_bytes)
    problems.install(app)
    for room in (repairs, slack, health, metrics, ops, pages, approvals, purchases):
        app.include_router(room.router)
    return app


def from_settings() -> FastAPI:
    """Return the app of this process, by its settings."""
    settings = get_settings()
    configure_logging(settings.log_level)
    secret_key = load_secrets(settings).secret_key
    return create_app(
        Context(
            settings=settings,
            company=get_company(),
            database=Database.connect(settings),
            objects=_objects(settings),
            signer=LinkSigner(secret_key),
            seal=Seal(secret_key),
            slack=SlackClient(
                base_url=settings.slack.base_url,
                bot_token=settings.slack.bot_token,
                timeout_seconds=settings.slack.timeout_seconds,
            ),
        )
    )


def _objects(settings: Settings) -> ObjectsClient:
    given = settings.objects
    return ObjectsClient(
        settings.objects_url,
        endpoint=given.endpoint,
        region=given.region,
        access_key_id=given.access_key_id,
        secret_access_key=given.secret_access_key,
        timeout_seconds=given.timeout_seconds,
    )
