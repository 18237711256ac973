"""How good an offer is, point by point, and what excludes it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotrod.company.load import load_company
from hotrod.sourcing.costs import market_of
from hotrod.sourcing.models import (
    Condition,
    DeliveryWindow,
    Offer,
    OrderTerms,
    PaidPrice,
    Score,
    Wanted,
)
from hotrod.sourcing.rules import fit_of, proven_share, score, score_all
from hotrod.sourcing.signs import is_too_cheap
from hotrod.sourcing.words import quoted
from tests.hotrod.sourcing.kit import HDMI, MARKET, NOW, POLICY, RATES, TODAY, offer, seller

PICTURE = "https://i.ebayimg.com/images/g/abc/s-l1600.jpg"

HISTORY = [PaidPrice(per_piece=Decimal("10.00"), bought_at=NOW - timedelta(days=30))]


def scored(one: Offer, wanted: Wanted = HDMI) -> Score:
    return score(one, wanted, HISTORY, MARKET, POLICY)


def test_a_score_is_explained_point_by_point() -> None:
    result = scored(offer(terms=OrderTerms(shipping=Decimal("4.00"))))

    assert [(reason.rule, reason.points, reason.words) for reason in result.reasons] == [
        ("market price", 17,
         "10.00 CAD a piece at the door: 100 % of 10.00, the market's median of new ones"),
        ("own price", 10, "10.00 CAD a piece at the door: 100 % of 10.00, what we paid"),
        ("feedback", 20, "99.2 % of 5,000 ratings are good: at least 98.9 % is proven"),
        ("delivery", 15, "by 2026-11-26, 5 days before the stock-out on 2026-12-01"),
        ("returns", 5, "returns within 30 days"),
        ("fit", 20, '"HDMI port for PlayStation 5 PS5" names 2 of 2 words of the part'),
    ]  # fmt: skip
    assert (result.points, result.is_excluded, result.why) == (87, False, "")


def test_what_is_not_known_gets_half_for_prices_nothing_else_and_a_warning() -> None:
    unknown = offer(seller=seller(ratings=None, positive=None), delivery=None, accepts_returns=None)
    market = MARKET.model_copy(update={"medians": {}})

    result = score(unknown, HDMI, [], market, POLICY)

    assert {reason.rule: reason.points for reason in result.reasons} == {
        "market price": 12, "own price": 7, "feedback": 0, "delivery": 0, "returns": 0, "fit": 20,
        "warning": -10,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"currency": "EUR"}, "no exchange rate from EUR to CAD"),
        ({"ends_at": NOW}, "ended on 2026-11-20 12:00"),
        ({"seen_at": NOW - timedelta(days=3)}, "last seen 3 days ago: look again"),
    ],
)
def test_an_offer_that_can_not_be_scored_has_no_points_but_a_reason(
    changes: dict[str, Any], why: str
) -> None:
    result = scored(offer(**changes))

    assert (result.points, result.is_excluded, result.why) == (0, True, why)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"condition": Condition.USED}, "it is used, and new is wanted"),
        ({"fit": "does not fit"}, "probably isn't the part"),
        ({"title": "HDMI port for PS4"}, "probably isn't the part"),
        ({"title": "HDMI port for PS5 Slim"}, "probably isn't the part"),
        ({"title": "PS5 charging stand"}, "probably isn't the part"),
        ({"title": "PS5 HDMI port BOX ONLY"}, "the part itself isn't sold"),
        ({"title": "PS5 HDMI port, for parts or repair"}, "doesn't work"),
        (
            {"title": "PS5 HDMI port READ DESCRIPTION", "has_stock_photos": True},
            "too many warnings: the title hints at a catch in the description, the pictures are",
        ),
        (
            {"seller": seller(joined_on=TODAY, region="XX")},
            "a new seller, since 2026-11-20, ships from outside",
        ),
    ],
)
def test_what_excludes_an_offer(changes: dict[str, Any], why: str) -> None:
    result = scored(offer(**changes))

    assert result.is_excluded
    assert why in result.why


def test_far_too_cheap_of_a_seller_with_few_ratings_is_excluded() -> None:
    result = scored(offer("2.00", seller=seller(ratings=3, positive=Decimal(1))))

    assert result.why == (
        "too many warnings: far too cheap: 20 % of the market's median 10.00,"
        " a seller with 3 ratings"
    )


def test_a_warning_costs_points_and_a_chosen_supplier_gets_none_for_its_price() -> None:
    cheap = scored(offer("2.00"))
    chosen = scored(offer("2.00", seller=seller(is_vetted=True)))

    assert cheap.reasons[-1].points == -POLICY.sign_penalty
    assert chosen.points == cheap.points + POLICY.sign_penalty


@pytest.mark.parametrize(
    ("book_cost", "is_warned"), [("19.00", True), ("2.50", False), (None, False)]
)
def test_a_suppliers_list_that_is_wrong_is_a_warning(
    book_cost: str | None, *, is_warned: bool
) -> None:
    known = HDMI.model_copy(update={"book_cost": Decimal(book_cost) if book_cost else None})
    cheap = offer("0.40", seller=seller(is_vetted=True)) if is_warned else offer("2.00")
    cheap = cheap.model_copy(update={"seller": seller(is_vetted=True)})
    against = [
        one.words for one in score(cheap, known, (), MARKET, POLICY).reasons if one.points < 0
    ]
    warning = "far too cheap: 2 % of 19.00, which our stock has cost a piece"
    assert against == [warning] * is_warned


def test_a_picture_that_another_seller_shows_too_is_a_warning() -> None:
    mine, theirs = offer(picture_url=PICTURE), offer(picture_url=PICTURE, seller=seller(name="x9"))
    again = offer(picture_url=PICTURE, reference="v1|2|0")

    shared = market_of([mine, theirs], HDMI, RATES, NOW, POLICY)
    own = market_of([mine, again], HDMI, RATES, NOW, POLICY)

    plain = score(mine, HDMI, (), own, POLICY)
    warned = score(mine, HDMI, (), shared, POLICY)
    assert warned.points == plain.points - POLICY.sign_penalty
    assert "another seller shows the same picture" in warned.reasons[-1].words
    no_picture = score(offer(), HDMI, (), shared, POLICY)
    assert no_picture.points == plain.points, "having none is no warning"


def test_for_parts_may_be_wanted() -> None:
    broken = offer(title="PS5 HDMI port for parts", condition=Condition.FOR_PARTS)
    wanted = HDMI.model_copy(update={"conditions": (Condition.FOR_PARTS,)})

    assert not scored(broken, wanted).is_excluded


@pytest.mark.parametrize(
    ("positive", "ratings", "proven"),
    [("1", 3, "0.438"), ("0.992", 5000, "0.989"), ("0.5", 10, "0.237"), ("1", 0, "0.000")],
)
def test_few_ratings_prove_little(positive: str, ratings: int, proven: str) -> None:
    assert round(proven_share(Decimal(positive), ratings), 3) == Decimal(proven)


@pytest.mark.parametrize(
    ("changes", "least", "words"),
    [
        ({"sku": "HDMI-PS5", "title": "?"}, "1", "supplier's number"),
        ({"part_number": "tx-hd5", "title": "?"}, "1", 'maker\'s number "tx-hd5"'),
        ({"fit": "fits", "title": "?"}, "1", "says that it fits"),
        ({"title": "New HDMI socket module, Sony PlayStation 5"}, "1", "names 2 of 2"),
        ({"title": "HDMI cable PS5"}, "0.5", "names 1 of 2"),
        ({"title": "HDMI port"}, "0.4", "none of its devices"),
    ],
)
def test_how_surely_it_is_the_part(changes: dict[str, Any], least: str, words: str) -> None:
    share, why = fit_of(offer(**changes), HDMI)

    assert share == Decimal(least)
    assert words in why


def test_the_best_come_first_and_the_excluded_last() -> None:
    offers = [
        offer("9.00", reference="excluded", fit="does not fit"),
        offer("14.00", reference="dear"),
        offer("9.00", reference="good"),
    ]

    order = [one.offer.reference for one in score_all(offers, HDMI, HISTORY, MARKET, POLICY)]

    assert order == ["good", "dear", "excluded"]


def test_the_sample_company_scores_as_the_defaults_do() -> None:
    assert load_company().sourcing == POLICY


amounts = st.decimals(min_value=0, max_value=40, places=2)


@given(amounts, amounts, amounts)
def test_cheaper_above_the_fraud_limit_never_scores_lower(
    one: Decimal, other: Decimal, shipping: Decimal
) -> None:
    low, high = (scored(offer(str(price), str(shipping))) for price in sorted((one, other)))
    assert low.cost is not None
    if not is_too_cheap(low.cost.per_piece, Decimal("10.00"), POLICY):
        assert low.points >= high.points
        assert low.is_excluded <= high.is_excluded


@given(
    st.decimals(min_value=0, max_value=1, places=3),
    st.decimals(min_value=0, max_value=1, places=3),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
)
def test_better_feedback_never_scores_lower(
    one: Decimal, other: Decimal, few: int, many: int
) -> None:
    worse, better = sorted((one, other))
    few, many = sorted((few, many))

    def points(positive: Decimal, ratings: int) -> int:
        return scored(offer(seller=seller(positive=positive, ratings=ratings))).points

    assert points(worse, many) <= points(better, many)
    assert points(better, few) <= points(better, many)


days = st.dates(date(2026, 11, 20), date(2027, 1, 20))


@given(days, days, days | st.none())
def test_earlier_delivery_never_scores_lower(
    one: date, other: date, stock_out_on: date | None
) -> None:
    wanted = HDMI.model_copy(update={"stock_out_on": stock_out_on})
    early, late = (
        scored(offer(delivery=DeliveryWindow(earliest=TODAY, latest=day)), wanted).points
        for day in sorted((one, other))
    )
    assert early >= late


hostile = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from('"\u202e\u0007\n“”'), max_size=200
)


@given(hostile, hostile)
def test_a_listings_words_stand_quoted_short_and_harmless(title: str, name: str) -> None:
    result = scored(offer(title=title, seller=seller(name=name or "x"), part_number=title))
    marked = quoted(title)

    assert len(marked) <= 80
    assert marked.count('"') == 2
    assert marked.isprintable()
    said = [reason.words for reason in result.reasons] + [result.why]
    assert all(words.isprintable() for words in said)
    assert all(len(words.replace(marked, "")) < 250 for words in said)
