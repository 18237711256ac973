"""Lists that come in pages, read to their end - and not beyond."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from connectors._http.errors import ConnectorError

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """A page of a list.

    Args:
        items: on it.
        cursor: by which the next page is asked for; None: this is the last one.
    """

    items: Sequence[Item]
    cursor: str | None = None


class EndlessPagingError(ConnectorError):
    """A service leads from page to page without an end."""

    default_cure = "Report it to the service's support; what was read so far is complete."


async def pages(
    service: str,
    operation: str,
    fetch: Callable[[str | None], Awaitable[Page[Item]]],
    *,
    begin: str | None = None,
    most: int = 100_000,
) -> AsyncIterator[Page[Item]]:
    """Yield all pages of a list.

    Args:
        service: name used in errors.
        operation: name used in errors.
        fetch: returns the page of a cursor; None: the first one.
        begin: cursor of the first page that is wanted.
        most: pages that no list has.

    Raises:
        EndlessPagingError: a cursor came twice, or there are more than ``most`` pages.
        ConnectorError: as ``fetch`` raises.
    """
    cursor, seen = begin, {begin}
    for _ in range(most):
        page = await fetch(cursor)
        yield page
        cursor = page.cursor
        if cursor is None:
            return
        if cursor in seen:
            raise EndlessPagingError(service, operation, "it gave the same cursor twice")
        seen.add(cursor)
    raise EndlessPagingError(service, operation, f"it gave more than {most} pages")


async def items(found: AsyncIterator[Page[Item]]) -> AsyncIterator[Item]:
    """Yield the items of pages one by one."""
    async for page in found:
        for item in page.items:
            yield item
