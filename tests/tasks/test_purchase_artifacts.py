"""What the Prefect UI shows of a run that buys parts tells days as the company counts them."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

import pytest

from hotrod.approvals.models import ApprovalAnswer, Result
from hotrod.company.load import load_company
from hotrod.purchasing.models import RoundState, SourcingRound
from tasks import purchase_artifacts
from tasks.purchase_artifacts import end_markdown
from tests.hotrod.purchasing.kit import proposal_for


def test_days_and_hours_are_those_of_the_company(monkeypatch: pytest.MonkeyPatch) -> None:
    kit = SimpleNamespace(company=load_company())
    monkeypatch.setattr(purchase_artifacts, "resources", lambda: kit)
    evening = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
    declined = SourcingRound(
        business_key="noizylab",
        state=RoundState.DECLINED,
        closed_at=evening,
        proposal=proposal_for("FAN-X").model_dump(mode="json"),
    )
    no = ApprovalAnswer(
        approval_id=uuid4(),
        manager="sofia",
        choice="decline",
        via="link",
        result=Result.COUNTED,
        at=evening,
        reason="",
    )
    end = end_markdown(declined, "declined", [no], [])
    assert "link, 2026-11-20 22:30 EST" in end
    assert "The parts rest until 2026-11-27." in end
