"""Whole numbers that make a sum least: goals in turn, and what isn't proved."""

from __future__ import annotations

import pytest

from hotrod.sourcing import programs
from hotrod.sourcing.programs import Program


def test_later_goals_choose_among_what_is_best_by_the_earlier() -> None:
    program = Program()
    few, many = program.unknown(9, known=9), program.unknown(9, known=9)
    program.require({few: 3, many: 1}, 7)

    assert program.least([{few: 2, many: 1}]) == ([2, 1], True)
    assert program.least([{few: 1, many: 1}, {many: -1}]) == ([2, 1], True)
    assert program.least([{few: 1}, {many: 1}]) == ([2, 1], True)


def test_without_unknowns_there_is_nothing_to_find() -> None:
    assert Program().least([{}]) == ([], True)


def test_a_search_that_ends_early_leaves_what_is_known_and_no_proof(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(programs, "MOST_NODES", 0)
    program = Program()
    weights = [31, 47, 59, 73, 89, 101, 113, 127]
    unknown = [program.unknown(7, known=7) for _ in weights]
    exactly = dict(zip(unknown, weights, strict=True))
    program.require(exactly, 1009)

    numbers, is_proved = program.least([exactly])

    assert not is_proved
    assert sum(exactly[one] * number for one, number in zip(unknown, numbers, strict=True)) >= 1009
