from __future__ import annotations

import io
from collections import Counter
from itertools import combinations

import pypdfium2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.company.load import load_company
from hotrod.errors import InvalidInputError, NotFoundError
from hotrod.labels.models import LabelSource, SymbolKind
from hotrod.labels.printing import PartLabel, print_labels
from hotrod.labels.reading import read_labels
from hotrod.labels.sheets import SHEETS, Sheet, find_sheet
from hotrod.labels.store import part_labels
from hotrod.labels.symbols import draw_symbol
from hotrod.sections import ObjectSettings

_MM = 72 / 25.4
_DPI = 300
_SQUARE = st.sampled_from([SymbolKind.QR, SymbolKind.DATA_MATRIX])
_SKUS = [part.sku for part in load_company().parts]


def pages(pdf: bytes, dpi: int = _DPI) -> list[Image.Image]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.render(scale=dpi / 72, grayscale=True).to_pil() for page in document]


def skus_on(page: Image.Image) -> Counter[str | None]:
    file = io.BytesIO()
    page.save(file, "PNG", compress_level=1)
    found = read_labels(file.getvalue(), ObjectSettings(), field="page")
    assert {each.label.source for each in found} <= {LabelSource.OWN}
    return Counter(each.label.sku for each in found)


def ink_outside(page: Image.Image, sheet: Sheet, dpi: int) -> bool:
    """Tell whether anything is printed where no label is, or within a millimeter of its edge."""
    free = Image.new("L", page.size, 255)
    for left, top in sheet.corners():
        edges = (left + 1, top + 1, left + sheet.label[0] - 1, top + sheet.label[1] - 1)
        west, north, east, south = (round(edge * dpi / 25.4) for edge in edges)
        free.paste(0, (west, north, east, south))
    ink = ImageChops.multiply(ImageChops.invert(page), free)
    return ink.getbbox() is not None


@pytest.mark.parametrize("symbol", [SymbolKind.QR, SymbolKind.DATA_MATRIX])
@pytest.mark.parametrize("name", SHEETS)
async def test_all_skus_of_the_sample_company_are_printed_and_read_back(
    session: AsyncSession, name: str, symbol: SymbolKind
) -> None:
    labels = await part_labels(session, _SKUS)
    sheets = pages(print_labels(labels, SHEETS[name], symbol=symbol))
    assert sum(map(skus_on, sheets), Counter()) == Counter(_SKUS)


async def test_labels_stand_in_the_order_given_with_their_location(session: AsyncSession) -> None:
    (first, second) = await part_labels(session, ["OPAMP-5532", "HDMI-PS5"])
    assert first == PartLabel("OPAMP-5532", "Op-amp NE5532", "bench")
    assert second == PartLabel("HDMI-PS5", "HDMI port, PlayStation 5", "bench")


async def test_a_part_that_is_not_there_is_told(session: AsyncSession) -> None:
    with pytest.raises(NotFoundError, match="NO-SUCH"):
        await part_labels(session, ["HDMI-PS5", "NO-SUCH"])


@settings(max_examples=300)
@given(
    _SQUARE,
    st.from_regex(r"[A-Z0-9][A-Z0-9-]{2,39}", fullmatch=True),
    st.from_regex(r"([A-Z0-9][A-Z0-9.-]{0,19})?", fullmatch=True),
    st.none() | st.integers(1, 999_999_999),
)
@example(SymbolKind.DATA_MATRIX, "HDMI-XSX", "L-5", 3)
def test_symbols_are_square_whatever_they_hold(
    symbol: SymbolKind, sku: str, lot: str, quantity: int | None
) -> None:
    label = PartLabel(sku, "Part", lot=lot, quantity=quantity)
    picture = draw_symbol(label.symbol_text, symbol)
    assert picture.width == picture.height


@settings(max_examples=20)
@given(
    st.sampled_from(list(SHEETS.values())),
    _SQUARE,
    st.from_regex(r"[A-Z0-9][A-Z0-9-]{2,39}", fullmatch=True) | st.just("W" * 40),
    st.text(max_size=120) | st.just("W" * 120) | st.just("Wide " * 24),
    st.text(max_size=40) | st.just("W" * 40),
)
def test_nothing_runs_over_the_edge_of_a_label(
    sheet: Sheet, symbol: SymbolKind, sku: str, name: str, location: str
) -> None:
    pdf = print_labels([PartLabel(sku, name, location)] * 2, sheet, symbol=symbol)
    (page,) = pages(pdf, dpi=100)
    assert page.getextrema() != (255, 255)
    assert not ink_outside(page, sheet, 100)


def test_a_name_too_long_is_shortened() -> None:
    part = PartLabel("HDMI-PS5", "Power supply ADP-400DR, PlayStation 5, " * 3, "shelf 3")
    pdf = print_labels([part], SHEETS["avery-5167"], symbol=SymbolKind.QR)
    with pypdfium2.PdfDocument(pdf) as document:
        words = document[0].get_textpage().get_text_range().split("\r\n")
    assert words[0] == "HDMI-PS5"
    assert words[-1] == "shelf 3"
    assert words[-2].endswith("…")


def test_as_many_pages_as_are_needed_and_no_more() -> None:
    part = PartLabel("HDMI-PS5", "HDMI port")
    sheet = SHEETS["avery-l7160"]
    for count, wanted in [(1, 1), (21, 1), (22, 2), (42, 2), (43, 3)]:
        pdf = print_labels([part], sheet, symbol=SymbolKind.QR, per_sku=count)
        with pypdfium2.PdfDocument(pdf) as document:
            assert len(document) == wanted
            assert document.get_page_size(0) == pytest.approx((210 * _MM, 297 * _MM), abs=0.01)


def test_labels_are_the_same_file_each_time() -> None:
    part = PartLabel("HDMI-PS5", "HDMI port")
    first, second = (print_labels([part], SHEETS["avery-5160"], symbol=SymbolKind.QR) for _ in "ab")
    assert first == second


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_labels_of_a_sheet_stand_on_it_and_not_on_each_other(sheet: Sheet) -> None:
    corners = list(sheet.corners())
    width, height = sheet.label
    assert len(corners) == sheet.places
    assert all(left > 0 and left + width < sheet.page[0] for left, _ in corners)
    assert all(top > 0 and top + height < sheet.page[1] for _, top in corners)
    assert all(
        abs(a[0] - b[0]) > width - 1e-6 or abs(a[1] - b[1]) > height - 1e-6
        for a, b in combinations(corners, 2)
    )


def test_sheets_are_as_their_maker_says() -> None:
    left, top = next(SHEETS["avery-5160"].corners())
    assert (left, top) == pytest.approx((0.1875 * 25.4, 0.5 * 25.4))
    left, top = next(SHEETS["avery-l7651"].corners())
    assert (left, top) == pytest.approx((4.75, 10.7))


def test_a_sheet_that_is_not_known_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidInputError, match="avery-l7651"):
        find_sheet("avery-1")
