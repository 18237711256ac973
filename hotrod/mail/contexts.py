"""What each mail is about: plain values, made harmless as the context is made."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    TypeAdapter,
)

from hotrod.company.models import Brand, Hours, Weekday
from hotrod.mail.wording import quantity, said_block, said_line
from hotrod.money import figure, money
from hotrod.quoting.models import LineKind
from hotrod.repairs.models import Route

_WEB_ADDRESS: TypeAdapter[AnyHttpUrl] = TypeAdapter(AnyHttpUrl)


def _checked_link(url: str) -> str:
    _WEB_ADDRESS.validate_python(url)
    return url


def _answered(route: Route) -> Route:
    if route is Route.SPAM:
        raise ValueError("spam is not answered")
    return route


Line = Annotated[str, AfterValidator(said_line)]
Block = Annotated[str, AfterValidator(said_block)]
Link = Annotated[str, Field(pattern=r"^https?://\S+$"), AfterValidator(_checked_link)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Value(BaseModel):
    """Plain values; what is wrong with one is told without the value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class MailContext(Value):
    """What every mail about a ticket holds."""

    brand: Brand
    ticket: str = Field(pattern=r"^[A-Z]{2,4}-\d{1,10}$", description="e.g. NL-1042")
    title: Line = Field(description="Of the ticket, e.g. PS5: no picture.")
    customer_name: Line
    reply_address: EmailStr = Field(description="Our address that takes questions.")
    status_url: Link = Field(description="The customer's own page.")
    zone: ZoneInfo = Field(description="Time zone of the moments that are named.")
    safety: tuple[Line, ...] = Field((), description="What to do about dangers; comes first.")


class AcknowledgementContext(MailContext):
    """A message has arrived; what it is and what happens next.

    Raises:
        ValidationError: the route is SPAM, which nobody answers.
    """

    route: Annotated[Route, AfterValidator(_answered)] = Route.REPAIR
    problem: Block = Field("", description="The customer's words, quoted back.")
    photo_count: int = Field(0, ge=0)
    rush: bool = False
    opening_hours: Mapping[Weekday, Hours] = Field(
        default_factory=dict, description="Local time; named when they were asked for."
    )
    closed_days: tuple[date, ...] = Field((), description="Holidays to come; five are named.")


class PassedOnContext(MailContext):
    """A message that isn't a repair, for the people who answer it."""

    route: Route
    problem: Block = Field(description="The customer's words.")
    customer_email: EmailStr


class QuestionsContext(MailContext):
    """The diagnosis needs answers before there can be a quote."""

    questions: tuple[Line, ...] = Field(min_length=1)
    problem: Block = ""


class ExpiredContext(MailContext):
    """A quote that nobody decided in time."""

    total: Decimal
    currency: Currency
    expires_at: AwareDatetime

    @property
    def price(self) -> str:
        """Total with tax, e.g. 189.84 CAD."""
        return money(self.total, self.currency)


class ReminderContext(ExpiredContext):
    """A quote that waits for the customer."""

    approve_url: Link
    decline_url: Link


class LineView(Value):
    """One line of a quote; amounts in the quote's currency."""

    kind: LineKind
    description: Line
    reason: Line = Field(description="Why it is charged.")
    quantity: Decimal = Decimal(1)
    unit_price: Decimal
    amount: Decimal

    @property
    def times(self) -> str:
        """How several parts make the amount, e.g. 2 x 19.50; empty for all else."""
        if self.kind is not LineKind.PART or self.quantity == 1:
            return ""
        return f"{quantity(self.quantity)} x {figure(self.unit_price)}"


class EvidenceView(Value):
    """Something that the diagnosis rests on: words of the customer, or what a photo shows."""

    quote: Line
    source: Line = Field(description="request, or photo 1, photo 2 ...")
    why: Line = ""


class QuoteContext(ReminderContext):
    """An itemized offer, and the diagnosis that it answers."""

    version: int = Field(1, ge=1)
    lines: tuple[LineView, ...] = Field(min_length=1)
    subtotal: Decimal
    fault: Line
    evidence: tuple[EvidenceView, ...] = ()
    rule_based: bool = Field(description="Diagnosed by fixed rules, without a model.")

    @property
    def items(self) -> tuple[LineView, ...]:
        """What is charged, before tax."""
        return tuple(line for line in self.lines if line.kind is not LineKind.TAX)

    @property
    def taxes(self) -> tuple[LineView, ...]:
        """The taxes on it."""
        return tuple(line for line in self.lines if line.kind is LineKind.TAX)


class DecisionContext(MailContext):
    """A quote that the customer has approved or declined."""

    version: int = Field(1, ge=1)
    total: Decimal
    currency: Currency
    decided_at: AwareDatetime

    @property
    def price(self) -> str:
        """Total with tax, e.g. 189.84 CAD."""
        return money(self.total, self.currency)
