"""What objects are made of: object types, their properties, and what values these take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sandbox.hubspot.errors import Fault, HubSpotError

_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\".]+(\.[^@\s,;<>\".]+)+")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


@dataclass(frozen=True)
class ObjectType:
    """A kind of objects.

    Args:
        name: in paths; HubSpot takes the singular and the id as well.
        singular: in events and messages.
        type_id: stands for it in associations.
        shown: properties in answers that name none.
        modified: property with the time of the last change.
        searched: properties in which a search looks for words.
    """

    name: str
    singular: str
    type_id: str
    shown: tuple[str, ...]
    modified: str
    searched: tuple[str, ...]


CONTACTS = ObjectType(
    "contacts",
    "contact",
    "0-1",
    ("email", "firstname", "lastname"),
    "lastmodifieddate",
    ("email", "firstname", "lastname", "phone", "company"),
)
COMPANIES = ObjectType(
    "companies", "company", "0-2", ("domain", "name"), "hs_lastmodifieddate", ("domain", "name")
)
DEALS = ObjectType(
    "deals",
    "deal",
    "0-3",
    ("amount", "closedate", "dealname", "dealstage", "pipeline"),
    "hs_lastmodifieddate",
    ("dealname", "dealstage", "pipeline"),
)
OBJECT_TYPES = (CONTACTS, COMPANIES, DEALS)

_BY_NAME = {name: one for one in OBJECT_TYPES for name in (one.name, one.singular, one.type_id)}


def object_type(name: str) -> ObjectType:
    """Return an object type by any of its names.

    Raises:
        HubSpotError: there is none.
    """
    if name.lower() not in _BY_NAME:
        raise HubSpotError(400, f"Unable to infer object type from: {name}")
    return _BY_NAME[name.lower()]


@dataclass(frozen=True)
class Property:
    """A property's definition; options are ``(value, label)``."""

    name: str
    label: str
    type: str = "string"
    field_type: str = "text"
    group: str = ""
    description: str = ""
    options: tuple[tuple[str, str], ...] = ()
    is_unique: bool = False
    is_read_only: bool = False
    is_ours: bool = False
    hidden: bool = False
    display_order: int = -1
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class Group:
    """A group of properties."""

    name: str
    label: str
    display_order: int = -1


def _texts(group: str, *names: str) -> list[Property]:
    return [Property(name, name.capitalize(), group=group) for name in names]


def _stamps(group: str, modified: str) -> list[Property]:
    return [
        Property("hs_object_id", "Record ID", "number", "number", group, is_read_only=True),
        Property("createdate", "Create Date", "datetime", "date", group, is_read_only=True),
        Property(modified, "Last Modified Date", "datetime", "date", group, is_read_only=True),
        Property("hs_merged_object_ids", "Merged IDs", group=group, is_read_only=True),
    ]


def _options(*values: str) -> tuple[tuple[str, str], ...]:
    return tuple((value, value.capitalize()) for value in values)


_STAGES = _options("subscriber", "lead", "opportunity", "customer", "other")
_DEAL_STAGES = _options(
    "appointmentscheduled",
    "qualifiedtobuy",
    "presentationscheduled",
    "contractsent",
    "closedwon",
    "closedlost",
)
_PLACE = ("address", "city", "state", "zip", "country", "phone", "website")
_CONTACT = "contactinformation"
_COMPANY = "companyinformation"
_DEAL = "dealinformation"

_DEFINED: Mapping[str, tuple[Group, list[Property]]] = {
    "contacts": (
        Group(_CONTACT, "Contact information"),
        [
            Property("email", "Email", group=_CONTACT, is_unique=True),
            *_texts(_CONTACT, "firstname", "lastname", "company", "jobtitle", "mobilephone"),
            *_texts(_CONTACT, *_PLACE, "hs_lead_status", "hs_language"),
            Property(
                "lifecyclestage",
                "Lifecycle Stage",
                "enumeration",
                "radio",
                _CONTACT,
                options=_STAGES,
            ),
            *_stamps(_CONTACT, "lastmodifieddate"),
        ],
    ),
    "companies": (
        Group(_COMPANY, "Company information"),
        [
            *_texts(_COMPANY, "name", "domain", "industry", "description", *_PLACE),
            Property("numberofemployees", "Employees", "number", "number", _COMPANY),
            Property(
                "lifecyclestage",
                "Lifecycle Stage",
                "enumeration",
                "radio",
                _COMPANY,
                options=_STAGES,
            ),
            *_stamps(_COMPANY, "hs_lastmodifieddate"),
        ],
    ),
    "deals": (
        Group(_DEAL, "Deal information"),
        [
            *_texts(_DEAL, "dealname", "description", "dealtype"),
            Property("amount", "Amount", "number", "number", _DEAL),
            Property("closedate", "Close Date", "datetime", "date", _DEAL),
            Property(
                "pipeline", "Pipeline", "enumeration", "select", _DEAL, "", _options("default")
            ),
            Property("dealstage", "Deal Stage", "enumeration", "radio", _DEAL, "", _DEAL_STAGES),
            *_stamps(_DEAL, "hs_lastmodifieddate"),
        ],
    ),
}


