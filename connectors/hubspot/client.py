"""Calls of HubSpot's CRM."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial

from pydantic import SecretStr

from connectors._http.cache import AnswerCache
from connectors._http.calls import Shared
from connectors._http.limits import MemoryLimiter, Rate
from connectors._http.paging import Page, pages
from connectors._http.retry import RetryPolicy
from connectors.hubspot.associations import PairOutcome, associate, read_ends
from connectors.hubspot.models import (
    Account,
    AssociatedObject,
    Association,
    AssociationLabel,
    CrmObject,
    EnsuredProperties,
    Filter,
    KeyedValues,
    ListAnswer,
    ObjectType,
    WantedProperty,
)
from connectors.hubspot.properties import ensure
from connectors.hubspot.sdk import SERVICE, Sdk
from connectors.hubspot.upserts import RowOutcome, Upserts

RATE = Rate(100, 10.0)
"""What any account allows; larger ones 190. Source: HubSpot, "API usage guidelines"."""

SEARCH_RATE = Rate(4, 1.0)
"""Searches are counted apart: four or five a second. Source: HubSpot, "Search the CRM"."""

_LIST_PAGE = 100
_SEARCH_PAGE = 200
_LABELS_SECONDS = 600.0


class HubSpotClient:
    """A HubSpot account through a private app, by the official client.

    Args:
        base_url: root of the API.
        access_token: of the private app.
        timeout_seconds: longest wait for an answer.
        rate: our share of the account's limit; when HubSpot tells a lower one, that counts.
        shared: with the other processes that use the account; None: ``rate``, for this one.
        searches: likewise, for searches, which HubSpot counts apart; None: ``SEARCH_RATE``.
        retry: when calls are tried again that change nothing, or nothing more.
    """

    def __init__(
        self,
        *,
        base_url: str,
        access_token: SecretStr,
        timeout_seconds: float,
        rate: Rate = RATE,
        shared: Shared | None = None,
        searches: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._sdk = Sdk(
            base_url=base_url,
            access_token=access_token,
            timeout_seconds=timeout_seconds,
            rate=rate,
            shared=shared or Shared(limiter=MemoryLimiter(rate)),
            searches=searches or Shared(limiter=MemoryLimiter(SEARCH_RATE)),
            retry=retry,
        )
        self._labels = AnswerCache[list[AssociationLabel]](seconds=_LABELS_SECONDS)

    async def get_object(
        self,
        kind: ObjectType,
        key: str,
        *,
        id_property: str | None = None,
        properties: Sequence[str] = (),
        associations: Sequence[ObjectType] = (),
    ) -> CrmObject:
        """Return an object; one that was merged into another is returned as that one.

        Args:
            kind: object type.
            key: its id, or its value of ``id_property``.
            id_property: a property whose values are unique, e.g. ``email``.
            properties: wanted; none: HubSpot's usual few.
            associations: object types whose associated ids are wanted.

        Raises:
            ServiceNotFoundError: it isn't there.
            ConnectorError: as classified.
        """
        ask = partial(
            self._sdk.objects.get_by_id,
            kind,
            key,
            **_given(
                id_property=id_property,
                properties=list(properties),
                associations=list(associations),
            ),
        )
        return await self._sdk.fetch(CrmObject, "get_object", ask, safe=True)

    def list_objects(
        self,
        kind: ObjectType,
        *,
        properties: Sequence[str] = (),
        associations: Sequence[ObjectType] = (),
        begin: str | None = None,
    ) -> AsyncIterator[Page[CrmObject]]:
        """Yield all objects of a type in pages of 100, oldest first; as they are, not as indexed.

        Args:
            kind: object type.
            properties: wanted; none: HubSpot's usual few.
            associations: object types whose associated ids are wanted.
            begin: cursor of a page, to go on from there.

        Raises:
            ConnectorError: as classified.
        """
        wanted = _given(properties=list(properties), associations=list(associations))

        async def fetch(cursor: str | None) -> Page[CrmObject]:
            ask = partial(
                self._sdk.objects.get_page,
                kind,
                limit=_LIST_PAGE,
                **wanted,
                **_given(after=cursor),
            )
            answer = await self._sdk.fetch(ListAnswer[CrmObject], "list_objects", ask, safe=True)
            return Page(answer.results, answer.cursor)

        return pages(SERVICE, "list_objects", fetch, begin=begin)

    def search_objects(
        self,
        kind: ObjectType,
        *filter_groups: Sequence[Filter],
        properties: Sequence[str] = (),
        query: str = "",
    ) -> AsyncIterator[Page[CrmObject]]:
        """Yield all objects that match, in pages of 200, oldest first.

        Search lags some seconds behind what was written. HubSpot gives 10,000 results to a query
        at most; so each page asks for ids beyond the last one, and there is no end before the end.

        Args:
            kind: object type.
            filter_groups: all filters of one group must hold; each has one more than is given.
            properties: wanted; none: HubSpot's usual few.
            query: words to be found in the usual properties.

        Raises:
            RejectedError: HubSpot refuses the filters, or there are too many.
            ConnectorError: as classified.
        """

        async def fetch(last_id: str | None) -> Page[CrmObject]:
            beyond = Filter("hs_object_id", "GT", last_id or "0")
            groups = [[*group, beyond] for group in filter_groups or ((),)]
            body = {
                "filterGroups": [{"filters": [one.to_json() for one in group]} for group in groups],
                "sorts": ["hs_object_id"],
                "limit": _SEARCH_PAGE,
                "properties": list(properties),
                **_given(query=query),
            }
            answer = await self._sdk.fetch(
                ListAnswer[CrmObject],
                "search_objects",
                partial(self._sdk.search.do_search, kind, body),
                safe=True,
                is_search=True,
            )
            has_more = answer.cursor is not None and answer.results
            return Page(answer.results, answer.results[-1].id if has_more else None)

        return pages(SERVICE, "search_objects", fetch)

    async def create_object(self, kind: ObjectType, values: Mapping[str, str]) -> CrmObject:
        """Create an object. HubSpot has no key against repeats: prefer an upsert.

        Raises:
            RejectedError: a value is wrong, or belongs to another object, whose id is named.
            UnknownOutcomeError: it may have been created.
            ConnectorError: as classified.
        """
        ask = partial(self._sdk.objects.create, kind, {"properties": dict(values)})
        return await self._sdk.fetch(CrmObject, "create_object", ask, safe=False)

    async def update_object(
        self, kind: ObjectType, object_id: str, values: Mapping[str, str]
    ) -> CrmObject:
        """Change properties of an object; an empty value clears one.

        Raises:
            ServiceNotFoundError: it isn't there.
            RejectedError: a value is wrong, or belongs to another object, whose id is named.
            ConnectorError: as classified.
        """
        ask = partial(self._sdk.objects.update, kind, object_id, {"properties": dict(values)})
        return await self._sdk.fetch(CrmObject, "update_object", ask, safe=True)

    async def upsert_contacts(
        self, contacts: Sequence[KeyedValues], *, concurrency: int = 5
    ) -> list[RowOutcome]:
        """Create or change contacts by their addresses; see ``upsert_objects``."""
        return await self.upsert_objects("contacts", "email", contacts, concurrency=concurrency)

    async def upsert_objects(
        self,
        kind: ObjectType,
        id_property: str,
        rows: Sequence[KeyedValues],
        *,
        concurrency: int = 5,
    ) -> list[RowOutcome]:
        """Create or change objects by a property whose values are unique.

        A wrong row does not keep out the others. Lost answers are asked for again, which does no
        harm; but a row may then be told as changed that was created. Of two rows with one key, it
        is left open which comes last: send each key once.

        Args:
            kind: object type.
            id_property: the property, e.g. ``email``.
            rows: any number.
            concurrency: batches of 100 at a time.

        Returns:
            what came of each row, in their order: the object, or the error. When our credentials
            are refused, the rest is left out.
        """
        return await Upserts(self._sdk, kind, id_property, concurrency).run(rows)

    async def merge_contacts(self, primary_id: str, other_id: str) -> CrmObject:
        """Make one contact of two, which can't be undone; it has an id of its own.

        Raises:
            ServiceNotFoundError: one of them isn't there.
            UnknownOutcomeError: they may have been merged.
            ConnectorError: as classified.
        """
        body = {"primaryObjectId": primary_id, "objectIdToMerge": other_id}
        ask = partial(self._sdk.contacts.merge, body)
        return await self._sdk.fetch(CrmObject, "merge_contacts", ask, safe=False)

    async def erase_contact(self, key: str, *, id_property: str | None = None) -> None:
        """Delete a contact for good, as the GDPR wants it; its address can't be used again.

        Args:
            key: its id, or its value of ``id_property``.
            id_property: ``email``, or None.

        Raises:
            ServiceNotFoundError: it isn't there.
            UnknownOutcomeError: it may have been deleted.
            ConnectorError: as classified.
        """
        body = {"objectId": key, **_given(idProperty=id_property)}
        await self._sdk.send("erase_contact", partial(self._sdk.contacts.purge, body), safe=False)

    async def association_labels(
        self, start: ObjectType, end: ObjectType
    ) -> list[AssociationLabel]:
        """Return the types of associations from one object type to another; up to 10 minutes old.

        Raises:
            ConnectorError: as classified.
        """

        async def ask() -> list[AssociationLabel]:
            answer = await self._sdk.fetch(
                ListAnswer[AssociationLabel],
                "association_labels",
                partial(self._sdk.labels.get_all, start, end),
                safe=True,
            )
            return answer.results

        return await self._labels.get((start, end), ask)

    async def associate_objects(
        self, start: ObjectType, end: ObjectType, pairs: Sequence[Association]
    ) -> list[PairOutcome]:
        """Associate objects, by labels or by default; doing it again changes nothing.

        Returns:
            what came of each pair, in their order.

        Raises:
            ConnectorError: a whole batch failed.
        """
        return await associate(self._sdk, start, end, pairs)

    async def read_associations(
        self, start: ObjectType, end: ObjectType, ids: Sequence[str]
    ) -> dict[str, list[AssociatedObject]]:
        """Return what objects belong to, by their ids; those that belong to nothing are missing.

        Raises:
            ConnectorError: as classified.
        """
        return await read_ends(self._sdk, start, end, ids)

    async def ensure_properties(
        self, kind: ObjectType, groups: Mapping[str, str], wanted: Sequence[WantedProperty]
    ) -> EnsuredProperties:
        """Create properties that are missing, and their groups; change none that is there.

        Args:
            kind: object type.
            groups: labels by name.
            wanted: the properties.

        Returns:
            what was created, what was there, and what is there with another type: a person decides.

        Raises:
            ConnectorError: as classified.
        """
        return await ensure(self._sdk, kind, groups, wanted)

    async def ping(self) -> None:
        """Ask for the account's details.

        Raises:
            ConnectorError: HubSpot is not reached, or does not take the token.
        """
        await self._sdk.fetch(Account, "ping", self._sdk.ask_account, safe=True)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._sdk.aclose()


def _given(**arguments: object) -> dict[str, object]:
    """Return the arguments that say something; the official client sends empty ones, too."""
    return {name: value for name, value in arguments.items() if value}
