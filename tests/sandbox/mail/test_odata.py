from __future__ import annotations

from typing import Any

import pytest

from sandbox.mail.odata import QueryError, filter_items, query, select

ITEMS: list[Any] = [
    {"id": str(n), "subject": f"it's {n}", "isRead": n % 2 == 0, "from": {"address": f"{n}@x"}}
    for n in range(12)
]


def ids(items: list[Any]) -> list[str]:
    return [item["id"] for item in items]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("subject eq 'it''s 3'", ["3"]),
        ("from/address eq '4@x'", ["4"]),
        ("isRead eq true and id lt '2'", ["0", "10"]),
        ("id ge '8'", ["8", "9"]),
        ("id ne '0' and isRead eq true and id lt '3'", ["2", "10"]),
        ("", [str(n) for n in range(12)]),
    ],
)
def test_filters(expression: str, expected: list[str]) -> None:
    assert ids(filter_items(ITEMS, expression)) == expected


@pytest.mark.parametrize(
    "expression",
    ["subject", "subject eq", "subject eq 'open", "nothing eq 'x'", "id eq '1' or id eq '2'",
     "id eq '1' and", "isRead lt 'x'", "subject eq 'a' 'b'"],
)  # fmt: skip
def test_filters_that_cannot_be_read_are_refused(expression: str) -> None:
    with pytest.raises(QueryError):
        filter_items(ITEMS, expression)


def test_pages_follow_each_other_to_the_end() -> None:
    first = query(ITEMS, {})
    last = query(ITEMS, {"$skip": str(first.next_skip)})
    assert ids([*first.items, *last.items]) == ids(ITEMS)
    assert last.next_skip is None


def test_order_and_selection() -> None:
    page = query(ITEMS, {"$orderby": "subject desc", "$top": "2"})
    assert ids(page.items) == ["9", "8"]
    assert select(page.items[0], {"$select": "subject"}) == {"id": "9", "subject": "it's 9"}


@pytest.mark.parametrize(
    "options",
    [{"$top": "0"}, {"$top": "1001"}, {"$top": "-1"}, {"$skip": "x"}, {"$orderby": "nothing"},
     {"$orderby": "id sideways"}],
)  # fmt: skip
def test_options_out_of_range_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(QueryError):
        query(ITEMS, options)
