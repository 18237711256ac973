"""What goes to HubSpot, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from connectors.hubspot.errors import ErrorBody

ObjectType = Literal["contacts", "companies", "deals"]

Operator = Literal[
    "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN",
    "HAS_PROPERTY", "NOT_HAS_PROPERTY", "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN",
]  # fmt: skip

Result = TypeVar("Result", bound=BaseModel)


class Answer(BaseModel):
    """Base of what comes back; ids may come as numbers."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, coerce_numbers_to_str=True, frozen=True
    )


def _ids(value: object) -> object:
    if isinstance(value, dict) and "results" in value:
        return [one["id"] for one in value["results"]]
    return value


class CrmObject(Answer):
    """A contact, a company, or a deal.

    Args:
        properties: by name; None: it isn't set. Those that don't exist are missing.
        associations: ids by the name of the object type, where they were asked for.
    """

    id: str
    properties: dict[str, str | None]
    created_at: datetime
    updated_at: datetime
    archived: bool = False
    associations: dict[str, Annotated[tuple[str, ...], BeforeValidator(_ids)]] = Field(
        default_factory=dict
    )


class UpsertedObject(CrmObject):
    """What an upsert made of a row; ``new`` is False, too, when a lost answer was asked again."""

    new: bool
    object_write_trace_id: str = ""


class _Next(Answer):
    after: str


class Paging(Answer):
    """Where the next page begins."""

    next: _Next | None = None


class ListAnswer(Answer, Generic[Result]):
    """A page of a list, or all of one that has no pages."""

    results: list[Result]
    paging: Paging | None = None

    @property
    def cursor(self) -> str | None:
        """Cursor of the next page; None: there is none."""
        return self.paging.next.after if self.paging and self.paging.next else None


class BatchAnswer(Answer, Generic[Result]):
    """What came of a batch: results, and errors when some rows were refused (207)."""

    results: list[Result]
    errors: list[ErrorBody] = Field(default_factory=list)


@dataclass(frozen=True)
class KeyedValues:
    """Properties of an object that is named by a unique value, as a contact by its address."""

    key: str
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Filter:
    """A condition on one property (HubSpot, "Search the CRM").

    Args:
        property_name: which one.
        operator: how it is compared.
        value: with what; texts in lower case, moments in milliseconds.
        values: for ``IN`` and ``NOT_IN``.
        high_value: the upper end, for ``BETWEEN``.
    """

    property_name: str
    operator: Operator
    value: str | None = None
    values: Sequence[str] = ()
    high_value: str | None = None

    def to_json(self) -> dict[str, object]:
        """Return it as HubSpot wants it."""
        told: dict[str, object] = {
            "propertyName": self.property_name,
            "operator": self.operator,
        }
        if self.value is not None:
            told["value"] = self.value
        if self.values:
            told["values"] = list(self.values)
        if self.high_value is not None:
            told["highValue"] = self.high_value
        return told


class AssociationLabel(Answer):
    """A type of association; the default one has no label."""

    category: str
    type_id: int
    label: str | None = None


@dataclass(frozen=True)
class Association:
    """Two objects that belong together.

    Args:
        from_id: of the first one.
        to_id: of the other one.
        labels: in what role; none: the default association.
    """

    from_id: str
    to_id: str
    labels: tuple[AssociationLabel, ...] = ()


class AssociatedObject(Answer):
    """The other end of an association, with the types of it."""

    id: str = Field(alias="toObjectId")
    labels: tuple[AssociationLabel, ...] = Field(alias="associationTypes")


class _Id(Answer):
    id: str


class LabelledPair(Answer):
    """An association that was made by its labels."""

    from_object_id: str
    to_object_id: str

    @property
    def pair(self) -> tuple[str, str]:
        """The ids of both ends."""
        return self.from_object_id, self.to_object_id


class DefaultPair(Answer):
    """An association that was made without labels; HubSpot tells it from both ends."""

    from_: _Id = Field(alias="from")
    to: _Id

    @property
    def pair(self) -> tuple[str, str]:
        """The ids of both ends."""
        return self.from_.id, self.to.id


class AssociationsOf(Answer):
    """What one object belongs to."""

    from_: _Id = Field(alias="from")
    to: list[AssociatedObject]
    paging: Paging | None = None


class PropertyDefinition(Answer):
    """A property as it is in the account."""

    name: str
    type: str
    field_type: str


class PropertyGroup(Answer):
    """A group of properties as it is in the account."""

    name: str


@dataclass(frozen=True)
class WantedProperty:
    """A property that shall be there.

    Args:
        name: within its object type.
        label: what people see.
        type: ``string``, ``number``, ``date``, ``datetime``, ``enumeration`` or ``bool``.
        field_type: how it is edited, e.g. ``text``, ``select``, ``booleancheckbox``.
        group: name of its group.
        description: for people.
        options: values with their labels, for an enumeration.
        is_unique: whether no two objects may have the same value.
    """

    name: str
    label: str
    type: str
    field_type: str
    group: str
    description: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    is_unique: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as HubSpot wants it."""
        return {
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "groupName": self.group,
            "description": self.description,
            "hasUniqueValue": self.is_unique,
            "options": [
                {"value": value, "label": label, "hidden": False, "displayOrder": place}
                for place, (value, label) in enumerate(self.options.items())
            ],
        }

    def is_like(self, found: PropertyDefinition) -> bool:
        """Whether values that are meant for it fit the one that is there."""
        return (self.type, self.field_type) == (found.type, found.field_type)


@dataclass(frozen=True)
class EnsuredProperties:
    """What came of making sure; ``different`` are there with another type, and were left alone."""

    created: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    different: tuple[str, ...] = ()


class Account(Answer):
    """Whose account it is."""

    portal_id: int


class WebhookEvent(Answer):
    """Something that happened in HubSpot. Source: HubSpot, "Webhooks".

    Args:
        subscription_type: e.g. ``contact.propertyChange``.
        object_id: empty when associations changed: then there are both ends.
    """

    event_id: int
    subscription_id: int
    portal_id: int
    occurred_at_ms: int = Field(alias="occurredAt")
    subscription_type: str
    object_id: str = ""
    from_object_id: str = ""
    to_object_id: str = ""
    attempt_number: int = 0
    property_name: str = ""
    property_value: str = ""

    @property
    def occurred_at(self) -> datetime:
        """When it happened; events come in any order."""
        return datetime.fromtimestamp(self.occurred_at_ms / 1000, UTC)

    @property
    def key(self) -> str:
        """The same for each delivery of the event; ``event_id`` alone isn't unique."""
        return (
            f"{self.portal_id}:{self.subscription_id}:{self.event_id}:"
            f"{self.object_id}:{self.property_name}:{self.occurred_at_ms}"
        )
