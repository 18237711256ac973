"""Goods ordered come in by photos of their labels."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pypdfium2
import pytest
from PIL import Image, ImageChops
from sqlmodel import select

from bench.label_pictures import Distortion, Printed, picture
from cli.database import run, transaction
from hotrod.labels.models import SymbolKind
from hotrod.parts.models import Part
from hotrod.purchasing.buying import note_ordered
from hotrod.purchasing.models import Method, Purchase, PurchaseLine, SourcingRound
from hotrod.suppliers.models import SupplierPrice, SupplierRow
from tests.cli.conftest import Hotrod
from tests.hotrod.parts.ledger_kit import add_part

pytestmark = pytest.mark.usefixtures("our_database")

Output = pytest.CaptureFixture[str]
Shoot = Callable[..., Path]

_GS, _RS, _EOT = "\x1d", "\x1e", "\x04"
_ON_THE_BENCH = Distortion(degrees=9, skew=0.03, module=5, blur=0.6, noise=12, shade=40)


def buy(
    pieces: int, per_piece: str, *, order_number: str = "", sku: str = "", part_number: str = ""
) -> tuple[str, str]:
    """Put pieces of a part, a new one unless it is named, on order; return SKU and purchase."""

    async def work() -> tuple[str, str]:
        async with transaction() as session:
            if sku:
                part = (await session.exec(select(Part).where(Part.sku == sku))).one()
            else:
                part = await add_part(session, name="Part that is bought")
            session.add(opened := SourcingRound(business_key="northlight"))
            await session.flush()
            purchase = Purchase(
                round_id=opened.id,
                business_key="northlight",
                source="test",
                seller="Northbench Parts",
                method=Method.LINK,
                total=pieces * Decimal(per_piece),
                currency="CAD",
            )
            session.add(purchase)
            await session.flush()
            session.add(
                PurchaseLine(
                    purchase_id=purchase.id,
                    part_id=part.id,
                    reference=f"NB-{uuid4().hex[:8]}",
                    title="As offered",
                    quantity=pieces,
                    per_piece=Decimal(per_piece),
                )
            )
            if part_number:
                found = await session.exec(
                    select(SupplierRow).where(SupplierRow.key == "northbench")
                )
                session.add(
                    SupplierPrice(
                        supplier_id=found.one().id,
                        part_id=part.id,
                        reference=uuid4().hex,
                        title="As listed",
                        part_number=part_number,
                    )
                )
            await session.flush()
            await note_ordered(session, purchase.id, by="maya", order_number=order_number)
            return part.sku, purchase.number

    return run(work())


@pytest.fixture
def shoot(tmp_path: Path) -> Shoot:
    """Take a photo of symbols that lie on the bench."""

    def take(*labels: Printed) -> Path:
        file = tmp_path / f"{uuid4().hex}.jpg"
        file.write_bytes(picture(labels, _ON_THE_BENCH, seed=3))
        return file

    return take


def shoot_pdf(pdf: Path) -> Path:
    """Take a slightly turned photo of the labels on a printed sheet."""
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[0].render(scale=250 / 72, grayscale=True).to_pil()
    box = ImageChops.invert(page).getbbox()
    assert box is not None
    margin = 40
    seen = page.crop((box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin))
    turned = seen.rotate(5, Image.Resampling.BICUBIC, expand=True, fillcolor=235)
    file = io.BytesIO()
    turned.save(file, "JPEG", quality=75)
    photo = pdf.with_suffix(".jpg")
    photo.write_bytes(file.getvalue())
    return photo


def mouser(order: str, number: str, pieces: int) -> Printed:
    fields = (f"[)>{_RS}06", f"K{order}", "14K011", f"1P{number}", f"Q{pieces}", f"1VTI{_RS}{_EOT}")
    return Printed(SymbolKind.DATA_MATRIX, _GS.join(fields))


def lcsc(number: str, maker: str, pieces: int) -> Printed:
    text = f"{{pbn:PICK1,on:GB24,pc:{number},pm:{maker},qty:{pieces},mc:,cc:1,pdi:1,hp:12,wc:ZH}}"
    return Printed(SymbolKind.QR, text)


def asked(hotrod: Hotrod, capsys: Output, *words: str, status: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert hotrod(*words, "--json") == status
    body: dict[str, Any] = json.loads(capsys.readouterr().out)
    return body


def scan(
    hotrod: Hotrod, capsys: Output, photo: Path, *words: str, status: int = 0
) -> dict[str, Any]:
    return asked(
        hotrod, capsys, "stock", "receive", *words, "--scan", str(photo), "--yes", status=status
    )


def level(hotrod: Hotrod, capsys: Output, sku: str) -> tuple[int, int, str | None]:
    """Return what is on hand and on order of a part, and its average cost."""
    rows = asked(hotrod, capsys, "stock", "levels")["levels"]
    (row,) = [one for one in rows if one["sku"] == sku]
    return row["on_hand"], row["on_order"], row["average_cost"]


def moved(hotrod: Hotrod, capsys: Output, sku: str) -> list[Any]:
    rows: list[Any] = asked(hotrod, capsys, "stock", "movements", sku)["movements"]
    return rows


def state(hotrod: Hotrod, capsys: Output, purchase: str) -> str:
    found: str = asked(hotrod, capsys, "purchases", "show", purchase)["state"]
    return found


def test_a_purchase_comes_in_bag_by_bag_and_each_bag_counts_once(
    hotrod: Hotrod, capsys: Output, tmp_path: Path
) -> None:
    sku, purchase = buy(8, "2.75")
    pdf = tmp_path / "labels.pdf"
    printing = ("labels", "print", "--purchase", purchase, "--quantity", "5", "--out", str(pdf))
    assert hotrod(*printing) == 0
    assert "2 labels on 1 sheet" in " ".join(capsys.readouterr().out.split())

    body = scan(hotrod, capsys, shoot_pdf(pdf))

    assert {(one["sku"], one["lot"], one["pieces"], one["cost"]) for one in body["labels"]} == {
        (sku, f"{purchase}.1", 5, "2.750000"),
        (sku, f"{purchase}.2", 3, "2.750000"),
    }
    assert body["closed"] == [purchase]
    assert level(hotrod, capsys, sku) == (8, 0, "2.750000")
    assert state(hotrod, capsys, purchase) == "received"
    history = asked(hotrod, capsys, "parts", "prices", sku)
    assert history["median"] == "2.750000"
    assert [(one["purchase"], one["per_piece"]) for one in history["prices"]] == [
        (purchase, "2.750000")
    ]
    assert hotrod("parts", "prices", sku) == 0
    shown = capsys.readouterr().out
    assert purchase in shown
    assert "Median of 365 days: 2.75 CAD" in shown

    again = scan(hotrod, capsys, shoot_pdf(pdf))

    assert {one["outcome"] for one in again["labels"]} == {"received before"}
    assert again["closed"] == []
    assert level(hotrod, capsys, sku) == (8, 0, "2.750000")


def test_what_a_part_of_a_delivery_leaves_stays_on_order(
    hotrod: Hotrod, capsys: Output, shoot: Shoot
) -> None:
    sku, purchase = buy(10, "1.20")
    half = shoot(Printed(SymbolKind.QR, f"HRF:SKU:{sku}:LOT:{purchase}.1:QTY:5"))

    assert scan(hotrod, capsys, half)["closed"] == []

    assert level(hotrod, capsys, sku) == (5, 5, "1.200000")
    assert state(hotrod, capsys, purchase) == "ordered"
    more = shoot(Printed(SymbolKind.QR, f"HRF:SKU:{sku}:LOT:{purchase}.2:QTY:6"))
    body = scan(hotrod, capsys, more)
    assert (body["labels"][0]["surplus"], body["closed"]) == (1, [purchase])
    assert level(hotrod, capsys, sku) == (11, 0, "1.200000")


def test_a_bag_of_mouser_finds_its_purchase_by_the_order_number(
    hotrod: Hotrod, capsys: Output, shoot: Shoot
) -> None:
    number = f"LM{uuid4().hex[:8].upper()}"
    sku, other = buy(3, "9.00", part_number=number)
    _, purchase = buy(3, "4.00", sku=sku, order_number="21421337")

    body = scan(hotrod, capsys, shoot(mouser("21421337", number, 3)))

    (row,) = body["labels"]
    assert (row["sku"], row["purchase"], row["cost"]) == (sku, purchase, "4.000000")
    assert body["closed"] == [purchase]
    assert state(hotrod, capsys, other) == "ordered"


def test_of_two_purchases_that_may_be_meant_a_person_says_which(
    hotrod: Hotrod, capsys: Output, shoot: Shoot
) -> None:
    number = f"LM{uuid4().hex[:8].upper()}"
    sku, first = buy(3, "9.00", part_number=number)
    _, second = buy(3, "4.00", sku=sku)
    photo = shoot(mouser("77", number, 3))

    (row,) = scan(hotrod, capsys, photo, status=1)["labels"]

    assert row["choices"] == [first, second]
    assert moved(hotrod, capsys, sku) == []
    assert scan(hotrod, capsys, photo, "--order", second)["closed"] == [second]
    assert level(hotrod, capsys, sku) == (3, 3, "4.000000")


def test_a_label_that_nobody_knows_becomes_a_part(
    hotrod: Hotrod, capsys: Output, shoot: Shoot
) -> None:
    number, maker = f"C{uuid4().int % 10**9}", f"0402cg/{uuid4().hex[:8]}"
    sku = maker.upper().replace("/", "-")
    photo = shoot(lcsc(number, maker, 100))
    (row,) = scan(hotrod, capsys, photo, status=1)["labels"]
    assert "--create" in row["words"]

    (row,) = scan(hotrod, capsys, photo, "--create", "--cost", "0.02")["labels"]

    assert (row["sku"], row["is_new_part"], row["cost"]) == (sku, True, "0.02")
    assert level(hotrod, capsys, sku) == (100, 0, "0.020000")
    assert sku not in {one["sku"] for one in asked(hotrod, capsys, "parts", "list")["parts"]}
    (other,) = scan(hotrod, capsys, shoot(lcsc(number, maker, 50)), "--cost", "0.02")["labels"]
    assert (other["sku"], other["is_new_part"]) == (sku, False)


def test_people_are_told_how_a_new_part_becomes_active(
    hotrod: Hotrod, capsys: Output, shoot: Shoot
) -> None:
    maker = f"0402CG-{uuid4().hex[:8].upper()}"
    photo = str(shoot(lcsc(f"C{uuid4().int % 10**9}", maker, 100)))
    assert hotrod("stock", "receive", "--scan", photo, "--create", "--cost", "0.02", "--yes") == 0
    assert f"hotrod parts change {maker} --active" in capsys.readouterr().out


def test_nothing_is_posted_before_it_is_agreed(
    hotrod: Hotrod, capsys: Output, shoot: Shoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    sku, purchase = buy(2, "3.00")
    photo = shoot(Printed(SymbolKind.QR, f"HRF:SKU:{sku}:QTY:2"))
    receiving = ("stock", "receive", "--scan", str(photo))
    body = asked(hotrod, capsys, *receiving)
    assert [(one["outcome"], one["is_posted"]) for one in body["labels"]] == [("receipt", False)]

    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert hotrod(*receiving) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "3.00 CAD" in shown
    assert moved(hotrod, capsys, sku) == []

    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert hotrod(*receiving) == 0
    assert f"{sku} at bench: +2, now 2." in capsys.readouterr().out
    assert state(hotrod, capsys, purchase) == "received"


def test_another_bag_with_the_same_label_is_counted_when_told(
    hotrod: Hotrod, capsys: Output, shoot: Shoot
) -> None:
    sku, _ = buy(4, "3.00")
    bag = Printed(SymbolKind.QR, f"HRF:SKU:{sku}:QTY:1")
    scan(hotrod, capsys, shoot(bag, bag))
    assert level(hotrod, capsys, sku)[0] == 2
    scan(hotrod, capsys, shoot(bag))
    assert level(hotrod, capsys, sku)[0] == 2
    scan(hotrod, capsys, shoot(bag), "--again")
    assert level(hotrod, capsys, sku)[0] == 3


def test_a_symbol_of_no_part_and_a_label_seen_again_are_told_apart(
    hotrod: Hotrod, capsys: Output, shoot: Shoot
) -> None:
    sku, _ = buy(2, "3.00")
    bag = Printed(SymbolKind.QR, f"HRF:SKU:{sku}:QTY:2")
    one, two = shoot(bag), shoot(Printed(SymbolKind.QR, "https://example.com/"), bag)
    rows = scan(hotrod, capsys, one, "--scan", str(two))["labels"]
    words = {row["words"] for row in rows if row["outcome"] == "nothing"}
    assert words == {
        "names no part that we know; passed over",
        "was seen before; a label counts once",
    }


def test_a_scan_tells_when_it_needs_a_cost(hotrod: Hotrod, capsys: Output) -> None:
    assert hotrod("stock", "receive", "--help") == 0
    shown = " ".join(re.sub(r"[^\w\s.,:']", " ", capsys.readouterr().out).split())
    assert "With a photo needed where no purchase awaits the part" in shown.replace(",", "")


def test_a_photo_without_a_label_is_told(hotrod: Hotrod, tmp_path: Path, capsys: Output) -> None:
    file = tmp_path / "empty.png"
    Image.new("RGB", (300, 200), "gray").save(file)
    assert hotrod("stock", "receive", "--scan", str(file)) == 1
    assert "there is no label that we can read" in capsys.readouterr().err


def test_prices_are_told_newest_first_and_a_part_never_bought_says_so(
    hotrod: Hotrod, capsys: Output
) -> None:
    sku, first = buy(1, "2.00")
    _, second = buy(1, "4.00", sku=sku)
    body = asked(hotrod, capsys, "parts", "prices", sku)
    assert [one["purchase"] for one in body["prices"]] == [second, first]
    assert Decimal(body["median"]) == 3
    assert hotrod("parts", "prices", "OPAMP-5532") == 0
    assert "never bought" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ("HDMI-PS5",),
        (),
        ("HDMI-PS5", "1", "--yes"),
        ("HDMI-PS5", "1", "--json"),
        ("--scan", "a.jpg", "--currency", "USD"),
    ],
)
def test_what_does_not_go_together_is_refused(hotrod: Hotrod, words: tuple[str, ...]) -> None:
    assert hotrod("stock", "receive", *words) == 2
