"""Properties that shall be there, and their groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from connectors._http.errors import RejectedError, ServiceNotFoundError
from connectors.hubspot.models import (
    Answer,
    EnsuredProperties,
    ListAnswer,
    ObjectType,
    PropertyDefinition,
    PropertyGroup,
    WantedProperty,
)
from connectors.hubspot.sdk import Sdk

Named = TypeVar("Named", PropertyDefinition, PropertyGroup)

_OPERATION = "ensure_properties"


async def ensure(
    sdk: Sdk, kind: ObjectType, groups: Mapping[str, str], wanted: Sequence[WantedProperty]
) -> EnsuredProperties:
    """Create the groups and properties that are missing; see ``HubSpotClient``."""
    there = await _all(sdk, kind, ListAnswer[PropertyGroup], sdk.groups.get_all)
    for name, label in groups.items():
        if name not in there:
            body = {"name": name, "label": label, "displayOrder": -1}
            await _create(sdk, kind, PropertyGroup, sdk.groups, body)
    defined = await _all(sdk, kind, ListAnswer[PropertyDefinition], sdk.properties.get_all)
    created, present, different = [], [], []
    for one in wanted:
        if one.name not in defined:
            await _create(sdk, kind, PropertyDefinition, sdk.properties, one.to_json())
            created.append(one.name)
        elif one.is_like(defined[one.name]):
            present.append(one.name)
        else:
            different.append(one.name)
    return EnsuredProperties(tuple(created), tuple(present), tuple(different))


async def _all(
    sdk: Sdk, kind: ObjectType, into: type[ListAnswer[Named]], ask: Callable[..., Any]
) -> dict[str, Named]:
    answer = await sdk.fetch(into, _OPERATION, partial(ask, kind), safe=True)
    return {one.name: one for one in answer.results}


async def _create(
    sdk: Sdk,
    kind: ObjectType,
    into: type[Answer],
    api: Any,  # noqa: ANN401 - one of the official client's, which has no types
    body: Mapping[str, object],
) -> None:
    """Create one, unless it is there by now: an attempt whose answer was lost may have done it."""
    try:
        await sdk.fetch(into, _OPERATION, partial(api.create, kind, body), safe=True)
    except RejectedError as refused:
        find = partial(api.get_by_name, kind, body["name"])
        try:
            await sdk.fetch(into, _OPERATION, find, safe=True)
        except ServiceNotFoundError:
            raise refused from None
