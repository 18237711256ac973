"""Upserts of any number of rows: each gets in, or gets a reason of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from connectors._http.batch import Outcome, batch_execute
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RejectedError,
    UnknownOutcomeError,
)
from connectors.hubspot.errors import UnknownPropertyError
from connectors.hubspot.models import BatchAnswer, KeyedValues, ObjectType, UpsertedObject
from connectors.hubspot.sdk import Sdk

MAX_BATCH = 100

RowOutcome = Outcome[KeyedValues, UpsertedObject]

_OPERATION = "upsert_objects"
_PROBES = 5


class Upserts:
    """Upserts objects of one type by one unique property.

    HubSpot refuses a whole batch for one wrong value. Of such a batch, a few rows from all over it
    are sent alone: when each is refused in the words that the batch was, it is not about rows, and
    all have that reason. Otherwise the others are sent again in halves, until each wrong row stands
    alone and all others are in; of an unknown property, without the rows that have it. A batch
    that gets no answer is sent again, too: the same values under the same key make no difference.

    Args:
        sdk: makes the calls.
        kind: object type.
        id_property: names an object.
        concurrency: batches at a time.
    """

    def __init__(self, sdk: Sdk, kind: ObjectType, id_property: str, concurrency: int) -> None:
        self._sdk = sdk
        self._kind = kind
        self._id_property = id_property
        self._concurrency = concurrency

    async def run(self, rows: Sequence[KeyedValues]) -> list[RowOutcome]:
        """Upsert rows, and return what came of each, in their order."""
        batches = [rows[at : at + MAX_BATCH] for at in range(0, len(rows), MAX_BATCH)]
        found = await batch_execute(
            batches, self._upsert, concurrency=self._concurrency, continue_on_error=False
        )
        return [
            row
            for batch in found
            for row in (
                batch.result
                if batch.result is not None
                else [
                    RowOutcome(one, error=batch.error, was_tried=batch.was_tried)
                    for one in batch.item
                ]
            )
        ]

    async def _upsert(
        self, rows: Sequence[KeyedValues], *, is_half: bool = False
    ) -> list[RowOutcome]:
        """Upsert one batch, or a half of a refused one; only refused credentials end it all."""
        try:
            answer = await self._send(rows)
        except NeedsReauthError:
            raise
        except UnknownPropertyError as error:
            return await self._without(error, rows)
        except ConnectorError as error:
            if isinstance(error, RejectedError) and len(rows) > 1:
                return await (self._in_halves(rows) if is_half else self._probe(rows, error))
            return [RowOutcome(row, error=error) for row in rows]
        return self._outcomes(rows, answer)

    async def _probe(self, rows: Sequence[KeyedValues], refusal: RejectedError) -> list[RowOutcome]:
        """Find out by some rows, each sent alone, whether a refusal is about rows at all."""
        alone: dict[int, RowOutcome] = {}
        for place in range(0, len(rows), math.ceil(len(rows) / _PROBES)):
            (alone[place],) = await self._upsert([rows[place]])
            error = alone[place].error
            if not isinstance(error, ConnectorError) or error.message != refusal.message:
                break
        else:
            return [RowOutcome(row, error=refusal) for row in rows]
        others = [row for place, row in enumerate(rows) if place not in alone]
        done = iter(await self._in_halves(others))
        return [alone[place] if place in alone else next(done) for place in range(len(rows))]

    async def _in_halves(self, rows: Sequence[KeyedValues]) -> list[RowOutcome]:
        half = len(rows) // 2
        return [
            outcome
            for part in (rows[:half], rows[half:])
            if part
            for outcome in await self._upsert(part, is_half=True)
        ]

    async def _without(
        self, error: UnknownPropertyError, rows: Sequence[KeyedValues]
    ) -> list[RowOutcome]:
        """Refuse all rows with an unknown property, and upsert the others."""
        right = [row for row in rows if error.names.isdisjoint(row.properties)]
        if len(right) == len(rows):
            return [RowOutcome(row, error=error) for row in rows]
        done = iter(await self._upsert(right) if right else [])
        return [
            next(done) if error.names.isdisjoint(row.properties) else RowOutcome(row, error=error)
            for row in rows
        ]

    async def _send(self, rows: Sequence[KeyedValues]) -> BatchAnswer[UpsertedObject]:
        inputs = [
            {
                "idProperty": self._id_property,
                "id": row.key,
                "objectWriteTraceId": str(place),
                "properties": dict(row.properties),
            }
            for place, row in enumerate(rows)
        ]
        return await self._sdk.fetch(
            BatchAnswer[UpsertedObject],
            _OPERATION,
            partial(self._sdk.batches.upsert, self._kind, {"inputs": inputs}),
            safe=True,
        )

    def _outcomes(
        self, rows: Sequence[KeyedValues], answer: BatchAnswer[UpsertedObject]
    ) -> list[RowOutcome]:
        """Match an answer to its rows: results come in any order, errors name their row."""
        results = {one.object_write_trace_id: one for one in answer.results}
        errors = {
            trace: self._sdk.refusal(_OPERATION, one)
            for one in answer.errors
            for trace in one.context.get("objectWriteTraceId", [])
        }
        return [
            RowOutcome(
                row,
                results.get(str(place)),
                None if str(place) in results else errors.get(str(place)) or self._unmentioned(),
            )
            for place, row in enumerate(rows)
        ]

    def _unmentioned(self) -> ConnectorError:
        return self._sdk.error(
            UnknownOutcomeError, _OPERATION, "the answer to its batch doesn't mention the row"
        )
