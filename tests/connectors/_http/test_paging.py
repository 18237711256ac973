from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from connectors._http.paging import EndlessPagingError, Page, items, pages


def book(*pages_: Page[int]) -> Callable[[str | None], Awaitable[Page[int]]]:
    by_cursor = dict(zip([None, *(page.cursor for page in pages_)], pages_, strict=False))

    async def fetch(cursor: str | None) -> Page[int]:
        return by_cursor[cursor]

    return fetch


async def test_a_list_is_read_to_its_end() -> None:
    fetch = book(Page([1, 2], "b"), Page([], "c"), Page([3]))
    assert [one async for one in items(pages("s", "list", fetch))] == [1, 2, 3]
    assert [one async for one in items(pages("s", "list", fetch, begin="c"))] == [3]


async def test_a_cursor_that_comes_again_ends_it() -> None:
    fetch = book(Page([1], "b"), Page([2], "b"))
    found: list[int] = []

    async def read() -> None:
        async for one in items(pages("s", "list", fetch)):
            found.append(one)  # noqa: PERF401 - what was read before the error counts

    with pytest.raises(EndlessPagingError, match="same cursor twice"):
        await read()
    assert found == [1, 2]


async def test_more_pages_than_any_list_has_end_it() -> None:
    async def fetch(cursor: str | None) -> Page[int]:
        return Page([1], str(int(cursor or "0") + 1))

    with pytest.raises(EndlessPagingError, match="more than 7 pages"):
        assert [page async for page in pages("s", "list", fetch, most=7)]
