"""The cheapest way to buy several parts, when each parcel's shipping is paid once.

Each offer may be bought in any quantity up to the need, or where its price changes; so a surplus
is bought only where a pack, a least quantity, a price break or a parcel's terms make it pay. The
search is exact within the limits below: first the ways to cover each part, then their
combinations. Of two ways, one is dropped when the other leaves no more missing and costs less,
even with all the shipping that it is farther from getting for free.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from hotrod.sourcing.costs import cents, shipping_of
from hotrod.sourcing.models import Offer, OrderTerms

MOST_OFFERS = 12
"""Offers of a part that are weighed against each other; the cheapest at the door."""
MOST_PIECES = 30
"""Pieces up to which each quantity is tried; above, only those where a price changes."""
MOST_WAYS = 60
"""Ways that are kept open at each step; the cheapest."""
MOST_COMPARED = 600
"""Ways that are compared with them at each step; the cheapest."""

Spent = tuple[Decimal | None, ...]
Way = tuple[int, Decimal, int, tuple[tuple["Choice", int], ...]]


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

    @property
    def cap(self) -> Decimal:
        """Value of goods from which more changes nothing; 0 when the value never matters."""
        return max(self.terms.free_from or Decimal(0), self.terms.minimum)


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

    def quantities(self, need: int) -> list[int]:
        """Return how many may sensibly be bought: up to the need, and where a price changes."""
        steps = {self.offer.buyable(one.from_quantity) for one in self.offer.prices}
        steps.add(self.offer.buyable(need))
        if need <= MOST_PIECES:
            steps.update(self.offer.buyable(one) for one in range(1, need + 1))
        return sorted(steps - {0})


@dataclass(frozen=True)
class Plan:
    """What is bought of which offer; ``is_exact`` unless a limit was reached."""

    bought: tuple[tuple[Choice, int], ...]
    is_exact: bool


def cheapest_plan(needs: Mapping[str, int], choices: Iterable[Choice]) -> Plan:
    """Return what to buy: the fewest pieces missing, then the least cost, then the most points.

    When there are too many ways to compare, the plans of each seller alone are searched, too.

    Args:
        needs: pieces by SKU.
        choices: acceptable offers, all in the company's currency by their parcels' rates.
    """
    by_sku: dict[str, list[Choice]] = defaultdict(list)
    for choice in sorted(choices, key=lambda one: (one.per_piece, one.offer.key)):
        by_sku[choice.sku].append(choice)
    everything = _searched(needs, by_sku)
    if everything[1].is_exact:
        return everything[1]
    sellers = {choice.seller for some in by_sku.values() for choice in some}
    alone = [
        _searched(
            needs,
            {sku: [one for one in some if one.seller == seller] for sku, some in by_sku.items()},
        )
        for seller in sorted(sellers)
    ]
    best = min((everything, *alone), key=lambda found: found[0])
    return Plan(best[1].bought, is_exact=False)


def _searched(
    needs: Mapping[str, int], by_sku: Mapping[str, Sequence[Choice]]
) -> tuple[tuple[int, Decimal, int], Plan]:
    """Return the best plan, after its missing pieces, its cost, and its points below zero."""
    weighed = {sku: by_sku.get(sku, ())[:MOST_OFFERS] for sku in needs}
    is_exact = all(
        len(by_sku.get(sku, ())) <= MOST_OFFERS and need <= MOST_PIECES
        for sku, need in needs.items()
    )
    search = _Search.over([choice for some in weighed.values() for choice in some])
    ways: dict[Spent, Way] = {search.nothing: (0, Decimal(0), 0, ())}
    for sku, need in needs.items():
        options, has_all_options = search.options(weighed[sku], need)
        ways, has_all_ways = search.best(
            (search.together(spent, more), _joined(way, option))
            for spent, way in ways.items()
            for more, option in options.items()
        )
        is_exact = is_exact and has_all_options and has_all_ways
    nothing: Way = (sum(needs.values()), Decimal(0), 0, ())
    finished = [(nothing[:3], nothing[3])]
    finished += [
        (search.finished(spent, way), way[3])
        for spent, way in ways.items()
        if search.is_allowed(spent)
    ]
    key, bought = min(finished, key=lambda row: row[0])
    return key, Plan(bought, is_exact)


@dataclass(frozen=True)
class _Search:
    """The parcels that several choices share; only what is spent there must be remembered."""

    shared: tuple[Parcel, ...]

    @classmethod
    def over(cls, choices: Sequence[Choice]) -> _Search:
        sharing = Counter(choice.parcel for choice in choices)
        return cls(tuple(parcel for parcel, count in sharing.items() if count > 1))

    @property
    def nothing(self) -> Spent:
        return (None,) * len(self.shared)

    def together(self, one: Spent, other: Spent) -> Spent:
        """Return what is spent in all, by parcel; up to where it matters."""
        return tuple(
            b if a is None else a if b is None else min(a + b, parcel.cap)
            for parcel, a, b in zip(self.shared, one, other, strict=True)
        )

    def options(self, choices: Sequence[Choice], need: int) -> tuple[dict[Spent, Way], bool]:
        """Return the ways to cover one part, wholly or not, and whether these are all."""
        is_all = True
        levels: dict[int, dict[Spent, Way]] = {0: {self.nothing: (0, Decimal(0), 0, ())}}
        for choice in choices:
            longer: dict[int, list[tuple[Spent, Way]]] = defaultdict(list)
            purchases = self._purchases(choice, need)
            is_of_use_beyond = choice.parcel in self.shared and choice.parcel.cap > 0
            for covered, ways in levels.items():
                longer[covered] += ways.items()
                if covered >= need and not is_of_use_beyond:
                    continue
                for quantity, more, option in purchases:
                    longer[min(need, covered + quantity)] += [
                        (self.together(spent, more), _joined(way, option))
                        for spent, way in ways.items()
                    ]
            levels = {}
            for covered, rows in longer.items():
                levels[covered], has_all = self.best(rows)
                is_all = is_all and has_all
        options, has_all = self.best(
            (spent, (need - covered, *way[1:]))
            for covered, ways in levels.items()
            for spent, way in ways.items()
        )
        return options, is_all and has_all

    def best(self, rows: Iterable[tuple[Spent, Way]]) -> tuple[dict[Spent, Way], bool]:
        """Return the ways that no other one beats, and whether these are all."""
        cheapest: dict[Spent, Way] = {}
        for spent, way in rows:
            if spent not in cheapest or way[:3] < cheapest[spent][:3]:
                cheapest[spent] = way
        ordered = sorted(cheapest.items(), key=lambda row: row[1][:3])
        kept: dict[Spent, Way] = {}
        for spent, way in ordered[:MOST_COMPARED]:
            if not any(self._beats(*other, spent, way) for other in kept.items()):
                if len(kept) == MOST_WAYS:
                    return kept, False
                kept[spent] = way
        return kept, len(ordered) <= MOST_COMPARED

    def is_allowed(self, spent: Spent) -> bool:
        """Tell whether each order reaches the seller's minimum."""
        return all(
            value is None or value >= parcel.terms.minimum
            for parcel, value in zip(self.shared, spent, strict=True)
        )

    def finished(self, spent: Spent, way: Way) -> tuple[int, Decimal, int]:
        """Return a way's missing pieces, its cost with all shipping, and its points below zero."""
        shipping = sum(
            (
                parcel.taxed_shipping(value)
                for parcel, value in zip(self.shared, spent, strict=True)
                if value is not None
            ),
            Decimal(0),
        )
        return way[0], way[1] + shipping, way[2]

    def _purchases(self, choice: Choice, need: int) -> list[tuple[int, Spent, Way]]:
        """Return how many may be bought of an offer, with what is spent in shared parcels."""
        parcel = choice.parcel
        is_shared = parcel in self.shared
        purchases = []
        for quantity in choice.quantities(need):
            value, cost = choice.value(quantity), choice.taxed_goods(quantity)
            spent = self.nothing
            if is_shared:
                there = min(value, parcel.cap)
                spent = tuple(there if one == parcel else None for one in self.shared)
            elif value >= parcel.terms.minimum:
                cost += parcel.taxed_shipping(value)
            else:
                continue
            way: Way = (0, cost, -choice.points * quantity, ((choice, quantity),))
            purchases.append((quantity, spent, way))
        return purchases

    def _beats(self, one: Spent, way: Way, other: Spent, beaten: Way) -> bool:
        """Tell whether whatever is added to both, one way is no worse in the end."""
        cost = way[1]
        for parcel, a, b in zip(self.shared, one, other, strict=True):
            is_as_near = (b is None or not parcel.cap) if a is None else b is not None and a >= b
            if is_as_near:
                continue
            if parcel.terms.minimum:
                return False
            cost += parcel.taxed_shipping(Decimal(0))
        return (way[0], cost, way[2]) <= beaten[:3]


def _joined(one: Way, other: Way) -> Way:
    return (one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3])
