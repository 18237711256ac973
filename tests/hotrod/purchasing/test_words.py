"""What was approved of a question is told in the same words everywhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from hotrod.approvals.models import Approval, ApprovalState
from hotrod.approvals.rules import judge
from hotrod.company.load import load_company
from hotrod.purchasing.models import SourcingRound
from hotrod.purchasing.words import price_in_words
from tests.gateway.proposals import proposal
from tests.hotrod.approvals.kit import AT, SOON, line, question, yes

ROUND = SourcingRound(
    id=uuid4(),
    business_key="noizylab",
    turn=1,
    proposal=proposal("HDMI").model_dump(mode="json"),
)


def decided(state: ApprovalState, quantities: dict[str, int] | None, **values: Any) -> Approval:
    asked = question("72", lines=(line("1", 4, "9.00"), line("2", 4, "9.00")))
    given: dict[str, Any] = {
        "needs": 1,
        "asked_at": AT,
        "remind_at": AT,
        "deadline_at": SOON,
        "decided_at": AT,
    }
    return Approval(
        **asked.model_dump(mode="python", exclude={"lines"}),
        lines=[one.model_dump(mode="json") for one in asked.lines],
        state=state,
        quantities=quantities,
        **given | values,
    )


@pytest.mark.parametrize(
    ("state", "quantities", "words"),
    [
        (ApprovalState.APPROVED, {"1": 4, "2": 4}, "72.00 CAD"),
        (ApprovalState.APPROVED, {"1": 3, "2": 0}, "3 of 8 pieces, 27.00 of 72.00 CAD"),
        (ApprovalState.DECLINED, None, "72.00 CAD"),
        (ApprovalState.OPEN, None, "72.00 CAD"),
    ],
)
def test_of_fewer_pieces_their_share_is_told(
    state: ApprovalState, quantities: dict[str, int] | None, words: str
) -> None:
    assert price_in_words(decided(state, quantities), ROUND) == words


def test_an_amount_that_is_not_known_any_more_is_not_guessed() -> None:
    fewer = decided(ApprovalState.APPROVED, {"1": 3, "2": 0})
    later = SourcingRound(**ROUND.model_dump() | {"turn": 2})
    for current in (later, None):
        assert price_in_words(fewer, current) == "3 of 8 pieces, some of 72.00 CAD"


@pytest.mark.parametrize(
    ("state", "decided_at", "words"),
    [
        (ApprovalState.OPEN, None, "past its deadline"),
        (ApprovalState.EXPIRED, SOON + timedelta(minutes=1), "not decided in time"),
        (ApprovalState.EXPIRED, AT, "withdrawn"),
        (ApprovalState.DECLINED, AT, "declined"),
    ],
)
def test_a_question_that_nobody_decided_says_so(
    state: ApprovalState, decided_at: datetime | None, words: str
) -> None:
    one = decided(state, None, decided_at=decided_at)
    assert one.standing(SOON + timedelta(hours=1)) == words
    if state is ApprovalState.OPEN:
        assert one.standing(SOON) == "open"


@pytest.mark.parametrize(
    ("decided_at", "words"),
    [(SOON + timedelta(minutes=1), "The deadline was "), (AT, "This was withdrawn already, at ")],
)
def test_an_answer_that_comes_too_late_is_told_why(decided_at: datetime, words: str) -> None:
    one = decided(ApprovalState.EXPIRED, None, decided_at=decided_at)
    sofia = load_company().manager("sofia")
    verdict = judge(one, sofia, yes(), None, SOON + timedelta(hours=1))
    assert verdict.words.startswith(words)
