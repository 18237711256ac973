"""The API of repairs: hand in a request, read a ticket."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse

from gateway.auth import Caller, require
from gateway.bodies import RawPhoto, read_request
from gateway.context import Context, InContext
from gateway.problems import ProblemError
from gateway.views import TicketView, ticket_view
from hotrod.access.models import Scope
from hotrod.durable import inbox
from hotrod.durable.inbox import DuplicateDeliveryError
from hotrod.errors import NotFoundError
from hotrod.keys import body_hash
from hotrod.repairs.intake import (
    Origin,
    PhotoUpload,
    RepairRequest,
    accept_request,
    business_for,
)
from hotrod.repairs.models import Ticket
from hotrod.repairs.photos import sanitize

router = APIRouter(tags=["repairs"])

_PHOTO_THREAD = ThreadPoolExecutor(1, "photos")
"""One photo at a time: a large one takes hundreds of megabytes while it is decoded."""

_PHOTO = {
    "type": "object",
    "required": ["filename", "content_type", "data_base64"],
    "properties": {
        "filename": {"type": "string"},
        "content_type": {"enum": ["image/jpeg", "image/png", "image/webp"]},
        "data_base64": {"type": "string", "format": "byte"},
    },
}


def _body_schema(photo: dict[str, Any]) -> dict[str, Any]:
    schema = RepairRequest.model_json_schema()
    schema["properties"]["photos"] = {"type": "array", "items": photo}
    return {"schema": schema}


@router.post(
    "/api/flow/repair/new",
    status_code=HTTPStatus.ACCEPTED,
    summary="Hand in a repair request",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": _body_schema(_PHOTO),
                "multipart/form-data": _body_schema({"type": "string", "format": "binary"}),
            },
        }
    },
)
async def new_repair(
    request: Request,
    context: InContext,
    caller: Annotated[Caller, Depends(require(Scope.TICKETS_WRITE))],
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=200, pattern="^[ -~]*$")
    ] = None,
) -> JSONResponse:
    """Accept a repair request; answered once ticket and inbox row are on disk.

    The same Idempotency-Key with the same body gets the same answer; with another body, 409.
    """
    fields, raw_photos = await read_request(request, context.settings.gateway.max_photos)
    repair = RepairRequest.model_validate(fields)
    business = business_for(repair, context.company)
    if not caller.may_touch(business.key):
        detail = f"This key is not for the business {business.key}."
        raise ProblemError(HTTPStatus.FORBIDDEN, detail)
    origin = Origin(caller.source, idempotency_key or uuid4().hex, _fingerprint(repair, raw_photos))
    uploads = [await _sanitize(context, photo) for photo in raw_photos]

    def answer_for(ticket: Ticket) -> dict[str, Any]:
        return {
            "ticket": ticket.number,
            "status_url": context.links.status_url(ticket.id),
            "delivery": origin.delivery_id,
        }

    try:
        async with context.database.transaction() as session:
            answer = await accept_request(
                session, business, context.objects, repair, uploads, origin, answer_for
            )
    except DuplicateDeliveryError:
        return _accepted(await _replay(context, origin), replayed=True)
    return _accepted(answer, replayed=False)


@router.get("/api/repairs/{ticket}", summary="Read a ticket")
async def read_repair(
    ticket: str,
    context: InContext,
    caller: Annotated[Caller, Depends(require(Scope.TICKETS_READ))],
) -> TicketView:
    """Return a ticket with the steps that it has passed, its quote and its mails."""
    async with context.database.transaction() as session:
        view = await ticket_view(session, context, ticket[:40].replace("\x00", ""))
    if not caller.may_touch(view.business):
        raise NotFoundError("ticket", view.ticket)
    return view


async def _replay(context: Context, origin: Origin) -> dict[str, Any]:
    async with context.database.transaction() as session:
        return await inbox.replay(session, origin.source, origin.delivery_id, origin.body_hash)


async def _sanitize(context: Context, photo: RawPhoto) -> PhotoUpload:
    clean = await asyncio.get_running_loop().run_in_executor(
        _PHOTO_THREAD,
        partial(
            sanitize, photo.data, photo.content_type, context.settings.objects, field=photo.field
        ),
    )
    return PhotoUpload(photo.filename, clean)


def _fingerprint(repair: RepairRequest, photos: list[RawPhoto]) -> str:
    return body_hash(
        [repair.model_dump(), [[p.filename, sha256(p.data).hexdigest()] for p in photos]]
    )


def _accepted(answer: dict[str, Any], *, replayed: bool) -> JSONResponse:
    headers = {"Idempotent-Replayed": "true"} if replayed else {}
    return JSONResponse(answer, HTTPStatus.ACCEPTED, headers)
