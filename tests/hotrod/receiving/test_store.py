"""Goods that come in, in the database."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.engine import Database
from hotrod.errors import HotrodError, NotFoundError
from hotrod.labels.models import Label, LabelSource
from hotrod.parts.errors import UnknownPartError
from hotrod.parts.models import Part, Tracking
from hotrod.parts.store import find_part
from hotrod.purchasing.buying import note_ordered
from hotrod.purchasing.models import Method, Purchase, PurchaseLine, SourcingRound
from hotrod.receiving.models import Answers, Receipt, ScannedLabel
from hotrod.receiving.rules import scanned
from hotrod.receiving.store import (
    as_other_bags,
    awaited,
    purchase_labels,
    take_in,
    understand_scans,
)
from hotrod.suppliers.models import SupplierPrice, SupplierRow
from hotrod.suppliers.store import prices_of
from tests.hotrod.parts.ledger_kit import add_part

ANSWERS = Answers(creates=True, cost=Decimal("0.02"), category="power")


def bag() -> list[ScannedLabel]:
    """A bag of LCSC with a part that nobody knows."""
    number, maker = f"C{uuid4().int % 10**9}", f"CG{uuid4().hex[:8].upper()}"
    return scanned(
        [
            Label(
                source=LabelSource.LCSC,
                text=f"{{pc:{number},pm:{maker},qty:10}}",
                distributor_part=number,
                manufacturer_part=maker,
                quantity=10,
            )
        ]
    )


async def test_a_part_made_from_a_label_keeps_its_suppliers_number_and_has_no_offer(
    session: AsyncSession,
) -> None:
    lcsc = SupplierRow(
        key="lcsc",
        name="LCSC Electronics",
        currency="USD",
        shipping=Decimal(9),
        tax_rate=Decimal(0),
        order_by="url",
    )
    session.add(lcsc)
    await session.flush()
    labels = bag()
    meant = await understand_scans(session, labels, ANSWERS, currency="CAD")

    (posted,) = await take_in(session, labels, ANSWERS, meant, currency="CAD", actor="maya")

    (receipt,) = meant
    assert isinstance(receipt, Receipt)
    part = await find_part(session, receipt.sku)
    assert (part.active, part.category, posted.movement.on_hand_after) == (False, "power", 10)
    (price,) = await session.exec(select(SupplierPrice).where(SupplierPrice.part_id == part.id))
    label = labels[0].label
    assert (price.supplier_id, price.reference) == (lcsc.id, label.distributor_part)
    assert price.part_number == label.manufacturer_part
    assert await prices_of(session, part.id) == []


async def test_what_changed_between_the_look_and_the_yes_is_not_posted(
    session: AsyncSession,
) -> None:
    labels = bag()
    meant = await understand_scans(session, labels, ANSWERS, currency="CAD")
    (receipt,) = meant
    assert isinstance(receipt, Receipt)
    session.add(
        Part(sku=receipt.sku, name="Made by another", category="power", unit_cost=Decimal(1))
    )
    await session.flush()

    with pytest.raises(HotrodError, match="changed meanwhile"):
        await take_in(session, labels, ANSWERS, meant, currency="CAD", actor="maya")


async def test_two_who_scan_a_label_at_once_take_it_in_once(database: Database) -> None:
    labels = bag()
    async with database.transaction() as session:
        meant = await understand_scans(session, labels, ANSWERS, currency="CAD")

    async def take() -> str:
        try:
            async with database.transaction() as session:
                await take_in(session, labels, ANSWERS, meant, currency="CAD", actor="maya")
        except HotrodError as error:
            return str(error)
        return "taken in"

    told = sorted(await asyncio.gather(take(), take()))

    assert told[1:] == ["taken in"]
    assert "changed meanwhile" in told[0]


async def test_answers_must_name_what_there_is(session: AsyncSession) -> None:
    with pytest.raises(UnknownPartError, match="HDMI-PS5"):
        await understand_scans(session, bag(), Answers(sku="HDMI-PS"), currency="CAD")
    with pytest.raises(NotFoundError, match="PO-1"):
        await understand_scans(session, bag(), Answers(purchase="PO-1"), currency="CAD")


async def test_a_purchase_is_labelled_bag_by_bag_and_serial_parts_piece_by_piece(
    session: AsyncSession,
) -> None:
    plain = await add_part(session, sku=f"A-{uuid4().hex[:8].upper()}")
    serial = await add_part(session, sku=f"B-{uuid4().hex[:8].upper()}", tracking=Tracking.SERIAL)
    session.add(opened := SourcingRound(business_key="northlight"))
    await session.flush()
    purchase = Purchase(
        round_id=opened.id,
        business_key="northlight",
        source="test",
        seller="Northbench Parts",
        method=Method.LINK,
        total=Decimal(9),
        currency="CAD",
    )
    session.add(purchase)
    await session.flush()
    for part, quantity, cost in ((plain, 4, "1.00"), (plain, 4, "2.00"), (serial, 2, "3.00")):
        session.add(
            PurchaseLine(
                purchase_id=purchase.id,
                part_id=part.id,
                reference="X",
                title="X",
                quantity=quantity,
                per_piece=Decimal(cost),
            )
        )
    await session.flush()
    await note_ordered(session, purchase.id, by="maya", order_number="A-7")

    labels = await purchase_labels(session, purchase.number, per_bag=5)

    assert [(one.sku, one.lot, one.quantity) for one in labels] == [
        (plain.sku, f"{purchase.number}.1", 5),
        (plain.sku, f"{purchase.number}.2", 3),
        (serial.sku, "", 1),
        (serial.sku, "", 1),
    ]
    whole = await purchase_labels(session, purchase.number, lot="B7")
    assert [(one.lot, one.quantity) for one in whole[:1]] == [("B7", 8)]
    coming = [one for one in await awaited(session) if one.purchase == purchase.number]
    assert [(one.sku, one.pieces, one.per_piece, one.order_number) for one in coming] == [
        (plain.sku, 8, Decimal("1.50"), "A-7"),
        (serial.sku, 2, Decimal(3), "A-7"),
    ]


def test_other_bags_have_keys_of_their_own_and_are_still_one_on_two_photos() -> None:
    labels = bag()
    first, second = as_other_bags([*labels, *labels])
    assert first.key == second.key
    assert first.key != labels[0].key


async def test_a_label_with_its_ean_names_a_part(session: AsyncSession) -> None:
    part = await add_part(session, ean="4006381333931")
    pen = Label(source=LabelSource.EAN, text="4006381333931", gtin="4006381333931", quantity=1)
    (meaning,) = await understand_scans(
        session, scanned([pen]), Answers(cost=Decimal(2)), currency="CAD"
    )
    assert isinstance(meaning, Receipt)
    assert meaning.sku == part.sku
    assert "the EAN" in meaning.why


async def test_a_part_made_from_an_ean_is_known_by_it_from_then_on(session: AsyncSession) -> None:
    first, second = [
        scanned([Label(source=LabelSource.EAN, text=text, gtin="4006381333931", quantity=1)])
        for text in ("one", "two")
    ]
    agreed = await understand_scans(session, first, ANSWERS, currency="CAD")
    await take_in(session, first, ANSWERS, agreed, currency="CAD", actor="maya")
    answers = Answers(cost=Decimal(2))
    (meaning,) = await understand_scans(session, second, answers, currency="CAD")
    assert isinstance(meaning, Receipt)
    assert (meaning.new_part, (await find_part(session, meaning.sku)).ean) == (
        None,
        "4006381333931",
    )
