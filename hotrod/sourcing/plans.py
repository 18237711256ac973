"""The cheapest way to buy several parts, when each parcel's shipping is paid once.

An integer program: for each offer and each quantity that may pay, whether it is bought; for each
parcel, whether it is sent, and whether for free. A surplus is bought where it covers more, or
costs less in all: by a pack, a least quantity, a price break, a seller's minimum, free shipping.

A plan is *exact* when it is proved that none is better, whichever of the offers are combined, in
whatever quantities they are sold: none leaves fewer pieces missing; of those that leave as few,
none costs less, to the cent, at the door; of those none has fewer pieces; and of those none more
points.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from hotrod.sourcing.costs import cents, shipping_of
from hotrod.sourcing.models import Offer, OrderTerms, PriceBreak
from hotrod.sourcing.programs import Program

MOST_OFFERS = 40
"""Offers of a part that are weighed against each other; the cheapest at the door."""
MOST_QUANTITIES = 300
"""Quantities of an offer that are weighed at each of its prices; the smallest."""

Lines = dict[int, tuple["Choice", int]]


@dataclass(frozen=True)
class Parcel:
    """What ships together: its terms, and what they come to in the company's currency."""

    source: str
    seller: str
    listing: str
    terms: OrderTerms
    rate: Decimal
    tax_rate: Decimal

    def shipping(self, value: Decimal) -> Decimal:
        """Return the cost of shipping before tax, by the value of its goods in their currency."""
        return cents(shipping_of(self.terms, value) * self.rate)

    def taxed_shipping(self, value: Decimal) -> Decimal:
        """Return the cost of shipping with its tax."""
        before = self.shipping(value)
        return before + cents(before * self.tax_rate)

    def savable(self, value: Decimal) -> Decimal:
        """Return what shipping with its tax costs, where more goods would make it free."""
        return Decimal(0) if self.terms.free_from is None else self.taxed_shipping(value)


def parcel_of(offer: Offer, terms: OrderTerms, tax_rate: Decimal, rate: Decimal) -> Parcel:
    """Return what an offer ships in, and with what else."""
    listing = offer.reference if terms.is_per_listing else ""
    return Parcel(offer.source, offer.seller.name, listing, terms, rate, tax_rate)


@dataclass(frozen=True)
class Choice:
    """An acceptable offer for a part."""

    sku: str
    offer: Offer
    parcel: Parcel
    points: int
    per_piece: Decimal

    @property
    def seller(self) -> tuple[str, str]:
        """Who sells it, and where."""
        return self.parcel.source, self.parcel.seller

    def value(self, quantity: int) -> Decimal:
        """Return what so many cost in the offer's currency, before tax and shipping."""
        return self.offer.unit_price(quantity) * quantity

    def goods(self, quantity: int) -> Decimal:
        """Return what so many cost in the company's currency, before tax and shipping."""
        return cents(self.value(quantity) * self.parcel.rate)

    def taxed_goods(self, quantity: int) -> Decimal:
        """Return what so many cost in the company's currency, with tax."""
        before = self.goods(quantity)
        return before + cents(before * self.parcel.tax_rate)

    def quantities(self, need: int) -> tuple[list[int], bool]:
        """Return in which quantities buying it may pay, and whether these are all.

        At each price pieces are added until no more can pay: this offer alone covers the need and
        reaches the seller's minimum, and its surplus costs as much as free shipping would save.
        With more than that at this price, one is no better off than with less.
        """
        found: set[int] = set()
        is_all = True
        for price in self.offer.prices:
            rising = self._rising(price, need)
            found.update(islice(rising, MOST_QUANTITIES))
            is_all = is_all and next(rising, None) is None
        if not is_all:
            found.add(self.offer.buyable(need))
        return sorted(found), is_all

    def _rising(self, price: PriceBreak, need: int) -> Iterator[int]:
        enough: Decimal | None = None
        quantity = self.offer.buyable(price.from_quantity)
        while self._is_sold_at(price.unit_price, quantity):
            yield quantity
            value = self.value(quantity)
            if quantity >= need and (value >= self.parcel.terms.minimum or not value):
                cost = self.taxed_goods(quantity)
                enough = cost if enough is None else enough
                if not value or cost - enough >= self.parcel.savable(value):
                    return
            quantity += self.offer.pack_size

    def _is_sold_at(self, unit_price: Decimal, quantity: int) -> bool:
        return (
            0 < quantity == self.offer.buyable(quantity)
            and self.offer.unit_price(quantity) == unit_price
        )


