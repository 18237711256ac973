from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotrod.mail import wording

TORONTO = ZoneInfo("America/Toronto")


@pytest.mark.parametrize(
    ("value", "written"), [("1.00", "1"), ("1.25", "1.25"), ("100", "100"), ("0", "0")]
)
def test_quantities_have_no_needless_zeros(value: str, written: str) -> None:
    assert wording.quantity(Decimal(value)) == written


def test_moments_are_local_and_know_summer_time() -> None:
    winter, summer = datetime(2026, 12, 4, 23, tzinfo=UTC), datetime(2026, 7, 5, 2, tzinfo=UTC)
    assert wording.moment(winter, TORONTO) == "Friday, December 4, 2026, 18:00"
    assert wording.moment(summer, TORONTO) == "Saturday, July 4, 2026, 22:00"
    assert wording.day(date(2026, 12, 25)) == "Friday, December 25, 2026"


def test_mailto_escapes_what_would_add_headers() -> None:
    link = wording.mailto("repairs@example.com", "[NL-1] A question & more?\r\nbcc=x")
    assert link == (
        "mailto:repairs@example.com?subject=%5BNL-1%5D%20A%20question%20%26%20more%3F%0D%0Abcc%3Dx"
    )


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("see https://evil.example.com/x?y now", "see [link removed] now"),
        ("see HTTP://EVIL.example now", "see [link removed] now"),
        ("www.evil.example", "[link removed]"),
        ("go to evil.com/pay", "go to evil. com/pay"),
        ("ask bob@evil.com", "ask bob@evil. com"),
        ("пример.рф", "пример. рф"),
        ("evil。com", "evil. com"),
        ("evil\u200d.\u200dcom", "evil\u200d. com"),
        ("ev\u200bil.co\u202em", "evil. com"),
        ("no power.When I press it", "no power. When I press it"),
        ("the 3.5mm jack, rev. 2.1 e.g. left", "the 3.5mm jack, rev. 2.1 e.g. left"),
    ],
)
def test_words_of_others_carry_no_links(said: str, shown: str) -> None:
    assert wording.said_line(said) == shown
    assert wording.said_block(said) == shown


@given(st.text(max_size=400))
def test_one_line_is_one_visible_line(text: str) -> None:
    line = wording.one_line(text)
    assert len(line) <= 200
    assert len(line.splitlines()) <= 1
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", line)
    assert wording.one_line(line) == line


@given(st.text(alphabet="ab.:/w \n\t\u202e\u200b", max_size=300))
def test_no_mark_up_of_links_survives_in_a_block(text: str) -> None:
    block = wording.said_block(text)
    assert not re.search(r"\w://|\bwww\.\S|\S\.[a-z]{2}", block)
    assert not re.search(r"[\u202e\u200b]", block)


def test_blocks_are_short_and_say_that_they_were_cut() -> None:
    assert wording.said_block("line\n" * 100) == "line\n" * 25 + "…"
    assert len(wording.said_block("x" * 20_000)) == 1200
    assert wording.said_block("x" * 20_000).endswith("…")
    assert wording.said_block("a\n\n\n\n\nb") == "a\n\nb"


def test_every_quoted_line_is_marked() -> None:
    assert wording.quoted("a\n\nb") == "> a\n>\n> b"


@pytest.mark.parametrize(
    ("color", "ink"),
    [
        ("#000000", "#ffffff"),
        ("#b4232a", "#ffffff"),
        ("#1d4ed8", "#ffffff"),
        ("#ffffff", "#000000"),
        ("#ffd400", "#000000"),
    ],
)
def test_ink_is_readable_on_the_brand(color: str, ink: str) -> None:
    assert wording.ink_on(color) == ink
