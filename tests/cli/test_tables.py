"""Tables keep words whole in any width that allows it, and lose nothing in any other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cli import console
from cli.tables import Column, table_of

Row = tuple[str, str, str]
WORDS = st.lists(st.text("abc", min_size=1, max_size=12), min_size=1, max_size=6).map(" ".join)
ROWS = st.lists(
    st.tuples(st.text("XYZ", min_size=1, max_size=14), WORDS, st.sampled_from(["", "bench"])),
    min_size=1,
    max_size=4,
)


def shown(rows: list[Row], width: int) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console.out, "width", width)
        table = table_of(
            rows,
            Column("sku", lambda row: row[0]),
            Column("its name", lambda row: row[1], wraps=True),
            Column("location", lambda row: row[2], only_if_differs=True),
        )
        target = Console(width=width)
        with target.capture() as capture:
            target.print(table)
    return capture.get().splitlines()


@given(ROWS, st.integers(42, 100))
def test_no_word_is_broken_where_there_is_room(rows: list[Row], width: int) -> None:
    lines = shown(rows, width)
    assert all(len(line) <= width for line in lines)
    words = [word for line in lines[1:] for word in line.split()]
    for sku, name, _ in rows:
        assert {sku, *name.split()} <= set(words)


@given(ROWS, st.integers(30, 41))
def test_nothing_is_cut_where_there_is_none(rows: list[Row], width: int) -> None:
    letters = "".join("".join(shown(rows, width)).split())
    for letter in "abcXYZ":
        assert letters.count(letter) >= sum(
            row[0].count(letter) + row[1].count(letter) for row in rows
        )


def test_a_column_that_says_nothing_is_left_out() -> None:
    here, there = ("A", "one", "bench"), ("B", "two", "shelf")
    assert "location" not in shown([here, ("B", "two", "bench")], 80)[0]
    assert "location" not in shown([("A", "one", "")], 80)[0]
    assert "location" in shown([here, there], 80)[0]
    assert "location" in shown([here], 80)[0], "of one row, it is news"
