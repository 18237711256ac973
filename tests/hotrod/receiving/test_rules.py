"""What labels mean for goods that come in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotrod.labels.models import Label, LabelSource
from hotrod.parts.models import Tracking
from hotrod.receiving.models import (
    Answers,
    Awaited,
    NumberedPart,
    Question,
    Receipt,
    ReceivedBefore,
)
from hotrod.receiving.rules import bags, mean_cost, new_sku, scanned, understand, understand_all

PORT = NumberedPart(
    "HDMI-PS5",
    supplier_numbers=frozenset({("Northbench", "NB-1"), ("Digi-Key Canada", "732-1-ND")}),
    maker_numbers=frozenset({"MC34063", "4006381333931"}),
)
AMP = NumberedPart("OPAMP-5532", maker_numbers=frozenset({"NE5532", "MC34063"}))
PARTS = (PORT, AMP)
FIRST = Awaited("HDMI-PS5", "PO-1001", "A-1", 10, Decimal("2.50"), "CAD")
SECOND = Awaited("HDMI-PS5", "PO-1002", "A-2", 4, Decimal("3.00"), "CAD")
OTHER = Awaited("OPAMP-5532", "PO-1003", "A-3", 4, Decimal("0.30"), "CAD")


def label(source: LabelSource = LabelSource.UNKNOWN, **said: object) -> Label:
    return Label.model_validate(
        {"source": source, "text": repr(sorted(said.items())), "quantity": 2} | said
    )


def told(one: Label, *awaited: Awaited, **answers: object) -> Receipt | Question | None:
    return understand(one, PARTS, awaited, replace(Answers(), **answers), "CAD")  # type: ignore[arg-type]


def receipt(one: Label, *awaited: Awaited, **answers: object) -> Receipt:
    meaning = told(one, *awaited, **answers)
    assert isinstance(meaning, Receipt), meaning
    return meaning


def question(one: Label, *awaited: Awaited, **answers: object) -> Question:
    meaning = told(one, *awaited, **answers)
    assert isinstance(meaning, Question), meaning
    return meaning


@pytest.mark.parametrize(
    ("said", "sku"),
    [
        ({"sku": "OPAMP-5532", "distributor_part": "NB-1"}, "OPAMP-5532"),
        ({"customer_part": "opamp-5532", "manufacturer_part": "NE5532"}, "OPAMP-5532"),
        ({"distributor_part": "nb-1", "manufacturer_part": "NE5532"}, "HDMI-PS5"),
        ({"manufacturer_part": "NE5532", "gtin": "4006381333931"}, "OPAMP-5532"),
        ({"gtin": "4006381333931"}, "HDMI-PS5"),
    ],
)
def test_the_best_number_of_a_label_names_the_part(said: dict[str, Any], sku: str) -> None:
    assert receipt(label(**said), FIRST, OTHER).sku == sku


def test_a_distributors_number_is_never_another_suppliers() -> None:
    bag = label(LabelSource.LCSC, distributor_part="NB-1")
    assert "Nobody knows" in question(bag, FIRST).words
    digikey = label(LabelSource.DIGIKEY, distributor_part="732-1-ND")
    assert receipt(digikey, FIRST).purchase == "PO-1001"


def test_a_number_of_two_parts_is_asked_for_with_both() -> None:
    bag = label(manufacturer_part="MC34063")
    assert question(bag, FIRST, OTHER).choices == ("HDMI-PS5", "OPAMP-5532")
    assert receipt(bag, FIRST, OTHER, sku="OPAMP-5532").purchase == "PO-1003"


@pytest.mark.parametrize(
    ("said", "purchase"),
    [
        ({"order": "PO-1002", "sales_order": "A-1"}, "PO-1002"),
        ({"source": LabelSource.OWN, "lot": "PO-1002.7"}, "PO-1002"),
        ({"sales_order": "a-1"}, "PO-1001"),
        ({"order": "A-2"}, "PO-1002"),
    ],
)
def test_the_best_number_of_a_label_names_the_purchase(said: dict[str, Any], purchase: str) -> None:
    assert receipt(label(sku="HDMI-PS5", **said), FIRST, SECOND).purchase == purchase


def test_a_purchase_that_is_named_and_awaits_nothing_is_not_replaced() -> None:
    bag = label(sku="HDMI-PS5", order="PO-1001")
    asked = question(bag, SECOND)
    assert asked.choices == ("PO-1002",)
    assert "--order" in asked.words
    assert receipt(bag, SECOND, purchase="po-1002").purchase == "PO-1002"


@pytest.mark.parametrize("order", [None, "strange"])
def test_of_several_purchases_that_await_the_part_one_must_be_named(order: str | None) -> None:
    asked = question(label(sku="HDMI-PS5", order=order), FIRST, SECOND, OTHER)
    assert asked.choices == ("PO-1001", "PO-1002")
    alike = replace(SECOND, order_number="A-1")
    assert question(label(sku="HDMI-PS5", order="A-1"), FIRST, alike).choices == asked.choices


def test_the_lot_of_another_maker_names_no_purchase_of_ours() -> None:
    bag = label(LabelSource.DIGIKEY, distributor_part="732-1-ND", lot="PO-1002")
    assert receipt(bag, FIRST).purchase == "PO-1001"


def test_what_no_purchase_awaits_needs_a_cost() -> None:
    bag = label(sku="HDMI-PS5")
    assert "--cost" in question(bag, OTHER).words
    taken = receipt(bag, OTHER, cost=Decimal("1.10"))
    assert (taken.purchase, taken.cost, taken.currency) == ("", Decimal("1.10"), "CAD")


def test_pieces_are_the_labels_and_asked_for_where_it_says_none() -> None:
    assert receipt(label(sku="HDMI-PS5", quantity=12), FIRST, pieces=1).surplus == 2
    assert "how many" in question(label(sku="HDMI-PS5", quantity=None), FIRST).words
    assert receipt(label(sku="HDMI-PS5", quantity=None), FIRST, pieces=3).pieces == 3


@pytest.mark.parametrize(
    ("tracking", "said", "asked"),
    [
        (Tracking.BATCH, {}, "--lot"),
        (Tracking.SERIAL, {"quantity": 1}, "--lot"),
        (Tracking.SERIAL, {"lot": "S1"}, "one by one"),
    ],
)
def test_parts_that_are_tracked_ask_for_their_numbers(
    tracking: Tracking, said: dict[str, Any], asked: str
) -> None:
    part = replace(PORT, tracking=tracking)
    meaning = understand(label(sku="HDMI-PS5", **said), [part], [FIRST], Answers(), "CAD")
    assert isinstance(meaning, Question)
    assert asked in meaning.words


def test_what_is_wrong_with_a_label_is_told_with_what_it_brings() -> None:
    torn = label(sku="HDMI-PS5", problems=("It gives more than one lot.",))
    assert receipt(torn, FIRST).why.endswith("; It gives more than one lot")


def test_a_symbol_that_names_no_part_is_passed_over_and_a_broken_one_told() -> None:
    assert told(label(LabelSource.CODE_128, text="X-7731"), FIRST) is None
    assert told(label(LabelSource.DIGIKEY, product_id="2062291"), FIRST) is None
    assert receipt(label(LabelSource.CODE_128, text="NB-1"), FIRST).sku == "HDMI-PS5"
    broken = label(LabelSource.OWN, problems=("It has no SKU.",))
    assert question(broken, FIRST).words == "It has no SKU."


def test_a_part_is_made_of_a_label_only_when_told() -> None:
    bag = label(LabelSource.LCSC, distributor_part="C1554", manufacturer_part="0402cg 200")
    assert "--create" in question(bag).words
    taken = receipt(bag, creates=True, cost=Decimal("0.02"))
    assert taken.new_part is not None
    assert (taken.sku, taken.new_part.supplier_number) == ("0402CG-200", "C1554")
    ours = label(LabelSource.OWN, sku="GONE")
    assert "There is no part GONE" in question(ours, creates=True, cost=Decimal(1)).words


def test_a_part_that_is_not_there_yet_is_not_told_as_one_that_is() -> None:
    retail = label(LabelSource.EAN, text="4006381333948", gtin="4006381333948", quantity=None)
    words = question(retail, creates=True).words
    assert words.startswith("It would be a new part, but doesn't say how many.")
    assert question(label(sku="HDMI-PS5", quantity=None), FIRST).words.startswith("It is HDMI-PS5,")


def test_two_bags_of_a_part_that_is_new_make_it_once() -> None:
    bag = label(LabelSource.LCSC, distributor_part="C1554", manufacturer_part="0402CG")
    answers = Answers(creates=True, cost=Decimal(1))
    first, second = understand_all(scanned([bag, bag]), {}, PARTS, [], answers, "CAD")
    assert isinstance(first, Receipt)
    assert isinstance(second, Receipt)
    assert first.new_part is not None
    assert (second.sku, second.new_part) == (first.sku, None)


def test_a_label_is_the_same_bag_on_two_photos_and_two_bags_on_one() -> None:
    bag = label(sku="HDMI-PS5")
    one, other = scanned([bag, bag]), scanned([bag])
    assert one[0].key != one[1].key
    assert one[0].key == other[0].key
    meanings = understand_all([*one, *other], {}, PARTS, [FIRST], Answers(), "CAD")
    assert [type(meaning) for meaning in meanings] == [Receipt, Receipt, type(None)]


def test_what_came_in_before_brings_nothing_and_takes_nothing() -> None:
    labels = scanned([label(sku="HDMI-PS5", quantity=10)])
    before = ReceivedBefore("HDMI-PS5", 10, "PO-1001", datetime(2026, 11, 1, tzinfo=UTC))
    seen = understand_all(labels, {labels[0].key: before}, PARTS, [FIRST], Answers(), "CAD")
    assert seen == [before]


labels_of_ours = st.builds(
    lambda pieces, order, lot: label(
        sku="HDMI-PS5", quantity=pieces, order=order, lot=lot, text=f"{pieces}{order}{lot}"
    ),
    st.integers(1, 20),
    st.sampled_from([None, "PO-1001", "PO-1002", "A-1", "A-2", "strange"]),
    st.sampled_from([None, "B7"]),
)


@given(st.lists(labels_of_ours, max_size=8), st.permutations([FIRST, SECOND, OTHER]))
def test_bags_never_bring_more_than_is_awaited_but_by_a_surplus_that_is_told(
    bags_seen: list[Label], awaited: list[Awaited]
) -> None:
    meanings = understand_all(scanned(bags_seen), {}, PARTS, awaited, Answers(), "CAD")
    for one in (FIRST, SECOND, OTHER):
        came = [
            meaning
            for meaning in meanings
            if isinstance(meaning, Receipt) and meaning.purchase == one.purchase
        ]
        assert all((each.sku, each.cost) == (one.sku, one.per_piece) for each in came)
        assert sum(each.pieces - each.surplus for each in came) <= one.pieces
    for bag, meaning in zip(bags_seen, meanings, strict=True):
        if isinstance(meaning, Receipt):
            assert meaning.pieces == bag.quantity
        if isinstance(meaning, Question):
            assert set(meaning.choices) <= {"PO-1001", "PO-1002"}


@given(st.text(max_size=90), st.lists(st.text(max_size=50), max_size=5))
def test_an_sku_that_is_made_can_be_ours_and_is_free(number: str, others: list[str]) -> None:
    taken = {new_sku(other, ()) for other in [number, *others]}
    made = new_sku(number, taken)
    assert re.fullmatch(r"[A-Z0-9][A-Z0-9-]{2,39}", made)
    assert made not in taken


@given(st.integers(1, 5000), st.none() | st.integers(1, 600))
def test_bags_hold_all_pieces_and_none_is_empty_or_too_full(pieces: int, most: int | None) -> None:
    filled = bags(pieces, most)
    assert sum(filled) == pieces
    assert all(0 < one <= (most or pieces) for one in filled)
    assert len(set(filled[:-1])) <= 1


@given(
    st.lists(
        st.tuples(st.integers(1, 999), st.decimals("0", "500", places=6)), min_size=1, max_size=4
    )
)
def test_the_mean_cost_lies_between_the_costs(lines: list[tuple[int, Decimal]]) -> None:
    costs = [cost for _, cost in lines]
    assert min(costs) <= mean_cost(lines) <= max(costs)
