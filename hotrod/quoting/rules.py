"""The pricing engine: the same input gives the same quote, and each line says why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from datetime import datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from hotrod.company.models import Province
from hotrod.company.policies import CompetitorPrice, Pricing
from hotrod.quoting.models import LineKind
from hotrod.quoting.taxes import TAXES

CENT = Decimal("0.01")
ReminderKind = Literal["reminder_24h", "reminder_72h", "expired"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PartPrice(_Value):
    """A part that the repair needs."""

    sku: str
    name: str
    unit_cost: Decimal = Field(ge=0, decimal_places=2)
    quantity: int = Field(1, ge=1)
    in_stock: bool = True


class PricingInput(_Value):
    """Everything a price depends on; equal inputs give equal quotes."""

    device_type: str
    category: str
    labour_hours: Decimal = Field(gt=0, decimal_places=2)
    rush: bool
    parts: tuple[PartPrice, ...]
    unpriced: tuple[str, ...] = Field((), description="Parts needed that have no price yet.")
    province: Province
    pricing: Pricing


class PricedLine(_Value):
    """One line of a quote; ``amount`` is in the quote's currency, to the cent."""

    kind: LineKind
    description: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    reason: str
    sku: str | None = None


class PricedQuote(_Value):
    """A priced quote: the lines add up to the total, to the cent."""

    currency: str
    lines: tuple[PricedLine, ...]
    subtotal: Decimal
    tax: Decimal
    total: Decimal
    floor: Decimal
    fingerprint: str


def price(given: PricingInput) -> PricedQuote:
    """Price a repair.

    Labor by hours and rate, parts with margin, a surcharge for rush; then a competitor's price is
    undercut where one is known, but never below the floor; then the subtotal is rounded up and
    taxed.
    """
    labour = _labour(given)
    lines = [labour, *(_part(part, given.pricing) for part in given.parts)]
    lines += [_unpriced(name) for name in given.unpriced]
    if given.rush:
        lines.append(_rush(labour, given.pricing))
    floor = _floor(given)
    lines += _adjustments(given, sum((line.amount for line in lines), Decimal(0)), floor)
    subtotal = sum((line.amount for line in lines), Decimal(0))
    taxes = _taxes(subtotal, given.province)
    tax = sum((line.amount for line in taxes), Decimal(0))
    return PricedQuote(
        currency=given.pricing.currency,
        lines=(*lines, *taxes),
        subtotal=subtotal,
        tax=tax,
        total=subtotal + tax,
        floor=floor,
        fingerprint=_fingerprint(given),
    )


def quote_expiry(created_at: datetime, valid_days: int, zone: ZoneInfo) -> datetime:
    """Return the end of the last day on which a quote holds, local time."""
    last_day = created_at.astimezone(zone).date() + timedelta(days=valid_days)
    return datetime.combine(last_day, time(23, 59, 59), tzinfo=zone)


def reminder_due(
    sent_at: datetime, expires_at: datetime, now: datetime, already: Collection[str]
) -> ReminderKind | None:
    """Return the reminder that an open quote is due for, or None.

    A reminder that was missed isn't made up for once the next one is due.
    """
    if now >= expires_at:
        return "expired"
    age = now - sent_at
    if age >= timedelta(hours=72):
        return None if "reminder_72h" in already else "reminder_72h"
    if age >= timedelta(hours=24):
        return None if "reminder_24h" in already else "reminder_24h"
    return None


def _labour(given: PricingInput) -> PricedLine:
    rates = {rate.device_type: rate.per_hour for rate in given.pricing.labour_rates}
    rate = rates.get(given.device_type, rates["default"])
    hours = _hours(given)
    why = f"{_plain(hours)} h on the bench at {rate:.2f} per hour, by the repair plan"
    if hours > given.labour_hours:
        why = f"the smallest repair is {_plain(hours)} h, at {rate:.2f} per hour"
    return PricedLine(
        kind=LineKind.LABOUR,
        description="Labor",
        quantity=hours,
        unit_price=rate,
        amount=_cents(hours * rate),
        reason=why,
    )


def _hours(given: PricingInput) -> Decimal:
    return _cents(max(given.labour_hours, given.pricing.minimum_labour_hours))


