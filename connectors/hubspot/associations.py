"""Associations, any number of them (v4)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from connectors._http.batch import Outcome
from connectors._http.errors import ConnectorError, UnknownOutcomeError
from connectors._http.paging import EndlessPagingError
from connectors.hubspot.models import (
    AssociatedObject,
    Association,
    AssociationsOf,
    BatchAnswer,
    DefaultPair,
    LabelledPair,
    ObjectType,
)
from connectors.hubspot.sdk import SERVICE, Ask, Sdk

MAX_READ = 1000
MAX_WRITE = 2000

PairOutcome = Outcome[Association, None]

_ASSOCIATE = "associate_objects"
_READ = "read_associations"


async def associate(
    sdk: Sdk, start: ObjectType, end: ObjectType, pairs: Sequence[Association]
) -> list[PairOutcome]:
    """Associate objects, and return what came of each pair, in their order.

    Raises:
        ConnectorError: a whole batch failed; asking again does no harm.
    """
    outcomes: dict[Association, PairOutcome] = {}
    for labelled in (True, False):
        chosen = [pair for pair in pairs if bool(pair.labels) is labelled]
        for at in range(0, len(chosen), MAX_WRITE):
            batch = chosen[at : at + MAX_WRITE]
            answer = await (_by_label if labelled else _by_default)(sdk, start, end, batch)
            outcomes |= {one.item: one for one in _outcomes(sdk, batch, answer)}
    return [outcomes[pair] for pair in pairs]


async def read_ends(
    sdk: Sdk, start: ObjectType, end: ObjectType, ids: Sequence[str]
) -> dict[str, list[AssociatedObject]]:
    """Return what objects belong to, by their ids; those that belong to nothing are missing.

    Raises:
        EndlessPagingError: HubSpot gave the same cursor of an object twice.
        ConnectorError: as classified.
    """
    found: dict[str, list[AssociatedObject]] = {}
    asked: list[dict[str, str]] = [{"id": one} for one in dict.fromkeys(ids)]
    seen: set[tuple[str, str]] = set()
    while asked:
        batch, asked = asked[:MAX_READ], asked[MAX_READ:]
        answer = await sdk.fetch(
            BatchAnswer[AssociationsOf],
            _READ,
            partial(sdk.associations.get_page, start, end, {"inputs": batch}),
            safe=True,
        )
        for one in answer.results:
            found.setdefault(one.from_.id, []).extend(one.to)
            if one.paging is not None and one.paging.next is not None:
                after = one.paging.next.after
                if (one.from_.id, after) in seen:
                    raise EndlessPagingError(SERVICE, _READ, "it gave the same cursor twice")
                seen.add((one.from_.id, after))
                asked.append({"id": one.from_.id, "after": after})
    return found


async def _by_label(
    sdk: Sdk, start: ObjectType, end: ObjectType, pairs: Sequence[Association]
) -> BatchAnswer[LabelledPair]:
    inputs = [
        {
            **_ends(pair),
            "types": [
                {"associationCategory": label.category, "associationTypeId": label.type_id}
                for label in pair.labels
            ],
        }
        for pair in pairs
    ]
    ask: Ask = partial(sdk.associations.create, start, end, {"inputs": inputs})
    return await sdk.fetch(BatchAnswer[LabelledPair], _ASSOCIATE, ask, safe=True)


async def _by_default(
    sdk: Sdk, start: ObjectType, end: ObjectType, pairs: Sequence[Association]
) -> BatchAnswer[DefaultPair]:
    inputs = [_ends(pair) for pair in pairs]
    ask: Ask = partial(sdk.associations.create_default, start, end, {"inputs": inputs})
    return await sdk.fetch(BatchAnswer[DefaultPair], _ASSOCIATE, ask, safe=True)


def _ends(pair: Association) -> dict[str, Any]:
    return {"from": {"id": pair.from_id}, "to": {"id": pair.to_id}}


def _outcomes(
    sdk: Sdk,
    pairs: Sequence[Association],
    answer: BatchAnswer[LabelledPair] | BatchAnswer[DefaultPair],
) -> list[PairOutcome]:
    made = {one.pair for one in answer.results}
    errors: dict[tuple[str, str], ConnectorError] = {
        ends: sdk.refusal(_ASSOCIATE, one)
        for one in answer.errors
        for ends in zip(
            one.context.get("fromObjectId", []), one.context.get("toObjectId", []), strict=False
        )
    }
    unmentioned = sdk.error(
        UnknownOutcomeError, _ASSOCIATE, "the answer to its batch doesn't mention the pair"
    )
    return [
        PairOutcome(pair)
        if (pair.from_id, pair.to_id) in made
        else PairOutcome(pair, error=errors.get((pair.from_id, pair.to_id), unmentioned))
        for pair in pairs
    ]
