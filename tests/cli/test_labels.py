from __future__ import annotations

import json
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from bench.label_pictures import DIGIKEY, LCSC, Distortion, Printed, picture
from hotrod.labels.models import SymbolKind
from hotrod.labels.reading import read_labels
from hotrod.sections import ObjectSettings
from tests.cli.conftest import Hotrod


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo of a bag of Digi-Key beside one of LCSC."""
    bags = (Printed(SymbolKind.DATA_MATRIX, DIGIKEY), Printed(SymbolKind.QR, LCSC))
    file = tmp_path / "bags.jpg"
    file.write_bytes(picture(bags, Distortion(degrees=12, module=5)))
    return file


def test_a_photo_is_read_to_one_json_object(
    hotrod: Hotrod, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hotrod("labels", "read", str(photo), "--json") == 0
    (image,) = json.loads(capsys.readouterr().out)["images"]
    assert image["image"] == str(photo)
    assert image["problem"] is None
    by_source = {label["source"]: label for label in image["labels"]}
    assert by_source.keys() == {"digikey", "lcsc"}
    assert by_source["digikey"]["kind"] == "datamatrix"
    assert by_source["digikey"]["distributor_part"] == "732-8660-1-ND"
    assert by_source["digikey"]["text"] == DIGIKEY
    assert by_source["lcsc"]["quantity"] == 100


def test_a_photo_is_read_to_a_table_without_control_characters(
    hotrod: Hotrod, photo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hotrod("labels", "read", str(photo)) == 0
    shown = capsys.readouterr().out
    assert "digikey" in shown
    assert "lcsc" in shown
    assert "␝" in shown
    assert shown.replace("\n", "").isprintable()


def test_what_can_not_be_read_is_told_beside_what_can(
    hotrod: Hotrod, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no picture")
    gone = tmp_path / "gone.png"
    assert hotrod("labels", "read", str(text), str(gone), str(photo), "--json") == 1
    shown = capsys.readouterr()
    first, second, third = json.loads(shown.out)["images"]
    assert "not a picture" in first["problem"]
    assert "No such file" in second["problem"]
    assert len(third["labels"]) == 2
    assert "not a picture" in shown.err
    assert "No such file" in shown.err


def test_a_photo_without_a_label_is_told(
    hotrod: Hotrod, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "empty.png"
    Image.new("RGB", (300, 200), "gray").save(file)
    assert hotrod("labels", "read", str(file)) == 1
    assert "there is no label that we can read" in capsys.readouterr().err


@pytest.mark.usefixtures("our_database")
def test_labels_are_printed_to_a_file(
    hotrod: Hotrod, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "labels.pdf"
    parts = ("HDMI-PS5", "OPAMP-5532")
    assert hotrod("labels", "print", *parts, "--per-sku", "16", "--out", str(file)) == 0
    assert "32 labels on 2 sheets" in " ".join(capsys.readouterr().out.split())
    assert file.read_bytes().startswith(b"%PDF")


@pytest.mark.usefixtures("our_database")
def test_labels_of_goods_carry_their_lot_and_quantity(hotrod: Hotrod, tmp_path: Path) -> None:
    file = tmp_path / "labels.pdf"
    said = ("--lot", "B7", "--quantity", "10")
    assert hotrod("labels", "print", "HDMI-PS5", *said, "--out", str(file)) == 0
    with pypdfium2.PdfDocument(file) as document:
        page = document[0].render(scale=200 / 72, grayscale=True).to_pil()
        text = document[0].get_textpage().get_text_range()
    image = tmp_path / "page.png"
    page.save(image)
    (found,) = read_labels(image.read_bytes(), ObjectSettings(), field="page")
    assert found.label.text == "HRF:SKU:HDMI-PS5:LOT:B7:QTY:10"
    assert "B7, 10 pcs, bench" in text


@pytest.mark.parametrize("words", [(), ("HDMI-PS5", "--purchase", "PO-1001")])
def test_labels_are_of_parts_or_of_a_purchase(hotrod: Hotrod, words: tuple[str, ...]) -> None:
    assert hotrod("labels", "print", *words, "--out", "a.pdf") == 2


@pytest.mark.usefixtures("our_database")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("NO-SUCH", "--out", "a.pdf"), "NO-SUCH"),
        (("HDMI-PS5", "--out", "a.pdf", "--sheet", "avery-1"), "avery-l7651"),
        (("HDMI-PS5", "--out", "no/such/folder.pdf"), "can't be written"),
        (("HDMI-PS5", "--out", "a.pdf", "--lot", "b 7"), "can't hold 'b 7'"),
        (("--purchase", "PO-999999", "--out", "a.pdf"), "there is no purchase"),
    ],
)
def test_what_can_not_be_printed_is_told(
    hotrod: Hotrod, words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hotrod("labels", "print", *words) == 1
    assert told in capsys.readouterr().err
    assert not Path("a.pdf").exists()
