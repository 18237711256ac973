from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotrod.repairs.vocabulary import Text, phrases

SMOKE = phrases("smoke", "sparks", "burn* smell")


@pytest.mark.parametrize(
    "denial",
    [
        "no smoke",
        "There was never any smoke.",
        "no drops, smoke or sparks",
        "without smoke, sparks, or burning smell",
        "Any smoke? No.",
        "Was there smoke? Nope, all good.",
        "pas de smoke",
        "It isn\u2019t smoke",
    ],
)
def test_what_is_denied_is_mentioned_but_not_said(denial: str) -> None:
    text = Text.read(denial)

    assert text.mentions(SMOKE)
    assert not text.says(SMOKE)


@pytest.mark.parametrize(
    "claim",
    [
        "smoke",
        "no power, smoke came out",
        "not only smoke but flames",
        "doesn't turn on smoke came out",
        "not dropped. Smoke!",
        "It was never dropped, smoke just came out",
        "no drops but sparks",
        "Any smoke? No picture either, and yes",
        "I'm not sure whether I saw smoke",
    ],
)
def test_what_is_claimed_is_said(claim: str) -> None:
    assert Text.read(claim).says(SMOKE)


def test_a_phrase_that_is_negative_itself_is_said() -> None:
    assert Text.read("It has no picture").says(phrases("no picture"))


def test_words_of_a_phrase_stand_near_in_order_and_in_one_sentence() -> None:
    wanted = phrases("screen cracked", gap=1)

    assert Text.read("screen is cracked").says(wanted)
    assert not Text.read("screen is now badly cracked").says(wanted)
    assert not Text.read("cracked screen").says(wanted)
    assert not Text.read("New screen. Cracked again").says(wanted)


def test_accents_case_and_elisions_are_folded() -> None:
    assert Text.read("L\u2019ÉCRAN est CASSÉ, pas d'image").words == (
        "l", "ecran", "est", "casse", "pas", "d", "image",
    )  # fmt: skip


def test_praise_reaches_back_to_the_comma() -> None:
    text = Text.read("no power, HDMI port is fine")

    assert dict(zip(text.words, text.praised, strict=True)) == {
        "no": False, "power": False, "hdmi": True, "port": True, "is": True, "fine": False,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["the port is not fine", "fine", "loose port, ok"])
def test_no_praise(text: str) -> None:
    assert not any(Text.read(text).praised)


@given(st.text())
def test_quotes_are_verbatim(message: str) -> None:
    text = Text.read(message)

    for place in range(len(text.words)):
        quote = text.sentence_around(place, limit=20)
        assert quote
        assert len(quote) <= 20
        assert quote in text.source


def test_a_long_sentence_is_quoted_from_the_word_on() -> None:
    text = Text.read("Well, " + "blah " * 100 + "smoke came out of it.")

    assert text.sentence_around(text.words.index("smoke")) == "smoke came out of it"
