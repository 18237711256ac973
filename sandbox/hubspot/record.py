"""One object of the CRM, and how it looks in answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.hubspot.schema import ObjectType


@dataclass
class Record:
    """One object: a contact, a company, or a deal.

    Args:
        kind: its object type.
        id: never given twice.
        properties: set values by name, without the ones that are worked out.
        archived_at: None: it isn't archived.
        merged_ids: the objects that went into it.
    """

    kind: ObjectType
    id: str
    properties: dict[str, str]
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = None
    merged_ids: tuple[str, ...] = ()

    def value(self, name: str) -> str | None:
        """Return the value of a property, set or worked out."""
        match name:
            case "hs_object_id":
                return self.id
            case "createdate":
                return stamp(self.created_at)
            case self.kind.modified:
                return stamp(self.updated_at)
            case "hs_merged_object_ids":
                return ";".join(self.merged_ids) or None
            case _:
                return self.properties.get(name)

    def to_json(self, wanted: Iterable[str] = (), *, whole: bool = False) -> dict[str, Any]:
        """Describe it: the wanted properties, or the usual ones; ``whole``: all that are set."""
        names = dict.fromkeys(("createdate", "hs_object_id", self.kind.modified))
        names |= dict.fromkeys(wanted or self.kind.shown)
        if whole:
            names |= dict.fromkeys(self.properties)
        shown: dict[str, Any] = {
            "id": self.id,
            "properties": {name: self.value(name) for name in sorted(names)},
            "createdAt": stamp(self.created_at),
            "updatedAt": stamp(self.updated_at),
            "archived": self.archived_at is not None,
        }
        if self.archived_at is not None:
            shown["archivedAt"] = stamp(self.archived_at)
        return shown


def stamp(moment: datetime) -> str:
    """Write a moment as HubSpot does."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
