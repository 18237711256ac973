"""HubSpot's pages: the objects, to see and to change, and the webhooks that wait.

All below ``/hubspot/`` is the API's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from sandbox.html import LATEST, from_own_page, page
from sandbox.hubspot.associations import Links
from sandbox.hubspot.control import DeliveryOrder
from sandbox.hubspot.errors import HubSpotError
from sandbox.hubspot.objects import archive
from sandbox.hubspot.outbox import Outbox
from sandbox.hubspot.record import Record
from sandbox.hubspot.schema import OBJECT_TYPES, ObjectType, Schema, object_type
from sandbox.hubspot.store import Crm
from sandbox.state import SandboxState, State

router = APIRouter(default_response_class=HTMLResponse)
own_page = [Depends(from_own_page)]


@router.get("/hubspot")
async def objects(
    request: Request, state: State, kind: str = "contacts", words: str = ""
) -> Response:
    """Show the objects of a type that hold the words, the latest first."""
    found = _type_or_404(kind)
    records = [record for record in reversed(state.store(Crm).all(found)) if _holds(record, words)]
    return page(
        request,
        "hubspot.html",
        kind=found,
        kinds=[(one, len(state.store(Crm).all(one))) for one in OBJECT_TYPES],
        records=records[:LATEST],
        words=words,
        waiting=state.store(Outbox).waiting,
    )


@router.post("/hubspot-webhooks", dependencies=own_page)
async def deliver(
    state: State,
    url: Annotated[str, Form()],
    times: Annotated[int, Form()] = 1,
    shuffle: Annotated[bool, Form()] = False,  # noqa: FBT002 - a form's field
) -> Response:
    """Deliver the webhooks that wait."""
    try:
        order = DeliveryOrder(url=url, times=times, shuffle=shuffle)
    except ValidationError:
        raise HTTPException(422, "Name a URL, and deliver 1 to 10 times.") from None
    await state.store(Outbox).deliver(order.url, times=order.times, shuffle=order.shuffle)
    return RedirectResponse("/hubspot", 303)


@router.post("/hubspot-objects/{kind}", dependencies=own_page)
async def create(kind: str, request: Request, state: State) -> Response:
    """Create an object from a form."""
    with _refusals():
        record = state.store(Crm).create(_type_or_404(kind), await _values(request))
    return RedirectResponse(f"/hubspot-objects/{kind}/{record.id}", 303)


@router.get("/hubspot-objects/{kind}/{object_id}")
async def one_object(kind: str, object_id: str, request: Request, state: State) -> Response:
    """Show an object with all that may be set."""
    record = _record_or_404(state, kind, object_id)
    links = state.store(Links)
    ends = [
        (to, state.store(Crm).find(to, end), types)
        for to in OBJECT_TYPES
        for end, types in links.of(record, to).items()
    ]
    fields = [one for one in state.store(Schema).properties(record.kind) if not one.is_read_only]
    return page(request, "hubspot_object.html", record=record, fields=fields, ends=ends)


@router.post("/hubspot-objects/{kind}/{object_id}", dependencies=own_page)
async def change(kind: str, object_id: str, request: Request, state: State) -> Response:
    """Change an object from a form: what differs."""
    record = _record_or_404(state, kind, object_id)
    values = {
        name: value
        for name, value in (await _values(request)).items()
        if value != record.properties.get(name, "")
    }
    with _refusals():
        state.store(Crm).update(record, values)
    return RedirectResponse(f"/hubspot-objects/{kind}/{object_id}", 303)


@router.post("/hubspot-objects/{kind}/{object_id}/archive", dependencies=own_page)
async def put_away(kind: str, object_id: str, state: State) -> Response:
    """Archive an object."""
    archive(state, _record_or_404(state, kind, object_id))
    return RedirectResponse(f"/hubspot?kind={kind}", 303)


def _holds(record: Record, words: str) -> bool:
    text = " ".join((record.id, *record.properties.values())).lower()
    return all(word in text for word in words.lower().split())


async def _values(request: Request) -> dict[str, str]:
    return {name: str(value).strip() for name, value in (await request.form()).items()}


@contextmanager
def _refusals() -> Iterator[None]:
    """Tell a person what the API refuses."""
    try:
        yield
    except HubSpotError as error:
        raise HTTPException(error.status, error.message) from None


def _type_or_404(kind: str) -> ObjectType:
    try:
        return object_type(kind)
    except HubSpotError:
        raise HTTPException(404, "There is no such object type.") from None


def _record_or_404(state: SandboxState, kind: str, object_id: str) -> Record:
    found = state.store(Crm).find(_type_or_404(kind), object_id)
    if found is None:
        raise HTTPException(404, "There is no such object; the stand-in may have been reset.")
    return found
