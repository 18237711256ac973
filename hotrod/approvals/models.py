"""Questions to managers, whom they were put to, and every answer that came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from hotrod.db.columns import json, long_text, money, primary_key, timestamp
from hotrod.links import Choice
from hotrod.money import unit_figure
from hotrod.outside import OutsideUrl

NOT_DECIDED = "not decided in time"
"""How people are told that the deadline decided."""


class ApprovalState(StrEnum):
    """Where a question stands; all but OPEN are final.

    EXPIRED: nobody decided by the deadline, or what had asked has ended, which means no.
    SUPERSEDED: it was asked again, with other figures, before anybody had decided.
    """

    OPEN = "open"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


class Role(StrEnum):
    """Why a manager is asked.

    ASSIGNEE: is to answer. SECOND: is to agree, where two must. DEPUTY: may answer for either.
    """

    ASSIGNEE = "assignee"
    SECOND = "second"
    DEPUTY = "deputy"


class Via(StrEnum):
    """Which way an answer came."""

    LINK = "link"
    SLACK = "slack"
    CLI = "cli"
    PREFECT = "prefect"


class Result(StrEnum):
    """What became of an answer.

    COUNTED: it decided. FIRST_OF_TWO: a yes that waits for another person's. The others changed
    nothing. LATE: it was decided already, or the deadline had passed. NOT_ALLOWED: the person may
    not decide this, or not in this way. INVALID: it can't be meant so; the person is asked again.
    """

    COUNTED = "counted"
    FIRST_OF_TWO = "first_of_two"
    LATE = "late"
    NOT_ALLOWED = "not_allowed"
    INVALID = "invalid"


Text = Annotated[str, StringConstraints(min_length=1, pattern=r"^[^\x00]*$")]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Line(_Value):
    """Something that is to be bought; ``unit_amount`` is in the question's currency."""

    id: Text = Field(max_length=80, description="Names the line in answers.")
    sku: Text = Field(max_length=40)
    words: Text = Field(max_length=400, description="What it is, for the person who decides.")
    quantity: int = Field(ge=1, le=1_000_000, description="Pieces proposed.")
    pack_size: int = Field(1, ge=1, description="Pieces that are only sold together.")
    least: int = Field(1, ge=1, description="Pieces below which none is sold.")
    unit_amount: Decimal = Field(ge=0, max_digits=16, decimal_places=6)
    seller: Text = Field(max_length=120)
    url: OutsideUrl = Field("", description="Page on which it is sold.")
    picture_url: OutsideUrl = Field("", description="A picture of it: for a link, not for pages.")
    stock_out_on: date | None = Field(None, description="Day when none will be left.")
    bid: str = Field("", max_length=80, description="How far is bid, and until when; or nothing.")

    @property
    def possible(self) -> str:
        """How many can be approved, in words: 0 to 20, or 0, or 10 to 20 in packs of 5."""
        first = -(-self.least // self.pack_size) * self.pack_size
        start = f"0, or {first}" if first > self.pack_size else "0"
        packs = f" in packs of {self.pack_size}" if self.pack_size > 1 else ""
        return f"{start} to {self.quantity}{packs}"

    def is_sold(self, pieces: int) -> bool:
        """Tell whether it is sold in so many pieces; none of it can always be left."""
        return not pieces or (pieces >= self.least and pieces % self.pack_size == 0)

    @property
    def figures(self) -> str:
        """Quantity and amount, and of a bid its limit: for where there is no room for words."""
        figures = f"{self.quantity} x {unit_figure(self.unit_amount)}"
        return f"{figures} ({self.bid})" if self.bid else figures


class NewApproval(_Value):
    """A question that is to be asked.

    ``amount`` is all that it may cost, with shipping and tax; limits judge it.
    """

    kind: Text = Field(max_length=20, description="What it is about, e.g. parts.")
    subject_id: UUID = Field(description="The proposal.")
    round: int = Field(1, ge=1, description="2 when the subject is asked about again, and so on.")
    business_key: str
    title: Text = Field(max_length=200, description="Without personal data.")
    amount: Decimal = Field(gt=0, max_digits=12, decimal_places=2)
    currency: str
    lines: tuple[Line, ...] = Field(min_length=1)
    run_id: UUID | None = Field(None, description="Flow run that waits for the answer.")
    why_again: str = Field("", description="Why it is asked once more; empty the first time.")


@dataclass(frozen=True)
class Answer:
    """What a manager says.

    Args:
        choice: approve or decline.
        via: which way it came.
        quantities: pieces by line id, where they are to be fewer than proposed.
        reason: needed to decline.
        address: IP address, or user of the shell, that it came from.
    """

    choice: Choice
    via: Via
    quantities: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""
    address: str = ""


class Approval(SQLModel, table=True):
    """A question to managers about spending money."""

    __tablename__ = "approvals"
    __table_args__ = (
        UniqueConstraint("kind", "subject_id", "round"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided_when_closed"),
        CheckConstraint("(state = 'approved') = (quantities IS NOT NULL)", name="approved_pieces"),
        Index(
            "uq_approvals_open",
            "kind",
            "subject_id",
            unique=True,
            postgresql_where=sql("state = 'open'"),
        ),
        Index("ix_approvals_deadline", "deadline_at", postgresql_where=sql("state = 'open'")),
    )

    id: UUID = primary_key()
    kind: str = Field(max_length=20)
    subject_id: UUID
    round: int = Field(ge=1)
    business_key: str = Field(foreign_key="businesses.key", max_length=31)
    title: str = Field(max_length=200)
    amount: Decimal = money()
    currency: str = Field(max_length=3)
    lines: list[dict[str, Any]] = json(default=list)
    needs: int = Field(description="Different people who must say yes: 1 or 2.")
    state: str = Field(default=ApprovalState.OPEN, max_length=10)
    asked_at: datetime = timestamp()
    remind_at: datetime = timestamp()
    deadline_at: datetime = timestamp()
    reminded_at: datetime | None = timestamp(optional=True)
    run_id: UUID | None = None
    decided_at: datetime | None = timestamp(optional=True)
    quantities: dict[str, int] | None = Field(
        default=None,
        sa_type=JSONB(none_as_null=True),
        description="Pieces approved, by line id.",
    )
    reason: str = long_text(default="")
    why_again: str = long_text(default="")

    @property
    def items(self) -> tuple[Line, ...]:
        """The lines, as they were proposed."""
        return tuple(Line.model_validate(line) for line in self.lines)

    @property
    def is_withdrawn(self) -> bool:
        """Whether what had asked has ended before the deadline."""
        return (
            self.state == ApprovalState.EXPIRED
            and self.decided_at is not None
            and self.decided_at < self.deadline_at
        )

    def standing(self, at: datetime) -> str:
        """Return how it stands, in a few words for people."""
        if self.state == ApprovalState.EXPIRED:
            return "withdrawn" if self.is_withdrawn else NOT_DECIDED
        if self.state == ApprovalState.OPEN and at > self.deadline_at:
            return "past its deadline"
        return self.state


class ApprovalAsk(SQLModel, table=True):
    """A question put to one person; its id is what that person's link names."""

    __tablename__ = "approval_asks"
    __table_args__ = (UniqueConstraint("approval_id", "manager"),)

    id: UUID = primary_key()
    approval_id: UUID = Field(foreign_key="approvals.id")
    manager: str = Field(max_length=31, description="Key in the company file.")
    role: str = Field(max_length=8)


class ApprovalAnswer(SQLModel, table=True):
    """One answer. It is only ever added: the database refuses to change or delete it."""

    __tablename__ = "approval_answers"
    __table_args__ = (Index("ix_approval_answers_approval_id_id", "approval_id", "id"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    approval_id: UUID = Field(foreign_key="approvals.id")
    manager: str = Field(max_length=80, description="Who it says it is from.")
    via: str = Field(max_length=7)
    choice: str = Field(max_length=7)
    quantities: dict[str, int] = json()
    reason: str = long_text(default="")
    address: str = Field(default="", max_length=80)
    at: datetime = timestamp()
    result: str = Field(max_length=12)
    words: str = long_text()
