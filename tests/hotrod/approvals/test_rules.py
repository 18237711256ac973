"""Laws of who is asked, who may answer, and what quantities cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotrod.approvals.models import Role
from hotrod.approvals.rules import (
    agreed,
    check_question,
    checked_quantities,
    is_changed_too_much,
    may_answer,
    people_to_ask,
    yeses_needed,
)
from hotrod.company.load import load_company
from hotrod.company.models import Absence, Manager
from hotrod.company.policies import Approvals
from hotrod.errors import InvalidInputError
from tests.hotrod.approvals.kit import line, question

TODAY = date(2026, 11, 23)
COMPANY = load_company()

amounts = st.decimals("0.01", "5000", places=2)
limits = st.none() | st.decimals("0", "5000", places=2)
needs = st.sampled_from([1, 2])
away = Absence(first_day=TODAY, last_day=TODAY)


@st.composite
def managers(draw: st.DrawFn) -> tuple[Manager, ...]:
    people = draw(st.lists(st.tuples(limits, st.booleans()), max_size=5))
    return tuple(
        Manager(
            key=f"manager_{number}",
            name="Somebody",
            email="somebody@hotrod.example.com",
            limit=limit,
            absences=(away,) if is_away else (),
        )
        for number, (limit, is_away) in enumerate(people)
    )


@given(amounts, managers(), needs)
def test_who_is_asked_may_answer_and_is_the_right_one(
    amount: Decimal, people: tuple[Manager, ...], needs: int
) -> None:
    able = [one for one in people if may_answer(one, amount)]
    if len(able) < needs:
        with pytest.raises(InvalidInputError, match="company file"):
            people_to_ask(amount, people, TODAY, needs=needs)
        return
    asked = people_to_ask(amount, people, TODAY, needs=needs)
    assert len(asked) == min(len(able), needs + 1) == len({one.manager.key for one in asked})
    roles = {1: [Role.ASSIGNEE, Role.DEPUTY], 2: [Role.ASSIGNEE, Role.SECOND, Role.DEPUTY]}[needs]
    assert [one.role for one in asked] == roles[: len(asked)]
    assert all(one.manager in able for one in asked)
    assignee = asked[0].manager
    assert assignee.is_absent(TODAY) == all(one.is_absent(TODAY) for one in able)
    alike = [one for one in able if one.is_absent(TODAY) == assignee.is_absent(TODAY)]
    ceiling = Decimal("Infinity")
    assert (assignee.limit if assignee.limit is not None else ceiling) == min(
        ceiling if one.limit is None else one.limit for one in alike
    )


@given(amounts, limits)
def test_two_are_needed_above_the_limit_only(amount: Decimal, limit: Decimal | None) -> None:
    needed = yeses_needed(amount, Approvals(two_person_above=limit))
    assert needed == (2 if limit is not None and amount > limit else 1)


@given(amounts, managers())
def test_who_may_answer_may_answer_less(amount: Decimal, people: tuple[Manager, ...]) -> None:
    for one in people:
        assert may_answer(one, amount) <= may_answer(one, amount / 2)


@given(st.dictionaries(st.sampled_from("123"), st.integers(-1, 5)))
def test_quantities_are_from_nothing_to_what_was_proposed(given: dict[str, int]) -> None:
    lines = (line("1", 4, "6"), line("2", 1, "40"))
    proposed = {"1": 4, "2": 1}
    wanted = proposed | given
    is_good = (
        wanted.keys() == proposed.keys()
        and all(0 <= wanted[name] <= proposed[name] for name in proposed)
        and any(wanted.values())
    )
    if is_good:
        assert checked_quantities(lines, given) == wanted
    else:
        with pytest.raises(InvalidInputError, match="quantities"):
            checked_quantities(lines, given)


def is_sold(quantity: int, pack_size: int, least: int) -> bool:
    return quantity == 0 or (quantity % pack_size == 0 and quantity >= least)


@given(st.integers(1, 4), st.integers(1, 9), st.integers(0, 12), st.integers(0, 12))
def test_what_is_not_sold_so_is_refused_and_what_two_agree_on_is_sold(
    pack_size: int, least: int, first: int, second: int
) -> None:
    lines = (line("1", 12, "6", pack_size=pack_size, least=least), line("2", 1, "40"))
    good = []
    for quantity in (first, second):
        if is_sold(quantity, pack_size, least):
            good.append(checked_quantities(lines, {"1": quantity}))
        else:
            with pytest.raises(InvalidInputError, match="it isn't sold in so many"):
                checked_quantities(lines, {"1": quantity})
    if len(good) > 1:
        both = agreed(*good)
        assert checked_quantities(lines, both) == both


@pytest.mark.parametrize(
    ("sold", "words"),
    [
        ({}, "0 to 20"),
        ({"pack_size": 5}, "0 to 20 in packs of 5"),
        ({"least": 10}, "0, or 10 to 20"),
        ({"pack_size": 5, "least": 8}, "0, or 10 to 20 in packs of 5"),
    ],
)
def test_what_can_be_said_yes_to_is_said_in_words(sold: dict[str, int], words: str) -> None:
    assert line("1", 20, "6", **sold).possible == words


pieces = st.fixed_dictionaries({"1": st.integers(0, 4), "2": st.integers(0, 1)}).filter(
    lambda given: any(given.values())
)


@given(pieces, pieces)
def test_what_two_agree_on_is_no_more_than_either_said(
    first: dict[str, int], second: dict[str, int]
) -> None:
    try:
        both = agreed(first, second)
    except InvalidInputError:
        assert not any(first[name] and second[name] for name in first)
        return
    assert all(both[name] == min(first[name], second[name]) for name in both)
    assert agreed(second, first) == both


@given(amounts, amounts, st.decimals("0", "100", places=1))
def test_a_change_is_too_much_above_the_percentage_up_or_down(
    approved: Decimal, now: Decimal, percent: Decimal
) -> None:
    share = abs(now - approved) / approved * 100
    assert is_changed_too_much(approved, approved, percent) is False
    if abs(share - percent) > Decimal("1e-9"):
        assert is_changed_too_much(approved, now, percent) == (share > percent)


@pytest.mark.parametrize(
    ("now", "is_too_much"), [("105", False), ("105.01", True), ("95", False), ("94.99", True)]
)
def test_the_percentage_itself_is_no_change(now: str, *, is_too_much: bool) -> None:
    assert is_changed_too_much(Decimal(100), Decimal(now), Decimal(5)) == is_too_much


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"business_key": "nobody"}, "company file"),
        ({"currency": "USD"}, "in CAD, not in USD"),
        ({"lines": (line("1", 1, "1"), line("1", 1, "1"))}, "twice"),
        ({"amount": Decimal("63.99")}, "add up to 64.00"),
    ],
)
def test_a_question_that_can_not_be_asked_is_refused(change: dict[str, object], named: str) -> None:
    check_question(question("64.00"), COMPANY)
    with pytest.raises(InvalidInputError, match=named):
        check_question(question("64.00").model_copy(update=change), COMPANY)


@given(
    st.decimals("0.05", 5000, places=2),
    st.lists(st.tuples(st.integers(1, 40), st.integers(1, 100)), min_size=1, max_size=9),
)
def test_lines_that_share_an_amount_add_up_to_it(
    amount: Decimal, shares: list[tuple[int, int]]
) -> None:
    whole = sum(share for _, share in shares)
    lines = tuple(
        line(str(number), pieces, f"{amount * share / whole / pieces:.6f}")
        for number, (pieces, share) in enumerate(shares, 1)
    )
    check_question(question(str(amount), lines=lines), COMPANY)
