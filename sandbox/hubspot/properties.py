"""Properties and their groups (``/crm/v3/properties``), and the account (``/account-info``)."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field

from sandbox.hubspot.body import Body, answer, batch_answer, done, read, read_batch
from sandbox.hubspot.errors import PORTAL_ID, HubSpotError
from sandbox.hubspot.limits import enter
from sandbox.hubspot.record import stamp
from sandbox.hubspot.schema import Group, ObjectType, Property, Schema, object_type
from sandbox.state import SandboxState, State

router = APIRouter(dependencies=[Depends(enter)])
account = APIRouter(dependencies=[Depends(enter)])

PropertyType = Literal["string", "number", "date", "datetime", "enumeration", "bool"]
FieldType = Literal[
    "textarea", "text", "date", "file", "number", "select", "radio", "checkbox",
    "booleancheckbox", "calculation_equation",
]  # fmt: skip


class OptionInput(Body):
    """One of the values that a property may have."""

    label: str
    value: str
    hidden: bool = False
    display_order: int = -1
    description: str = ""


class NewProperty(Body):
    """A property to define."""

    name: str
    label: str
    type: PropertyType
    field_type: FieldType
    group_name: str
    description: str = ""
    options: list[OptionInput] = Field(default_factory=list)
    has_unique_value: bool = False
    hidden: bool = False
    display_order: int = -1


class NewGroup(Body):
    """A group to define."""

    name: str
    label: str
    display_order: int = -1


@router.get("/{kind}")
async def list_properties(kind: str, state: State) -> Response:
    """List the properties of an object type."""
    found = state.store(Schema).properties(object_type(kind))
    return answer(state, {"results": [_shown(one) for one in found]})


@router.post("/{kind}")
async def create_property(kind: str, request: Request, state: State) -> Response:
    """Define a property."""
    new = await read(NewProperty, request)
    return answer(state, _shown(_add(state, object_type(kind), new)), 201)


@router.post("/{kind}/batch/create")
async def create_batch(kind: str, request: Request, state: State) -> Response:
    """Define properties."""
    found = object_type(kind)
    results: list[dict[str, Any]] = []
    refused: list[tuple[HubSpotError, dict[str, list[str]]]] = []
    for new in await read_batch(NewProperty, request):
        try:
            results.append(_shown(_add(state, found, new)))
        except HubSpotError as error:
            refused.append((error, {"name": [new.name]}))
    return batch_answer(state, results, refused, 201)


@router.get("/{kind}/groups")
async def list_groups(kind: str, state: State) -> Response:
    """List the groups of an object type."""
    found = state.store(Schema).groups(object_type(kind))
    return answer(state, {"results": [_shown_group(one) for one in found]})


@router.post("/{kind}/groups")
async def create_group(kind: str, request: Request, state: State) -> Response:
    """Define a group."""
    new = await read(NewGroup, request)
    group = Group(new.name, new.label, new.display_order)
    added = state.store(Schema).add_group(object_type(kind), group)
    return answer(state, _shown_group(added), 201)


@router.get("/{kind}/groups/{name}")
async def get_group(kind: str, name: str, state: State) -> Response:
    """Return a group."""
    found = state.store(Schema).find_group(object_type(kind), name)
    if found is None:
        raise HubSpotError(404, f"Property group {name} does not exist.")
    return answer(state, _shown_group(found))


@router.get("/{kind}/{name}")
async def get_property(kind: str, name: str, state: State) -> Response:
    """Return a property."""
    found = state.store(Schema).find(object_type(kind), name)
    if found is None:
        raise HubSpotError(404, f"Property {name} does not exist.")
    return answer(state, _shown(found))


@router.delete("/{kind}/{name}")
async def archive_property(kind: str, name: str, state: State) -> Response:
    """Forget a property."""
    state.store(Schema).remove(object_type(kind), name)
    return done(state)


@account.get("/details")
async def get_details(state: State) -> Response:
    """Tell whose account it is."""
    body = {
        "portalId": PORTAL_ID,
        "accountType": "DEVELOPER_TEST",
        "timeZone": "US/Eastern",
        "companyCurrency": "CAD",
        "additionalCurrencies": [],
        "utcOffset": "-04:00",
        "utcOffsetMilliseconds": -14_400_000,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    }
    return answer(state, body)


def _add(state: SandboxState, kind: ObjectType, new: NewProperty) -> Property:
    if new.type == "enumeration" and not new.options:
        raise HubSpotError(400, f"Property {new.name} needs options.")
    return state.store(Schema).add(
        kind,
        Property(
            new.name,
            new.label,
            new.type,
            new.field_type,
            new.group_name,
            new.description,
            tuple((one.value, one.label) for one in new.options),
            is_unique=new.has_unique_value,
            hidden=new.hidden,
            display_order=new.display_order,
        ),
    )


def _shown(one: Property) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": one.label,
        "type": one.type,
        "fieldType": one.field_type,
        "description": one.description,
        "groupName": one.group,
        "options": [
            {"value": value, "label": label, "hidden": False, "displayOrder": place}
            for place, (value, label) in enumerate(one.options)
        ],
        "displayOrder": one.display_order,
        "calculated": False,
        "externalOptions": False,
        "archived": False,
        "hasUniqueValue": one.is_unique,
        "hidden": one.hidden,
        "hubspotDefined": not one.is_ours,
        "formField": False,
        "createdAt": stamp(one.created_at),
        "updatedAt": stamp(one.created_at),
        "modificationMetadata": {
            "archivable": one.is_ours,
            "readOnlyDefinition": not one.is_ours,
            "readOnlyValue": one.is_read_only,
        },
    }


def _shown_group(one: Group) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": one.label,
        "displayOrder": one.display_order,
        "archived": False,
    }
