"""Ages are written the way they are read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from hotrod.db.columns import now
from hotrod.durable.ages import Age, age_in_words, span_in_words, write_age

AGE: TypeAdapter[timedelta] = TypeAdapter(Age)


@given(st.integers(0, 999_999), st.sampled_from([("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)]))
def test_what_was_read_is_written_so_that_it_is_read_again(
    number: int, unit: tuple[str, int]
) -> None:
    span = AGE.validate_python(f" {number}{unit[0]} ")
    assert span == timedelta(seconds=number * unit[1])
    assert AGE.validate_python(write_age(span)) == span


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0s"), (0.9, "0s"), (59, "59s"), (60, "1m"), (7199, "1h"), (86_400 * 9, "9d")],
)
def test_ages_are_told_in_the_largest_unit(seconds: float, words: str) -> None:
    assert span_in_words(seconds) == words


def test_the_age_of_a_moment() -> None:
    assert age_in_words(now() - timedelta(hours=3, minutes=1)) == "3h"
