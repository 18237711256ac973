from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from bench.label_pictures import PRINTED, Distortion, Printed, picture
from hotrod.errors import InvalidInputError
from hotrod.labels.models import FoundLabel, SymbolKind
from hotrod.labels.reading import read_labels
from hotrod.labels.symbols import draw_symbol
from hotrod.sections import ObjectSettings

_LIMITS = ObjectSettings()


def found(data: bytes) -> list[FoundLabel]:
    return read_labels(data, _LIMITS, field="image")


def symbols(data: bytes) -> list[Printed]:
    return [Printed(each.kind, each.label.text) for each in found(data)]


def taken(*labels: Printed, seed: int = 0, **distortion: Any) -> bytes:
    return picture(labels, Distortion(**distortion), seed=seed)


@pytest.mark.parametrize("label", PRINTED, ids=lambda label: label.text[:12])
def test_each_kind_of_label_is_read_from_a_photo(label: Printed) -> None:
    assert symbols(taken(label)) == [label]
    assert symbols(taken(label, quality=None)) == [label]


ANGLES = (0.0, 7.5, 33.0, 45.0, 61.0, 90.0, 123.0, 180.0, 211.0, 270.0, 345.0)
TURNED = [
    (label, ANGLES[(3 * at + more) % 11]) for at, label in enumerate(PRINTED) for more in (0, 5)
]


@pytest.mark.parametrize(("label", "degrees"), TURNED)
def test_a_label_is_read_at_any_angle(label: Printed, degrees: float) -> None:
    assert symbols(taken(label, degrees=degrees, module=5)) == [label]


@pytest.mark.parametrize(("module", "blur"), [(3, 0.0), (5, 0.4), (9, 0.8)])
@pytest.mark.parametrize("label", PRINTED)
def test_a_label_is_read_small_and_large_and_a_little_blurred(
    label: Printed, module: int, blur: float
) -> None:
    assert symbols(taken(label, module=module, blur=blur)) == [label]


@pytest.mark.parametrize(
    ("noise", "skew", "quality"), [(0, 0.05, 95), (12, 0.0, 50), (25, 0.03, 75)]
)
@pytest.mark.parametrize("label", PRINTED)
def test_a_label_is_read_noisy_and_skewed(
    label: Printed, noise: int, skew: float, quality: int
) -> None:
    data = taken(label, noise=noise, skew=skew, quality=quality, module=5, shade=60)
    assert symbols(data) == [label]


@pytest.mark.parametrize(("first", "degrees"), TURNED)
def test_two_labels_on_a_picture_are_both_read(first: Printed, degrees: float) -> None:
    pair = (first, PRINTED[PRINTED.index(first) - 1])
    read = symbols(taken(*pair, degrees=degrees, module=5))
    assert sorted(read, key=str) == sorted(pair, key=str)


def test_a_product_number_misread_at_a_slant_is_outvoted() -> None:
    pair = (PRINTED[0], PRINTED[6])
    assert set(symbols(taken(*pair, degrees=303, module=5))) == set(pair)


@pytest.mark.parametrize("degrees", [0, 20, 45, 90, 135, 300])
def test_the_corners_are_where_the_symbol_is(degrees: float) -> None:
    label = Printed(SymbolKind.CODE_128, "X-7731/B")
    data = taken(label, degrees=degrees, module=5, quality=None)
    (one,) = found(data)
    middle = [sum(values) / 4 for values in zip(*one.corners, strict=True)]
    with Image.open(io.BytesIO(data)) as file:
        assert middle == pytest.approx([file.width / 2, file.height / 2], abs=60)


def test_what_shows_through_is_white() -> None:
    symbol = draw_symbol("HRF:SKU:HDMI-PS5", SymbolKind.QR, module=4)
    ink = Image.new("RGBA", symbol.size, (0, 0, 0, 0))
    ink.paste((0, 0, 0, 255), mask=symbol.point(lambda value: 255 - value))
    file = io.BytesIO()
    ink.save(file, "PNG")
    assert [each.label.sku for each in found(file.getvalue())] == ["HDMI-PS5"]


def test_control_characters_in_a_symbol_arrive() -> None:
    text = "a\x00b\x1d\x04\x1bc"
    assert symbols(taken(Printed(SymbolKind.DATA_MATRIX, text))) == [
        Printed(SymbolKind.DATA_MATRIX, text)
    ]


def test_an_empty_picture_has_no_labels() -> None:
    for size in [(1, 1), (3, 2000), (800, 600)]:
        file = io.BytesIO()
        Image.new("RGB", size, "gray").save(file, "PNG")
        assert found(file.getvalue()) == []


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n", bytes(range(256))])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError, match="image"):
        found(data)


def test_a_picture_cut_off_is_refused() -> None:
    data = taken(PRINTED[0])
    with pytest.raises(InvalidInputError, match="broken"):
        found(data[: len(data) // 2])


def test_a_picture_too_large_is_refused_before_it_is_decoded() -> None:
    file = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(file, "PNG")
    with pytest.raises(InvalidInputError, match="too many pixels"):
        found(file.getvalue())
    with pytest.raises(InvalidInputError, match="too large"):
        read_labels(bytes(2000), ObjectSettings(max_photo_bytes=1024), field="image")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (SymbolKind.QR, "x" * 10_000),
        (SymbolKind.EAN_13, "4006381333930"),
        (SymbolKind.EAN_13, "words"),
        (SymbolKind.CODE_128, ""),
    ],
)
def test_a_symbol_that_can_not_hold_the_text_is_refused(kind: SymbolKind, text: str) -> None:
    with pytest.raises(InvalidInputError, match="can hold it"):
        draw_symbol(text, kind)
