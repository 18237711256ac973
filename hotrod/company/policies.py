"""How the company prices repairs, judges offers, and approves spending."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from hotrod.company.values import Key, Money, Section, Share


class Approvals(Section):
    """How managers are asked; hours are opening hours of the business that asks."""

    limits: dict[Key, Money] = Field(
        {}, description="Largest amount that managers of a role may approve, by the role."
    )
    two_person_above: Money | None = Field(
        None, description="A larger amount needs two managers. Unset: one is always enough."
    )
    deadline_hours: int = Field(18, ge=1, le=200, description="No answer by then means no.")
    reminder_hours: int = Field(9, ge=1, le=200, description="Who hasn't answered is reminded.")
    reask_percent: Decimal = Field(
        Decimal(5), ge=0, le=100, description="A price that has changed by more is asked again."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.reminder_hours >= self.deadline_hours:
            raise ValueError("reminder_hours must be less than deadline_hours")
        return self


class LabourRate(Section):
    """What an hour on the bench costs the customer."""

    device_type: str = Field(description="Device type, or 'default'.")
    per_hour: Money


class MarginRule(Section):
    """Margin on parts up to a unit cost; the first rule whose limit fits is used."""

    up_to_cost: Money | None = Field(None, description="Unset: no limit; must come last.")
    margin: Share = Field(description="Share added to the cost: 0.35 sells 100.00 at 135.00.")


class CompetitorPrice(Section):
    """What others ask for the same repair, where it is known."""

    device_type: str
    category: str
    price: Money
    source: str = Field(description="Where and when the price was seen.")


class Pricing(Section):
    """Rules of the pricing engine; amounts in ``currency`` before tax."""

    currency: Literal["CAD"] = "CAD"
    minimum_labour_hours: Decimal = Field(Decimal("0.5"), gt=0, le=8)
    labour_rates: tuple[LabourRate, ...] = Field(min_length=1)
    part_margins: tuple[MarginRule, ...] = Field(min_length=1)
    rush_surcharge: Share = Field(description="Share of labour added for rush work.")
    floor_margin: Share = Field(description="Smallest share kept over cost of labour and parts.")
    labour_cost_per_hour: Money = Field(description="What an hour costs us, for the floor.")
    round_to: Money = Field(Decimal("1.00"), description="Subtotals are rounded up to this.")
    undercut: Share = Field(
        Decimal("0.03"),
        description="Share below a competitor's price that we go, at most to the floor.",
    )
    quote_valid_days: int = Field(14, ge=1, le=90)
    competitor_prices: tuple[CompetitorPrice, ...] = ()

    @field_validator("labour_rates")
    @classmethod
    def _has_default(cls, rates: tuple[LabourRate, ...]) -> tuple[LabourRate, ...]:
        if not any(rate.device_type == "default" for rate in rates):
            raise ValueError("one labour rate must have device_type 'default'")
        return rates

    @field_validator("part_margins")
    @classmethod
    def _last_is_open(cls, rules: tuple[MarginRule, ...]) -> tuple[MarginRule, ...]:
        if rules[-1].up_to_cost is not None:
            raise ValueError("the last margin rule must have no up_to_cost")
        return rules


class ScoreWeights(Section):
    """Points that a perfect offer gets of each rule; 100 in all."""

    market_price: int = Field(25, ge=0)
    own_price: int = Field(15, ge=0)
    feedback: int = Field(20, ge=0)
    delivery: int = Field(15, ge=0)
    returns: int = Field(5, ge=0)
    fit: int = Field(20, ge=0)

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        if sum(self.model_dump().values()) != 100:  # noqa: PLR2004 - points are of a hundred
            raise ValueError("the weights must add up to 100")
        return self


class Sourcing(Section):
    """How offers are scored, and which may be proposed; shares of 1, prices at the door."""

    weights: ScoreWeights = ScoreWeights()
    least_points: int = Field(50, ge=0, le=100, description="Less isn't proposed.")
    good_price: Share = Field(Decimal("0.8"), description="Share of the usual: all points.")
    bad_price: Share = Field(Decimal("1.5"), description="Share of the usual: no points.")
    fraud_price: Share = Field(Decimal("0.4"), description="Below this share it is too cheap.")
    least_comparable: int = Field(3, ge=1, description="Offers that make a median.")
    history_days: int = Field(365, ge=1, description="Own prices older than this don't count.")
    good_feedback: Share = Field(Decimal("0.98"), le=1, description="Proven: all points.")
    bad_feedback: Share = Field(Decimal("0.85"), le=1, description="Proven: no points.")
    buffer_days: int = Field(3, ge=0, description="Days before the stock-out: all points.")
    late_days: int = Field(10, ge=1, description="Days after the stock-out: no points.")
    return_days: int = Field(30, ge=1, description="Days of return that get all points.")
    least_fit: Share = Field(Decimal("0.5"), description="Less surely fitting is excluded.")
    regions: tuple[str, ...] = Field(("CA", "US"), description="Countries we buy from.")
    new_seller_days: int = Field(90, ge=0, description="Younger accounts are a warning.")
    few_ratings: int = Field(10, ge=0, description="Fewer are a warning.")
    sign_penalty: int = Field(10, ge=0, le=100, description="Points that a warning takes.")
    most_signs: int = Field(1, ge=0, description="More warnings exclude an offer.")
    listing_hours: int = Field(48, ge=1, description="Listings seen longer ago don't count.")
    gather_minutes: int = Field(
        10, ge=0, le=1440, description="Parts low within so long are proposed together."
    )
    decline_rest_days: int = Field(
        7, ge=0, le=90, description="Days for which a manager's no to a part holds."
    )
    remind_hours: int = Field(
        24, ge=1, le=720, description="What a person is to buy is reminded of after so long."
    )
    model_reads_offers: bool = Field(
        default=True, description="Claude advises managers; eBay's licence may forbid it."
    )
    rate_hours: int = Field(96, ge=1, description="Exchange rates must be younger: a weekend.")
    bid_saving: Share = Field(
        Decimal("0.15"),
        lt=1,
        description="Share that a bid must save where the piece can be bought at once.",
    )
    bid_notice_hours: int = Field(
        4, ge=0, le=240, description="An auction must run so long for a manager to answer."
    )
    bid_lead_seconds: int = Field(
        45, ge=10, le=3600, description="How long before an auction's end the bid is placed."
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.fraud_price <= self.good_price < self.bad_price:
            raise ValueError("fraud_price, good_price and bad_price must rise")
        if self.bad_feedback >= self.good_feedback:
            raise ValueError("bad_feedback must be below good_feedback")
        return self