def _part(part: PartPrice, pricing: Pricing) -> PricedLine:
    rule = next(
        rule
        for rule in pricing.part_margins
        if rule.up_to_cost is None or part.unit_cost <= rule.up_to_cost
    )
    unit_price = _cents(part.unit_cost * (1 + rule.margin))
    return PricedLine(
        kind=LineKind.PART,
        description=part.name,
        quantity=Decimal(part.quantity),
        unit_price=unit_price,
        amount=_cents(unit_price * part.quantity),
        reason="in stock" if part.in_stock else "to be ordered for this repair",
        sku=part.sku,
    )


def _unpriced(name: str) -> PricedLine:
    return PricedLine(
        kind=LineKind.PART,
        description=name[:200],
        quantity=Decimal(1),
        unit_price=Decimal("0.00"),
        amount=Decimal("0.00"),
        reason="not priced yet: if it is needed, you get a new quote before any work",
    )


def _rush(labour: PricedLine, pricing: Pricing) -> PricedLine:
    amount = _cents(labour.amount * pricing.rush_surcharge)
    return PricedLine(
        kind=LineKind.SURCHARGE,
        description="Rush service",
        quantity=Decimal(1),
        unit_price=amount,
        amount=amount,
        reason=f"rush was asked for: {_percent(pricing.rush_surcharge)} on labor",
    )


def _floor(given: PricingInput) -> Decimal:
    """Return the least that may be asked: cost of labor and parts plus the floor margin."""
    cost = _hours(given) * given.pricing.labour_cost_per_hour + sum(
        (part.unit_cost * part.quantity for part in given.parts), Decimal(0)
    )
    return (cost * (1 + given.pricing.floor_margin)).quantize(CENT, ROUND_CEILING)


def _adjustments(given: PricingInput, listed: Decimal, floor: Decimal) -> list[PricedLine]:
    step = given.pricing.round_to
    competitor = _competitor(given)
    wanted = listed
    if competitor is not None:
        wanted = min(listed, _cents(competitor.price * (1 - given.pricing.undercut)))
    wanted = max(wanted, floor)
    asked = _round_up(wanted, step)
    lines: list[PricedLine] = []
    if competitor is not None and wanted < listed:
        known = f"{competitor.price:.2f} is asked elsewhere ({competitor.source})"
        why = "we go below" if asked < competitor.price else "we come as close as we can"
        lines.append(_adjustment("Price match", wanted - listed, f"{known}; {why}"))
    elif wanted > listed:
        why = "our smallest price for this work and its parts"
        lines.append(_adjustment("Minimum price", wanted - listed, why))
    if asked > wanted:
        lines.append(_adjustment("Rounding", asked - wanted, f"rounded up to full {step:.2f}"))
    return lines


def _competitor(given: PricingInput) -> CompetitorPrice | None:
    """Return the lowest known price of this repair; rush work isn't compared."""
    known = [
        row
        for row in given.pricing.competitor_prices
        if (row.device_type, row.category) == (given.device_type, given.category)
    ]
    return None if given.rush or not known else min(known, key=lambda row: row.price)


def _adjustment(description: str, amount: Decimal, reason: str) -> PricedLine:
    return PricedLine(
        kind=LineKind.ADJUSTMENT,
        description=description,
        quantity=Decimal(1),
        unit_price=amount,
        amount=amount,
        reason=reason,
    )


def _taxes(subtotal: Decimal, province: Province) -> list[PricedLine]:
    return [
        PricedLine(
            kind=LineKind.TAX,
            description=f"{tax.name} {_percent(tax.rate)}",
            quantity=Decimal(1),
            unit_price=_cents(subtotal * tax.rate),
            amount=_cents(subtotal * tax.rate),
            reason=f"sales tax of {province}",
        )
        for tax in TAXES[province]
    ]


def _fingerprint(given: PricingInput) -> str:
    """Return the SHA-256 of the input as canonical JSON: 1.5 h and 1.50 h are the same."""
    canonical = json.dumps(
        given.model_dump(), default=_plain, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


def _round_up(amount: Decimal, step: Decimal) -> Decimal:
    if step <= 0:
        return amount
    return (amount / step).to_integral_value(ROUND_CEILING) * step


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def _percent(share: Decimal) -> str:
    return f"{_plain(share * 100)} %"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"
