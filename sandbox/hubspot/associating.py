"""Calls about associations (``/crm/v4``)."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, RootModel

from sandbox.hubspot.associations import AssociationSpec, AssociationType, Links
from sandbox.hubspot.body import (
    Body,
    ObjectId,
    answer,
    batch_answer,
    done,
    number,
    read,
    read_batch,
)
from sandbox.hubspot.errors import HubSpotError, object_not_found
from sandbox.hubspot.limits import enter
from sandbox.hubspot.record import Record
from sandbox.hubspot.schema import ObjectType, object_type
from sandbox.hubspot.store import Crm
from sandbox.state import SandboxState, State

MAX_READ = 1000
MAX_WRITE = 2000
MAX_PAGE = 500

router = APIRouter(dependencies=[Depends(enter)])

_Refused = list[tuple[HubSpotError, dict[str, list[str]]]]


class Pair(Body):
    """Two objects."""

    from_: ObjectId = Field(alias="from")
    to: ObjectId


class TypedPair(Pair):
    """Two objects, and how they belong together."""

    types: list[AssociationSpec] = Field(min_length=1)


class Specs(RootModel[list[AssociationSpec]]):
    """How two objects belong together."""


class Ends(Body):
    """An object, and those that it shall not belong to any more."""

    from_: ObjectId = Field(alias="from")
    to: list[ObjectId]


class Label(Body):
    """A label to define."""

    name: str = Field(min_length=1)
    label: str = Field(min_length=1)
    inverse_label: str = ""


@router.get("/associations/{start}/{end}/labels")
async def list_labels(start: str, end: str, state: State) -> Response:
    """List the types of associations between two object types."""
    found = state.store(Links).types(object_type(start), object_type(end))
    return answer(state, {"results": [one.to_json() for one in found]})


@router.post("/associations/{start}/{end}/labels")
async def create_label(start: str, end: str, request: Request, state: State) -> Response:
    """Define a label."""
    new = await read(Label, request)
    made = state.store(Links).define(
        object_type(start), object_type(end), new.label, new.inverse_label or new.label
    )
    return answer(state, {"results": [one.to_json() for one in made]})


@router.post("/associations/{start}/{end}/batch/create")
async def create_batch(start: str, end: str, request: Request, state: State) -> Response:
    """Associate objects by types that are named."""
    kinds = object_type(start), object_type(end)
    results, refused = [], _Refused()
    for pair in await read_batch(TypedPair, request, MAX_WRITE):
        try:
            results.append(_labelled(state, *_records(state, kinds, pair), pair.types))
        except HubSpotError as error:
            refused.append((error, _context(pair)))
    return batch_answer(state, results, refused, 201)


@router.post("/associations/{start}/{end}/batch/associate/default")
async def create_default_batch(start: str, end: str, request: Request, state: State) -> Response:
    """Associate objects without a label; what goes wrong is told in a 200."""
    kinds = object_type(start), object_type(end)
    results, refused = [], _Refused()
    for pair in await read_batch(Pair, request, MAX_WRITE):
        try:
            results += _by_default(state, *_records(state, kinds, pair))
        except HubSpotError as error:
            refused.append((error, _context(pair)))
    return batch_answer(state, results, refused, partly=200)


@router.post("/associations/{start}/{end}/batch/archive")
async def archive_batch(start: str, end: str, request: Request, state: State) -> Response:
    """Remove associations."""
    crm, links = state.store(Crm), state.store(Links)
    kinds = object_type(start), object_type(end)
    for ends in await read_batch(Ends, request, MAX_WRITE):
        one = crm.find(kinds[0], ends.from_.id)
        for to in ends.to:
            other = crm.find(kinds[1], to.id)
            if one is not None and other is not None:
                links.remove(one, other)
    return done(state)


@router.post("/associations/{start}/{end}/batch/read")
async def read_batch_of(start: str, end: str, request: Request, state: State) -> Response:
    """Return what objects belong to; those that belong to nothing are told as errors."""
    kind, to = object_type(start), object_type(end)
    results, refused = [], _Refused()
    for one in await read_batch(ObjectId, request, MAX_READ):
        record = state.store(Crm).find(kind, one.id)
        ends = state.store(Links).of(record, to) if record is not None else {}
        if ends:
            shown = [_shown(end_id, types) for end_id, types in ends.items()]
            results.append({"from": {"id": one.id}, "to": shown})
        else:
            text = f"No {to.singular} is associated with {kind.singular} {one.id}."
            error = HubSpotError(404, text)
            refused.append((error, {"fromObjectId": [one.id]}))
    return batch_answer(state, results, refused)


@router.get("/objects/{start}/{object_id}/associations/{end}")
async def list_ends(
    start: str, object_id: str, end: str, request: Request, state: State
) -> Response:
    """List what an object belongs to."""
    record = state.store(Crm).get(object_type(start), object_id)
    limit = number(request, "limit", default=MAX_PAGE, least=1, most=MAX_PAGE)
    after = number(request, "after", default=0, least=0, most=10**9)
    ends = list(state.store(Links).of(record, object_type(end)).items())
    page = [_shown(one, types) for one, types in ends[after : after + limit]]
    body: dict[str, Any] = {"results": page}
    if after + limit < len(ends):
        body["paging"] = {"next": {"after": str(after + limit)}}
    return answer(state, body)


@router.put("/objects/{start}/{object_id}/associations/default/{end}/{end_id}")
async def associate_by_default(
    start: str, object_id: str, end: str, end_id: str, state: State
) -> Response:
    """Associate two objects without a label."""
    crm = state.store(Crm)
    one, other = crm.get(object_type(start), object_id), crm.get(object_type(end), end_id)
    return batch_answer(state, _by_default(state, one, other))


@router.put("/objects/{start}/{object_id}/associations/{end}/{end_id}")
async def associate(
    start: str, object_id: str, end: str, end_id: str, request: Request, state: State
) -> Response:
    """Associate two objects by types that are named."""
    crm = state.store(Crm)
    specs = await read(Specs, request)
    one, other = crm.get(object_type(start), object_id), crm.get(object_type(end), end_id)
    return answer(state, _labelled(state, one, other, specs.root), 201)


@router.delete("/objects/{start}/{object_id}/associations/{end}/{end_id}")
async def archive(start: str, object_id: str, end: str, end_id: str, state: State) -> Response:
    """Let two objects not belong together any more."""
    crm = state.store(Crm)
    one, other = crm.get(object_type(start), object_id), crm.get(object_type(end), end_id)
    state.store(Links).remove(one, other)
    return done(state)


def _records(
    state: SandboxState, kinds: tuple[ObjectType, ObjectType], pair: Pair
) -> tuple[Record, Record]:
    crm = state.store(Crm)
    one, other = crm.find(kinds[0], pair.from_.id), crm.find(kinds[1], pair.to.id)
    if one is None or other is None:
        raise object_not_found(pair.from_.id if one is None else pair.to.id)
    return one, other


def _context(pair: Pair) -> dict[str, list[str]]:
    return {"fromObjectId": [pair.from_.id], "toObjectId": [pair.to.id]}


def _labelled(
    state: SandboxState, one: Record, other: Record, specs: list[AssociationSpec]
) -> dict[str, Any]:
    return {
        "fromObjectTypeId": one.kind.type_id,
        "fromObjectId": one.id,
        "toObjectTypeId": other.kind.type_id,
        "toObjectId": other.id,
        "labels": state.store(Links).add(one, other, specs),
    }


def _by_default(state: SandboxState, one: Record, other: Record) -> list[dict[str, Any]]:
    links = state.store(Links)
    links.add(one, other, [])
    there = links.types(one.kind, other.kind)[0]
    back = links.types(other.kind, one.kind)[0]
    return [
        {"from": {"id": start}, "to": {"id": end}, "associationSpec": kind.to_spec()}
        for start, end, kind in ((one.id, other.id, there), (other.id, one.id, back))
    ]


def _shown(end_id: str, types: list[AssociationType]) -> dict[str, Any]:
    return {"toObjectId": end_id, "associationTypes": [one.to_json() for one in types]}
