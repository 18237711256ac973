"""Which objects belong together, and in what role (associations v4)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sandbox.hubspot.body import Body
from sandbox.hubspot.errors import HubSpotError
from sandbox.hubspot.outbox import Outbox
from sandbox.hubspot.record import Record
from sandbox.hubspot.schema import OBJECT_TYPES, ObjectType

Category = Literal["HUBSPOT_DEFINED", "USER_DEFINED", "INTEGRATOR_DEFINED"]

_FIRST_LABEL = 1001
_DEFAULTS = {
    ("contact", "contact"): (449, 449),
    ("contact", "company"): (279, 280),
    ("contact", "deal"): (4, 3),
    ("company", "company"): (450, 450),
    ("company", "deal"): (342, 341),
    ("deal", "deal"): (451, 451),
}
_PRIMARY = {("contact", "company"): (1, 2), ("deal", "company"): (5, 6)}


class AssociationSpec(Body):
    """Names a type of association."""

    association_category: Category
    association_type_id: int


@dataclass(frozen=True)
class AssociationType:
    """A type of association, seen from one end; ``inverse`` is its id from the other."""

    id: int
    start: str
    end: str
    inverse: int
    category: Category = "HUBSPOT_DEFINED"
    label: str | None = None

    def to_json(self) -> dict[str, object]:
        """Describe it."""
        return {"category": self.category, "typeId": self.id, "label": self.label}

    def to_spec(self) -> dict[str, object]:
        """Name it."""
        return {"associationCategory": self.category, "associationTypeId": self.id}


_End = tuple[str, str]


class Links:
    """All associations; each is kept from both of its ends.

    Args:
        outbox: of webhooks.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._types: dict[int, AssociationType] = {}
        self._links: dict[tuple[_End, str], dict[str, set[int]]] = {}
        self._label_ids = itertools.count(_FIRST_LABEL)
        self.clear()

    def clear(self) -> None:
        """Forget all associations, and the labels that we defined."""
        self._links.clear()
        self._types.clear()
        for (start, end), (there, back) in _DEFAULTS.items():
            self._define(start, end, there, back)
        for (start, end), (there, back) in _PRIMARY.items():
            self._define(start, end, there, back, "Primary")

    def types(self, start: ObjectType, end: ObjectType) -> list[AssociationType]:
        """Return the types between two object types, without a label first."""
        found = [
            one
            for one in self._types.values()
            if (one.start, one.end) == (start.singular, end.singular)
        ]
        return sorted(found, key=lambda one: (one.label is not None, one.id))

    def define(
        self, start: ObjectType, end: ObjectType, label: str, inverse_label: str
    ) -> list[AssociationType]:
        """Define a label, and the one that the other end sees.

        Raises:
            HubSpotError: there is one of this name.
        """
        if any(one.label == label for one in self.types(start, end)):
            raise HubSpotError(400, f"An association label {label!r} already exists.")
        there = next(self._label_ids)
        back = there if start is end and label == inverse_label else next(self._label_ids)
        self._define(
            start.singular, end.singular, there, back, label, inverse_label, "USER_DEFINED"
        )
        return [self._types[there], self._types[back]] if back != there else [self._types[there]]

    def target(self, start: ObjectType, spec: AssociationSpec) -> ObjectType:
        """Return the object type that a type of association leads to.

        Raises:
            HubSpotError: there is no such type.
        """
        found = self._types.get(spec.association_type_id)
        if found is None or (found.start, found.category) != (
            start.singular,
            spec.association_category,
        ):
            text = f"Association type {spec.association_type_id} does not exist"
            raise HubSpotError(400, text)
        return next(one for one in OBJECT_TYPES if one.singular == found.end)

    def add(self, start: Record, end: Record, specs: Sequence[AssociationSpec]) -> list[str]:
        """Associate two objects; return the labels. One with a label has the default, too.

        Raises:
            HubSpotError: a type isn't one between their object types.
        """
        for spec in specs:
            if self.target(start.kind, spec) is not end.kind:
                text = f"Association type {spec.association_type_id} leads elsewhere"
                raise HubSpotError(400, text)
        chosen = {spec.association_type_id for spec in specs}
        chosen.add(self.types(start.kind, end.kind)[0].id)
        is_new = end.id not in self._links.get((_end(start), end.kind.singular), {})
        self._put(_end(start), _end(end), chosen)
        if is_new:
            self._outbox.add_link(start, end)
        return [label for one in sorted(chosen) if (label := self._types[one].label)]

    def remove(self, start: Record, end: Record) -> None:
        """Let two objects not belong together any more."""
        gone = self._links.get((_end(start), end.kind.singular), {}).pop(end.id, None)
        if gone is not None:
            self._outbox.add_link(start, end, is_removed=True)
        self._links.get((_end(end), start.kind.singular), {}).pop(start.id, None)

    def of(self, start: Record, kind: ObjectType) -> dict[str, list[AssociationType]]:
        """Return the objects of a type that an object belongs to, with the types of it."""
        ends = self._links.get((_end(start), kind.singular), {})
        return {
            end: [self._types[one] for one in sorted(ids, key=lambda i: self._types[i].label or "")]
            for end, ids in ends.items()
        }

    def forget(self, record: Record) -> None:
        """Remove all associations of an object."""
        for kind in OBJECT_TYPES:
            for end in self._links.pop((_end(record), kind.singular), {}):
                back = self._links.get(((kind.singular, end), record.kind.singular), {})
                back.pop(record.id, None)

    def move(self, old: Iterable[Record], new: Record) -> None:
        """Give the associations of merged objects to the one that they became."""
        for record in old:
            for kind in OBJECT_TYPES:
                found = dict(self._links.get((_end(record), kind.singular), {}))
                for end, ids in found.items():
                    self._put(_end(new), (kind.singular, end), ids)
            self.forget(record)

    def _put(self, start: _End, end: _End, ids: set[int]) -> None:
        there = self._links.setdefault((start, end[0]), {})
        there.setdefault(end[1], set()).update(ids)
        back = self._links.setdefault((end, start[0]), {})
        back.setdefault(start[1], set()).update(self._types[one].inverse for one in ids)

    def _define(
        self,
        start: str,
        end: str,
        there: int,
        back: int,
        label: str | None = None,
        inverse_label: str | None = None,
        category: Category = "HUBSPOT_DEFINED",
    ) -> None:
        inverse_label = inverse_label or label
        self._types[back] = AssociationType(back, end, start, there, category, inverse_label)
        self._types[there] = AssociationType(there, start, end, back, category, label)


def _end(record: Record) -> _End:
    return record.kind.singular, record.id