class Schema:
    """The properties of each object type, and their groups."""

    def __init__(self) -> None:
        self._properties: dict[str, dict[str, Property]] = {}
        self._groups: dict[str, dict[str, Group]] = {}
        self.clear()

    def clear(self) -> None:
        """Return to what HubSpot defines itself."""
        for name, (group, defined) in _DEFINED.items():
            self._groups[name] = {group.name: group}
            self._properties[name] = {one.name: one for one in defined}

    def properties(self, kind: ObjectType) -> list[Property]:
        """Return all properties of an object type."""
        return list(self._properties[kind.name].values())

    def groups(self, kind: ObjectType) -> list[Group]:
        """Return all groups of an object type."""
        return list(self._groups[kind.name].values())

    def find(self, kind: ObjectType, name: str) -> Property | None:
        """Return a property; None: there is none of this name."""
        return self._properties[kind.name].get(name)

    def find_group(self, kind: ObjectType, name: str) -> Group | None:
        """Return a group; None: there is none of this name."""
        return self._groups[kind.name].get(name)

    def add(self, kind: ObjectType, new: Property) -> Property:
        """Define a property.

        Raises:
            HubSpotError: it is there already, or its name or group is wrong.
        """
        if not _NAME.fullmatch(new.name):
            raise HubSpotError(400, f"Property name {new.name!r} is invalid.")
        if new.name in self._properties[kind.name]:
            text = f"A property named '{new.name}' already exists."
            raise HubSpotError(409, text, "OBJECT_ALREADY_EXISTS")
        if new.group not in self._groups[kind.name]:
            raise HubSpotError(400, f"Property group {new.group} does not exist.")
        added = replace(new, is_ours=True)
        self._properties[kind.name][new.name] = added
        return added

    def add_group(self, kind: ObjectType, new: Group) -> Group:
        """Define a group.

        Raises:
            HubSpotError: it is there already, or its name is wrong.
        """
        if not _NAME.fullmatch(new.name):
            raise HubSpotError(400, f"Group name {new.name!r} is invalid.")
        if new.name in self._groups[kind.name]:
            text = f"A property group named '{new.name}' already exists."
            raise HubSpotError(409, text, "OBJECT_ALREADY_EXISTS")
        self._groups[kind.name][new.name] = new
        return new

    def remove(self, kind: ObjectType, name: str) -> None:
        """Forget a property that we defined; HubSpot's own stay.

        Raises:
            HubSpotError: it is HubSpot's own.
        """
        found = self.find(kind, name)
        if found is not None and not found.is_ours:
            raise HubSpotError(400, f"Property {name} is defined by HubSpot.")
        self._properties[kind.name].pop(name, None)

    def faults(self, kind: ObjectType, values: Mapping[str, str]) -> list[Fault]:
        """Say what is wrong with values; nothing, when the list is empty."""
        return [
            fault
            for name, value in values.items()
            if (fault := _fault(self.find(kind, name), name, value)) is not None
        ]


def is_email(value: str) -> bool:
    """Tell whether HubSpot takes a value as an e-mail address."""
    return _EMAIL.fullmatch(value) is not None


def moment_of(value: str) -> datetime | None:
    """Read a time stamp: milliseconds, or ISO 8601; None: it is none."""
    try:
        if value.lstrip("-").isdigit():
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        found = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def number_of(value: str) -> float | None:
    """Read a number; None: it is none."""
    try:
        found = float(value)
    except ValueError:
        return None
    return found if abs(found) < float("inf") else None


def _fault(definition: Property | None, name: str, value: str) -> Fault | None:
    if definition is None:
        return Fault("PROPERTY_DOESNT_EXIST", name, f'Property "{name}" does not exist')
    if definition.is_read_only:
        return Fault("READ_ONLY_VALUE", name, f'"{name}" is a read only property')
    if value == "":
        return None
    if name == "email" and not is_email(value):
        return Fault("INVALID_EMAIL", name, f"Email address {value} is invalid")
    if definition.type == "enumeration":
        return _option_fault(definition, value)
    code, is_right = _TESTS[definition.type]
    return None if is_right(value) else Fault(code, name, f"{value} was not a valid value.")


def _option_fault(definition: Property, value: str) -> Fault | None:
    allowed = [option for option, _ in definition.options]
    wrong = [one for one in value.split(";") if one and one not in allowed]
    if not wrong:
        return None
    text = f"{wrong[0]} was not one of the allowed options: {allowed}"
    return Fault("INVALID_OPTION", definition.name, text)


_TESTS: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "string": ("", lambda _value: True),
    "number": ("INVALID_DOUBLE", lambda value: number_of(value) is not None),
    "date": ("INVALID_DATE", lambda value: moment_of(value) is not None),
    "datetime": ("INVALID_LONG", lambda value: moment_of(value) is not None),
    "bool": ("INVALID_BOOLEAN", lambda value: value in ("true", "false")),
}
"""By type: the code for a wrong value, and what tells a right one."""
