"""What is written to people of ours and to suppliers: plain values, and the mail made of them."""

from __future__ import annotations

from abc import abstractmethod
from datetime import date
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, EmailStr, Field

from hotrod.approvals.models import NOT_DECIDED
from hotrod.company.models import Brand
from hotrod.mail.compose import ComposedMail, render
from hotrod.mail.contexts import Block, Currency, Line, Link, Value
from hotrod.mail.wording import one_line
from hotrod.money import money


class OfficeContext(Value):
    """What every such mail holds; each kind names its template, and makes its subject."""

    template: ClassVar[str]

    brand: Brand
    zone: ZoneInfo = Field(description="Time zone of the moments that are named.")
    person_name: Line
    reply_address: EmailStr = Field(description="Our address that takes questions.")

    @property
    @abstractmethod
    def subject(self) -> str:
        """Subject of the mail."""


class PieceView(Value):
    """Pieces of something; amounts in the currency of the mail."""

    sku: Line
    words: Line
    seller: Line
    quantity: int = Field(ge=0)
    unit_amount: Decimal = Field(description="At the door.")
    why: Line = Field("", description="Why it is needed.")
    stock_out_on: date | None = Field(None, description="Day when none will be left.")
    picture: Link | None = None


class ApprovalContext(OfficeContext):
    """A proposal waits for a manager."""

    template = "approval"

    amount: Decimal
    currency: Currency
    lines: tuple[PieceView, ...] = Field(min_length=1)
    missing: tuple[Line, ...] = Field((), description="What can't be bought, and why.")
    unsearched: tuple[Line, ...] = Field((), description="Sources that were away, and why.")
    advice: Block = Field("", description="What the model says of the offers.")
    why_again: str = Field("", description="Why they are asked once more.")
    needs: int = Field(1, ge=1, le=2, description="Managers who must agree.")
    deadline_at: AwareDatetime
    link: Link = Field(description="The person's own page of the proposal.")
    is_reminder: bool = False

    @property
    def price(self) -> str:
        """All that it costs, e.g. 189.84 CAD."""
        return money(self.amount, self.currency)

    @property
    def subject(self) -> str:
        """Subject of the mail."""
        parts = len({line.sku for line in self.lines})
        asked = f"Approve {self.price} for {parts} {'part' if parts == 1 else 'parts'}?"
        return f"Still open: {asked}" if self.is_reminder else asked


class NothingOfferedContext(OfficeContext):
    """Parts run low, and nothing acceptable is offered."""

    template = "nothing_offered"

    missing: tuple[Line, ...] = Field(min_length=1)
    unsearched: tuple[Line, ...] = Field((), description="Sources that were away, and why.")

    @property
    def subject(self) -> str:
        """Subject of the mail."""
        parts = len(self.missing)
        return f"{parts} {'part runs' if parts == 1 else 'parts run'} low, and nobody sells them"


class ApprovalClosedContext(OfficeContext):
    """A proposal was decided, and the others who were asked are told."""

    template = "approval_closed"

    title: Line
    price: Line
    state: Line = Field(description="As ``Approval.standing`` says it.")
    decided_by: Line = Field("", description="Empty: nobody.")
    reason: Block = ""

    @property
    def is_late(self) -> bool:
        """Whether the deadline decided."""
        return self.state == NOT_DECIDED

    @property
    def subject(self) -> str:
        """Subject of the mail."""
        return f"{self.state.capitalize()}: {self.price} for parts"


class OrderedView(Value):
    """Pieces that are ordered of a supplier."""

    reference: Line = Field(description="The supplier's number.")
    title: Line
    quantity: int = Field(ge=1)
    unit_price: Line = Field("", description="As the supplier's list says; empty: not known.")


class PurchaseOrderContext(OfficeContext):
    """An order to a supplier."""

    template = "purchase_order"

    number: str = Field(pattern=r"^PO-\d+$")
    lines: tuple[OrderedView, ...] = Field(min_length=1)
    goods: Line = Field("", description="What they cost together, before shipping and tax.")
    ship_to: Line
    wanted_by: date | None = None

    @property
    def subject(self) -> str:
        """Subject of the mail."""
        return f"Order {self.number} of {self.brand.display_name}"


class ToBuyContext(OfficeContext):
    """Somebody is to buy on the seller's page, or should have; won, and to be paid; or late."""

    template = "to_buy"

    number: str = Field(pattern=r"^PO-\d+$")
    seller: Line
    price: Line
    link: Link = Field(description="The purchase's page, with the seller's pages on it.")
    pages: tuple[Link, ...] = Field((), description="The seller's, on which it is bought.")
    waits_since: date | None = Field(None, description="Day since which somebody is to buy it.")
    late_since: date | None = Field(None, description="Day on which it should have come.")
    is_won: bool = Field(default=False, description="Won at auction, to be paid on eBay.")

    @property
    def subject(self) -> str:
        """Subject of the mail."""
        if self.late_since is not None:
            return f"Late: {self.number} of {self.seller}"
        if self.is_won:
            return f"Won, please pay: {self.number}, {self.price}"
        if self.waits_since is not None:
            return f"Still to be bought: {self.number}, {self.price}"
        return f"Please buy: {self.number}, {self.price}"


class CheckoutContext(OfficeContext):
    """Somebody is to pay a checkout at eBay, or something is wrong with its payment."""

    template = "checkout"

    numbers: tuple[Line, ...] = Field(min_length=1, description="Of the purchases it holds.")
    price: Line
    link: Link = Field(description="The page on which it is paid.")
    trouble: Line = Field("", description="What is wrong; empty: it is to be paid.")

    @property
    def subject(self) -> str:
        """Subject of the mail."""
        names = ", ".join(self.numbers)
        if self.trouble:
            return f"Payment at eBay: look at {names}"
        return f"Please pay: {names} at eBay, {self.price}"


class NewsView(Value):
    """A listing that is news."""

    why: Line = Field(description="e.g. new listing")
    title: Line
    seller: Line
    price: Line = Field(description="Of one piece at the door, e.g. 38.20 CAD.")
    link: Link
    ends_at: AwareDatetime | None = Field(None, description="End of an auction.")


class WatchView(Value):
    """What one watch found."""

    name: Line
    news: tuple[NewsView, ...] = Field(min_length=1)
    more: int = Field(0, ge=0, description="Listings that aren't shown.")


class WatchNewsContext(OfficeContext):
    """Watches have found something."""

    template = "watch_news"

    watches: tuple[WatchView, ...] = Field(min_length=1)

    @property
    def subject(self) -> str:
        """Subject of the mail."""
        count = sum(len(watch.news) + watch.more for watch in self.watches)
        listings = "a listing" if count == 1 else f"{count} listings"
        return f"Found on eBay: {listings} for {', '.join(one.name for one in self.watches)}"


def compose_office(context: OfficeContext) -> ComposedMail:
    """Return a mail's subject, text and HTML; the same context gives the same mail."""
    subject = one_line(context.subject)
    texts = [render(f"{context.template}.{form}", context, subject) for form in ("txt", "html")]
    return ComposedMail(subject, *texts)
