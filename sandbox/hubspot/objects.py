"""Objects, one by one (``/crm/v3/objects``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from sandbox.hubspot.associations import AssociationSpec, Links
from sandbox.hubspot.body import Body, ObjectId, Text, answer, done, names, number, read
from sandbox.hubspot.errors import HubSpotError, object_not_found
from sandbox.hubspot.limits import enter
from sandbox.hubspot.record import Record
from sandbox.hubspot.schema import CONTACTS, ObjectType, Schema, object_type
from sandbox.hubspot.store import Crm
from sandbox.state import SandboxState, State

MAX_PAGE = 100

router = APIRouter(dependencies=[Depends(enter)])


class Values(Body):
    """Properties to set."""

    properties: dict[str, Text]


class NewAssociation(Body):
    """An object to associate a new one with."""

    to: ObjectId
    types: list[AssociationSpec] = Field(min_length=1)


class NewObject(Values):
    """An object to create."""

    associations: list[NewAssociation] = Field(default_factory=list)


class Merge(Body):
    """Two objects to make one of."""

    primary_object_id: Text
    object_id_to_merge: Text


class Erasure(Body):
    """A contact to erase."""

    object_id: Text
    id_property: str = ""


@router.get("/{kind}")
async def list_objects(kind: str, request: Request, state: State) -> Response:
    """List objects, oldest first."""
    found = object_type(kind)
    limit = number(request, "limit", default=10, least=1, most=MAX_PAGE)
    after = number(request, "after", default=0, least=0, most=10**12)
    archived = request.query_params.get("archived") == "true"
    kept = state.store(Crm).all(found, archived=archived)
    later = [record for record in kept if int(record.id) > after]
    page = later[:limit]
    body: dict[str, Any] = {"results": [_shown(state, one, request) for one in page]}
    if len(later) > limit:
        link = str(request.url.include_query_params(after=page[-1].id))
        body["paging"] = {"next": {"after": page[-1].id, "link": link}}
    return answer(state, body)


@router.post("/{kind}")
async def create_object(kind: str, request: Request, state: State) -> Response:
    """Create an object, with its associations."""
    found = object_type(kind)
    record = create(state, found, await read(NewObject, request))
    return answer(state, record.to_json(whole=True), 201)


@router.get("/{kind}/{object_id}")
async def get_object(kind: str, object_id: str, request: Request, state: State) -> Response:
    """Return an object by its id, or by a unique value of ``idProperty``."""
    by = request.query_params.get("idProperty", "")
    archived = request.query_params.get("archived") == "true"
    record = state.store(Crm).find(object_type(kind), object_id, by, archived=archived)
    if record is None:
        raise object_not_found(object_id)
    return answer(state, _shown(state, record, request))


@router.patch("/{kind}/{object_id}")
async def update_object(kind: str, object_id: str, request: Request, state: State) -> Response:
    """Change an object's properties."""
    crm = state.store(Crm)
    record = crm.get(object_type(kind), object_id, request.query_params.get("idProperty", ""))
    values = await read(Values, request)
    return answer(state, crm.update(record, values.properties).to_json(values.properties))


@router.delete("/{kind}/{object_id}")
async def archive_object(kind: str, object_id: str, state: State) -> Response:
    """Archive an object; one that isn't there is none the less."""
    record = state.store(Crm).find(object_type(kind), object_id)
    if record is not None:
        archive(state, record)
    return done(state)


@router.post("/contacts/gdpr-delete")
async def erase_contact(request: Request, state: State) -> Response:
    """Delete a contact for good, as the GDPR wants it."""
    wanted = await read(Erasure, request)
    record = state.store(Crm).get(CONTACTS, wanted.object_id, wanted.id_property)
    state.store(Links).forget(record)
    state.store(Crm).erase(record)
    return done(state)


@router.post("/{kind}/merge")
async def merge_objects(kind: str, request: Request, state: State) -> Response:
    """Make one object of two, under a new id."""
    found, crm = object_type(kind), state.store(Crm)
    wanted = await read(Merge, request)
    primary = crm.get(found, wanted.primary_object_id)
    other = crm.get(found, wanted.object_id_to_merge)
    merged = crm.merge(primary, other)
    state.store(Links).move([primary, other], merged)
    return answer(state, merged.to_json(whole=True))


def create(state: SandboxState, kind: ObjectType, new: NewObject) -> Record:
    """Create an object, with its associations.

    Raises:
        HubSpotError: a value is wrong or taken, or there is nothing to associate with.
    """
    links, crm = state.store(Links), state.store(Crm)
    ends = [_end(crm, links, kind, one) for one in new.associations]
    record = crm.create(kind, new.properties)
    for one, end in zip(new.associations, ends, strict=True):
        links.add(record, end, one.types)
    return record


def archive(state: SandboxState, record: Record) -> None:
    """Put an object away; it doesn't belong to any other any more."""
    state.store(Links).forget(record)
    state.store(Crm).archive(record)


def _end(crm: Crm, links: Links, kind: ObjectType, new: NewAssociation) -> Record:
    to, *others = {links.target(kind, spec) for spec in new.types}
    if others:
        raise HubSpotError(400, "The types of an association lead to different objects")
    found = crm.find(to, new.to.id)
    if found is None:
        raise HubSpotError(400, f"{to.singular} {new.to.id} does not exist")
    return found


def known(state: SandboxState, kind: ObjectType, wanted: Sequence[str]) -> list[str]:
    """Return those of the wanted properties that there are; HubSpot leaves out the others."""
    schema = state.store(Schema)
    return [name for name in wanted if schema.find(kind, name) is not None]


def _shown(state: SandboxState, record: Record, request: Request) -> dict[str, Any]:
    shown = record.to_json(known(state, record.kind, names(request, "properties")))
    associated = {}
    for name in names(request, "associations"):
        to = object_type(name)
        ends = state.store(Links).of(record, to)
        if ends:
            kind = f"{record.kind.singular}_to_{to.singular}"
            associated[to.name] = {"results": [{"id": one, "type": kind} for one in ends]}
    return {**shown, "associations": associated} if associated else shown