@dataclass(frozen=True)
class Plan:
    """What is bought of which offer; ``is_exact`` when it is proved that no plan is better."""

    bought: tuple[tuple[Choice, int], ...]
    is_exact: bool

    @property
    def total(self) -> Decimal:
        """What it costs at the door."""
        values: dict[Parcel, Decimal] = defaultdict(Decimal)
        for choice, quantity in self.bought:
            values[choice.parcel] += choice.value(quantity)
        goods = sum((choice.taxed_goods(quantity) for choice, quantity in self.bought), Decimal(0))
        return goods + sum(
            (parcel.taxed_shipping(value) for parcel, value in values.items()), Decimal(0)
        )

    def covers(self, sku: str) -> int:
        """Return how many pieces of a part are bought."""
        return sum(quantity for choice, quantity in self.bought if choice.sku == sku)


def cheapest_plan(needs: Mapping[str, int], choices: Iterable[Choice]) -> Plan:
    """Return what to buy.

    The fewest pieces missing, then the least cost at the door, then the fewest pieces, then the
    most points. Where a limit was reached, the best plan that was found.

    Args:
        needs: pieces by SKU.
        choices: acceptable offers, all in the company's currency by their parcels' rates.
    """
    by_sku: dict[str, list[Choice]] = defaultdict(list)
    for choice in sorted(choices, key=lambda one: (one.per_piece, one.offer.key)):
        by_sku[choice.sku].append(choice)
    search = _Search()
    for sku, need in needs.items():
        search.cover(need, by_sku[sku])
    return search.best()


class _Search:
    def __init__(self) -> None:
        self._program = Program()
        self._is_all = True
        self._missing: dict[int, int] = {}
        self._lines: dict[Parcel, Lines] = defaultdict(dict)
        self._sent: dict[Parcel, int] = {}

    def cover(self, need: int, choices: Sequence[Choice]) -> None:
        """Let a part be covered by some of its offers, or pieces of it be missing."""
        missing = self._program.unknown(need, known=need)
        self._missing[missing] = 1
        covered = {missing: 1}
        for choice in choices[:MOST_OFFERS]:
            covered |= {
                line: min(quantity, need) for line, quantity in self._offered(choice, need).items()
            }
        self._program.require(covered, need)
        self._is_all = self._is_all and len(choices) <= MOST_OFFERS

    def best(self) -> Plan:
        """Return the plan that comes first, by all that counts in turn."""
        cost: dict[int, int] = {}
        for parcel, lines in self._lines.items():
            cost |= self._shipped(parcel, lines)
        bought = {line: buy for lines in self._lines.values() for line, buy in lines.items()}
        cost |= {line: _in_cents(one.taxed_goods(pieces)) for line, (one, pieces) in bought.items()}
        pieces = {line: quantity for line, (_, quantity) in bought.items()}
        points = {line: -choice.points * quantity for line, (choice, quantity) in bought.items()}
        numbers, is_proved = self._program.least([self._missing, cost, pieces, points])
        return Plan(
            tuple(buy for line, buy in sorted(bought.items()) if numbers[line]),
            is_exact=self._is_all and is_proved,
        )

    def _offered(self, choice: Choice, need: int) -> dict[int, int]:
        """Return the quantities of an offer, of which one at most is bought, by unknown."""
        if choice.parcel not in self._sent:
            self._sent[choice.parcel] = self._program.unknown()
        quantities, is_all = choice.quantities(need)
        self._is_all = self._is_all and is_all
        lines = {self._program.unknown(): quantity for quantity in quantities}
        self._lines[choice.parcel] |= {line: (choice, each) for line, each in lines.items()}
        self._program.require({self._sent[choice.parcel]: 1} | dict.fromkeys(lines, -1))
        return lines

    def _shipped(self, parcel: Parcel, lines: Lines) -> dict[int, int]:
        """Hold a parcel to its terms, and return what its shipping costs, by unknown."""
        sent, shipping = self._sent[parcel], _in_cents(parcel.taxed_shipping(Decimal(0)))
        values = {line: choice.value(quantity) for line, (choice, quantity) in lines.items()}
        if parcel.terms.minimum:
            self._reach(sent, parcel.terms.minimum, values)
        if not shipping or parcel.terms.free_from is None:
            return {sent: shipping}
        free = self._program.unknown()
        self._program.require({sent: 1, free: -1})
        self._reach(free, parcel.terms.free_from, values)
        return {sent: shipping, free: -shipping}

    def _reach(self, what: int, least: Decimal, values: Mapping[int, Decimal]) -> None:
        """Let something be so only from a value of goods on."""
        amounts = {line: min(value, least) for line, value in values.items()} | {what: -least}
        scale = max(_decimals(amount) for amount in amounts.values())
        self._program.require({one: int(amount.scaleb(scale)) for one, amount in amounts.items()})


def _decimals(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _in_cents(amount: Decimal) -> int:
    return int(amount.scaleb(2))
