"""The CRM's objects: unique values, merges, and erasure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from sandbox.hubspot.errors import HubSpotError, InvalidPropertiesError, object_not_found
from sandbox.hubspot.index import SearchIndex
from sandbox.hubspot.outbox import Outbox
from sandbox.hubspot.record import Record
from sandbox.hubspot.schema import CONTACTS, ObjectType, Schema

_FIRST_ID = 40_000_000_001


class Crm:
    """All objects; each change reaches the search index later, and the outbox of webhooks.

    Args:
        schema: which values are taken.
        index: of search.
        outbox: of webhooks.
    """

    def __init__(self, schema: Schema, index: SearchIndex, outbox: Outbox) -> None:
        self._schema = schema
        self._index = index
        self._outbox = outbox
        self._ids = itertools.count(_FIRST_ID)
        self._records: dict[str, dict[str, Record]] = {}
        self._merged: dict[str, str] = {}
        self._holders: dict[tuple[str, str, str], str] = {}
        self._erased: set[str] = set()

    def clear(self) -> None:
        """Forget all objects; no id is given again."""
        for kept in (self._records, self._merged, self._holders, self._erased):
            kept.clear()

    def all(self, kind: ObjectType, *, archived: bool = False) -> list[Record]:
        """Return the objects of a type, oldest first."""
        kept = self._records.get(kind.name, {}).values()
        return [record for record in kept if (record.archived_at is not None) is archived]

    def find(
        self, kind: ObjectType, key: str, id_property: str = "", *, archived: bool = False
    ) -> Record | None:
        """Return an object by its id, that of one merged into it, or a unique value.

        Raises:
            HubSpotError: the property is none whose values are unique.
        """
        if id_property in ("", "hs_object_id"):
            while key in self._merged:
                key = self._merged[key]
        else:
            definition = self._schema.find(kind, id_property)
            if definition is None or not definition.is_unique:
                text = f"Unable to perform update/upsert by non-unique {kind.type_id} property."
                raise HubSpotError(400, text)
            key = self._holders.get((kind.name, id_property, key.lower()), "")
        found = self._records.get(kind.name, {}).get(key)
        return found if found and (found.archived_at is not None) is archived else None

    def get(self, kind: ObjectType, key: str, id_property: str = "") -> Record:
        """Return an object.

        Raises:
            HubSpotError: it isn't there.
        """
        found = self.find(kind, key, id_property)
        if found is None:
            raise object_not_found(key)
        return found

    def create(self, kind: ObjectType, values: Mapping[str, str]) -> Record:
        """Create an object.

        Raises:
            HubSpotError: a value is wrong, or belongs to another object.
        """
        self.check_new(kind, values)
        now = datetime.now(UTC)
        record = Record(kind, str(next(self._ids)), {}, now, now)
        self._records.setdefault(kind.name, {})[record.id] = record
        self._outbox.add(record, "creation")
        self._set(record, values)
        return record

    def update(self, record: Record, values: Mapping[str, str]) -> Record:
        """Change properties; an empty value clears one.

        Raises:
            HubSpotError: a value is wrong, or belongs to another object.
        """
        self.check(record.kind, values)
        self._check_unique(record.kind, values, record)
        record.updated_at = datetime.now(UTC)
        self._set(record, values)
        return record

    def archive(self, record: Record) -> None:
        """Put an object away; its unique values are free again."""
        self._release(record)
        record.archived_at = record.updated_at = datetime.now(UTC)
        self._index.put(record)
        self._outbox.add(record, "deletion")

    def merge(self, primary: Record, other: Record) -> Record:
        """Make one object of two, under a new id; the first one's values count.

        Raises:
            HubSpotError: they are the same.
        """
        if primary is other:
            raise HubSpotError(400, "Cannot merge an object with itself.")
        values = {**other.properties, **primary.properties}
        for old in (primary, other):
            self._release(old)
            del self._records[old.kind.name][old.id]
            old.archived_at = datetime.now(UTC)
            self._index.put(old)
        merged = Record(
            primary.kind,
            str(next(self._ids)),
            {},
            min(primary.created_at, other.created_at),
            datetime.now(UTC),
            merged_ids=(*primary.merged_ids, primary.id, *other.merged_ids, other.id),
        )
        self._merged |= {primary.id: merged.id, other.id: merged.id}
        self._records[merged.kind.name][merged.id] = merged
        self._set(merged, values)
        self._outbox.add(
            merged,
            "merge",
            primaryObjectId=int(primary.id),
            mergedObjectIds=[int(other.id)],
            newObjectId=int(merged.id),
        )
        return merged

    def erase(self, contact: Record) -> None:
        """Delete a contact for good; its address can't be used again."""
        self._erased.add(contact.properties.get("email", "").lower())
        self._release(contact)
        del self._records[contact.kind.name][contact.id]
        contact.archived_at = datetime.now(UTC)
        self._index.put(contact)
        self._outbox.add(contact, "privacyDeletion")

    def check(self, kind: ObjectType, values: Mapping[str, str]) -> None:
        """Check values.

        Raises:
            HubSpotError: HubSpot doesn't take them.
        """
        faults = self._schema.faults(kind, values)
        if faults:
            raise InvalidPropertiesError(faults)

    def check_new(self, kind: ObjectType, values: Mapping[str, str]) -> None:
        """Check the values of an object that isn't there yet.

        Raises:
            HubSpotError: HubSpot doesn't take them, or one belongs to another object.
        """
        self.check(kind, values)
        self._check_unique(kind, values, None)

    def _check_unique(
        self, kind: ObjectType, values: Mapping[str, str], record: Record | None
    ) -> None:
        if kind is CONTACTS and values.get("email", "").lower() in self._erased - {""}:
            text = "The contact was deleted for privacy; its email address can't be used."
            raise HubSpotError(400, text)
        for key in self._keys(kind, values):
            holder = self._holders.get(key)
            if holder is not None and (record is None or holder != record.id):
                text = f"{kind.singular.capitalize()} already exists. Existing ID: {holder}"
                raise HubSpotError(409, text)

    def _keys(self, kind: ObjectType, values: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
        for name, value in values.items():
            definition = self._schema.find(kind, name)
            if value and definition is not None and definition.is_unique:
                yield kind.name, name, value.lower()

    def _release(self, record: Record) -> None:
        for key in self._keys(record.kind, record.properties):
            self._holders.pop(key, None)

    def _set(self, record: Record, values: Mapping[str, str]) -> None:
        before = dict(record.properties)
        self._release(record)
        given = {
            name: value.lower() if record.kind is CONTACTS and name == "email" else value
            for name, value in values.items()
        }
        set_values = {name: value for name, value in {**before, **given}.items() if value}
        record.properties = set_values
        for key in self._keys(record.kind, set_values):
            self._holders[key] = record.id
        for name, value in given.items():
            if before.get(name, "") != value:
                self._outbox.add(record, "propertyChange", propertyName=name, propertyValue=value)
        self._index.put(record)
