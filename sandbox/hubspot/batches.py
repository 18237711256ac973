"""Objects, a hundred at a time (``/crm/v3/objects/{type}/batch``).

A value that HubSpot doesn't take refuses the whole batch with 400. A row that collides with
another object is refused alone, by 207. Batches of new objects refuse any row alone when each
carries an ``objectWriteTraceId``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from sandbox.hubspot.body import (
    MAX_BATCH,
    Body,
    ObjectId,
    Text,
    batch_answer,
    done,
    read,
    read_batch,
)
from sandbox.hubspot.errors import HubSpotError
from sandbox.hubspot.limits import enter
from sandbox.hubspot.objects import NewObject, archive, create, known
from sandbox.hubspot.record import Record
from sandbox.hubspot.schema import object_type
from sandbox.hubspot.store import Crm
from sandbox.state import State

router = APIRouter(dependencies=[Depends(enter)])

_Refused = list[tuple[HubSpotError, dict[str, list[str]]]]


class Row(Body):
    """An object to change, named by its id or by a unique value."""

    id: Text = Field(min_length=1)
    id_property: str | None = None
    object_write_trace_id: str | None = None
    properties: dict[str, Text]

    @property
    def is_by_id(self) -> bool:
        """Whether it is named by its id."""
        return self.id_property in (None, "", "hs_object_id")

    @property
    def context(self) -> dict[str, list[str]]:
        """What names the row in an error."""
        trace = self.object_write_trace_id
        return {"ids": [self.id], **({"objectWriteTraceId": [trace]} if trace else {})}


class NewRow(NewObject):
    """An object to create."""

    object_write_trace_id: str | None = None


class Wanted(Body):
    """Objects to read."""

    inputs: list[ObjectId] = Field(min_length=1, max_length=MAX_BATCH)
    properties: list[str] = Field(default_factory=list)
    id_property: str | None = None


@router.post("/{kind}/batch/upsert")
async def upsert_objects(kind: str, request: Request, state: State) -> Response:
    """Create or change objects by a property whose values are unique."""
    found, crm = object_type(kind), state.store(Crm)
    rows = await read_batch(Row, request)
    _check_ids(rows)
    for row in rows:
        crm.find(found, row.id, row.id_property or "")
        crm.check(found, _with_key(row))
    results, refused = [], _Refused()
    for row in rows:
        record = crm.find(found, row.id, row.id_property or "")
        try:
            if record is None and row.is_by_id:
                crm.get(found, row.id)
            if record is None:
                changed = crm.create(found, _with_key(row))
            else:
                changed = crm.update(record, row.properties)
        except HubSpotError as error:
            refused.append((error, row.context))
        else:
            shown = _traced(changed, row.properties, row.object_write_trace_id)
            results.append({**shown, "new": record is None})
    return batch_answer(state, results, refused)


@router.post("/{kind}/batch/create")
async def create_objects(kind: str, request: Request, state: State) -> Response:
    """Create objects."""
    found, crm = object_type(kind), state.store(Crm)
    rows = await read_batch(NewRow, request)
    are_traced = all(row.object_write_trace_id for row in rows)
    if not are_traced:
        for row in rows:
            crm.check_new(found, row.properties)
    results, refused = [], _Refused()
    for row in rows:
        try:
            record = create(state, found, row)
        except HubSpotError as error:
            if not are_traced:
                raise
            refused.append((error, {"objectWriteTraceId": [str(row.object_write_trace_id)]}))
        else:
            results.append(_traced(record, row.properties, row.object_write_trace_id))
    return batch_answer(state, results, refused, 201)


@router.post("/{kind}/batch/update")
async def update_objects(kind: str, request: Request, state: State) -> Response:
    """Change objects."""
    found, crm = object_type(kind), state.store(Crm)
    rows = await read_batch(Row, request)
    _check_ids(rows)
    for row in rows:
        crm.check(found, row.properties)
    results, refused = [], _Refused()
    for row in rows:
        try:
            record = crm.get(found, row.id, row.id_property or "")
            shown = crm.update(record, row.properties)
        except HubSpotError as error:
            refused.append((error, row.context))
        else:
            results.append(_traced(shown, row.properties, row.object_write_trace_id))
    return batch_answer(state, results, refused)


@router.post("/{kind}/batch/read")
async def read_objects(kind: str, request: Request, state: State) -> Response:
    """Return objects; those that aren't there are told in one error."""
    found, crm = object_type(kind), state.store(Crm)
    wanted = await read(Wanted, request)
    shown = known(state, found, wanted.properties)
    results, missing = [], []
    for one in wanted.inputs:
        record = crm.find(found, one.id, wanted.id_property or "")
        if record is None:
            missing.append(one.id)
        else:
            results.append(record.to_json(shown))
    text = f"Could not get some {found.singular.upper()} objects, they may be deleted."
    error = HubSpotError(404, text)
    return batch_answer(state, results, [(error, {"ids": missing})] if missing else [])


@router.post("/{kind}/batch/archive")
async def archive_objects(kind: str, request: Request, state: State) -> Response:
    """Archive objects."""
    found, crm = object_type(kind), state.store(Crm)
    for one in await read_batch(ObjectId, request):
        record = crm.find(found, one.id)
        if record is not None:
            archive(state, record)
    return done(state)


def _check_ids(rows: Sequence[Row]) -> None:
    counts = Counter(row.id.lower() for row in rows)
    twice = [key for key, count in counts.items() if count > 1]
    if twice:
        text = f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
        raise HubSpotError(400, text)


def _with_key(row: Row) -> dict[str, str]:
    if row.is_by_id:
        return row.properties
    return {str(row.id_property): row.id, **row.properties}


def _traced(record: Record, wanted: dict[str, str], trace: str | None) -> dict[str, object]:
    shown = record.to_json(wanted)
    return {**shown, "objectWriteTraceId": trace} if trace else shown
