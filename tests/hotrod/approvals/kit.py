"""Questions for tests of approvals. In the sample company, 500 is Sofia's limit, and above 1500
two managers must agree.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from hotrod.approvals.models import Answer, Line, NewApproval, Via

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)  # a Monday, ten in the morning at the bench
SOON = AT + timedelta(hours=1)


def question(amount: str = "100", **values: Any) -> NewApproval:
    """Return a question about two lines, the first of 4 pieces at 6.00 and one of 1 at 40.00."""
    given: dict[str, Any] = {
        "kind": "parts",
        "subject_id": uuid4(),
        "business_key": "noizylab",
        "title": "2 parts from 2 sellers",
        "amount": Decimal(amount),
        "currency": "CAD",
        "lines": (line("1", 4, "6.00"), line("2", 1, "40.00")),
    }
    return NewApproval(**given | values)


def line(name: str, quantity: int, unit_amount: str, **sold: int) -> Line:
    return Line(
        id=name,
        sku=f"PART-{name}",
        words="HDMI port, new",
        quantity=quantity,
        unit_amount=Decimal(unit_amount),
        seller="part_planet",
        **sold,
    )


def yes(via: Via = Via.LINK, **quantities: int) -> Answer:
    """Return a yes; ``_1=2`` says two pieces of line 1."""
    pieces = {name.removeprefix("_"): number for name, number in quantities.items()}
    return Answer("approve", via, quantities=pieces, address="192.0.2.7")


def no(reason: str = "too dear") -> Answer:
    return Answer("decline", Via.SLACK, reason=reason)
