from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotrod.staff.rules import Choice, TechnicianFacts, choose_technician

TODAY = date(2026, 11, 20)
SKILLS = ("console", "audio", "power", "display")


def person(key: str, *skills: str, load: int = 0, capacity: int = 4) -> TechnicianFacts:
    return TechnicianFacts(key, frozenset(skills), capacity, load)


def choose(*people: TechnicianFacts) -> Choice:
    return choose_technician(people, "console", "power", TODAY)


def test_skill_for_device_and_fault_comes_before_load() -> None:
    both, one = person("zoe", "console", "power", load=3), person("ann", "console")

    assert choose(one, both) == Choice("zoe", "knows console and power; carries 3 of 4 tickets")


def test_load_is_the_share_of_capacity() -> None:
    half, third = (
        person("ann", "power", load=1, capacity=2),
        person("bob", "power", load=2, capacity=6),
    )

    assert choose(half, third).key == "bob"


def test_ties_go_by_key() -> None:
    assert choose(person("bob", "power"), person("ann", "console")).key == "ann"


@pytest.mark.parametrize(("day", "key"), [(-1, "ann"), (0, None), (3, None), (4, "ann")])
def test_both_ends_of_an_absence_are_away(day: int, key: str | None) -> None:
    away = (TODAY, TODAY + timedelta(days=3))
    ann = TechnicianFacts("ann", frozenset({"power"}), 4, 0, (away,))

    assert choose_technician([ann], "console", "power", TODAY + timedelta(days=day)).key == key


@pytest.mark.parametrize(
    ("people", "reason"),
    [
        ([], "nobody has the skill console or power"),
        ([person("ann", "audio")], "nobody has the skill console or power"),
        (
            [person("ann", "power", load=4)],
            "everybody with the skill is absent or has no capacity left",
        ),
    ],
)
def test_nobody(people: list[TechnicianFacts], reason: str) -> None:
    assert choose(*people) == Choice(None, reason)


DAYS = st.dates(TODAY - timedelta(days=3), TODAY + timedelta(days=3))
PEOPLE = st.lists(
    st.builds(
        TechnicianFacts,
        st.sampled_from("abcdefgh"),
        st.frozensets(st.sampled_from(SKILLS)),
        st.integers(1, 6),
        st.integers(0, 7),
        st.lists(st.tuples(DAYS, DAYS), max_size=2).map(tuple),
    ),
    max_size=6,
    unique_by=lambda one: one.key,
)


@given(PEOPLE)
def test_the_choice_is_the_best_of_those_who_can(people: list[TechnicianFacts]) -> None:
    def skill(one: TechnicianFacts) -> int:
        return len(one.skills & {"console", "power"})

    able = [
        one
        for one in people
        if skill(one) and one.open_tickets < one.capacity and not one.is_absent(TODAY)
    ]
    choice = choose(*people)

    assert (choice.key is None) == (not able)
    assert choice == choose(*reversed(people))
    if choice.key is not None:
        chosen = next(one for one in able if one.key == choice.key)
        assert skill(chosen) == max(map(skill, able))
        peers = [one for one in able if skill(one) == skill(chosen)]
        share = Fraction(chosen.open_tickets, chosen.capacity)
        assert share == min(Fraction(one.open_tickets, one.capacity) for one in peers)
