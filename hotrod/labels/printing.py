"""Labels as a PDF, to be printed on sheets of them at 100 %."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, groupby
from typing import TYPE_CHECKING

from hotrod.labels.models import SymbolKind
from hotrod.labels.own import OwnLabel
from hotrod.labels.sheets import Sheet

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_MM = 72 / 25.4
_PADDING = 2 * _MM
_SYMBOL_SHARE = 0.4
"""Of the label's width, at most; the rest is for people."""
_BOLD, _PLAIN = "Helvetica-Bold", "Helvetica"
_LARGEST, _SMALLEST = 10.0, 5.0
_LEADING = 1.2
_FEWEST_LINES = 4
_FEWEST_CHARACTERS = 16
_CHARACTER = 0.55
"""Width of an average character, as a share of the size."""


@dataclass(frozen=True)
class PartLabel:
    """What is printed for a part; a name too long for the label is shortened.

    Labels of goods received say their lot and how many pieces are in the bag, too.
    """

    sku: str
    name: str
    location: str = ""
    lot: str = ""
    quantity: int | None = None

    @property
    def symbol_text(self) -> str:
        """What its symbol holds.

        Raises:
            InvalidInputError: a value that our labels can't hold.
        """
        return OwnLabel(self.sku, self.lot or None, self.quantity).text

    @property
    def last_line(self) -> str:
        """What is in the bag, and where it lies."""
        pieces = "" if self.quantity is None else f"{self.quantity} pcs"
        return ", ".join(filter(None, (self.lot, pieces, self.location)))


def print_labels(
    parts: Sequence[PartLabel], sheet: Sheet, *, symbol: SymbolKind, per_sku: int = 1
) -> bytes:
    """Return a PDF with labels, in the order given; a sheet is a page.

    Args:
        parts: what the labels say.
        sheet: what they are printed on.
        symbol: of a kind that is square.
        per_sku: how many labels for each part.

    Raises:
        InvalidInputError: an SKU, lot or quantity that our labels can't hold.
    """
    from reportlab.pdfgen.canvas import Canvas

    file = io.BytesIO()
    page = (sheet.page[0] * _MM, sheet.page[1] * _MM)
    canvas = Canvas(file, pagesize=page, invariant=True)
    canvas.setTitle("Labels")
    canvas.setViewerPreference("PrintScaling", "None")
    wanted = [part for part in parts for _ in range(per_sku)]
    for number, (part, (left, top)) in enumerate(zip(wanted, cycle(sheet.corners()), strict=False)):
        if number and number % sheet.places == 0:
            canvas.showPage()
        _draw(canvas, part, symbol, _Box(left * _MM, page[1] - top * _MM, *_points(sheet.label)))
    canvas.save()
    return file.getvalue()


@dataclass(frozen=True)
class _Box:
    """A rectangle on the page in points; its top is counted from the page's bottom."""

    left: float
    top: float
    width: float
    height: float

    def within(self, padding: float) -> _Box:
        return _Box(
            self.left + padding,
            self.top - padding,
            self.width - 2 * padding,
            self.height - 2 * padding,
        )


def _points(size: tuple[float, float]) -> tuple[float, float]:
    return size[0] * _MM, size[1] * _MM


def _draw(canvas: Canvas, part: PartLabel, kind: SymbolKind, label: _Box) -> None:
    inside = label.within(_PADDING)
    side = min(inside.height, _SYMBOL_SHARE * label.width)
    _draw_symbol(canvas, part.symbol_text, kind, _Box(inside.left, inside.top, side, side))
    beside = side + _PADDING
    _draw_text(
        canvas,
        part,
        _Box(inside.left + beside, inside.top, inside.width - beside, inside.height),
    )


def _draw_symbol(canvas: Canvas, text: str, kind: SymbolKind, box: _Box) -> None:
    """Draw a symbol as one path, so that no light shows between its squares."""
    from hotrod.labels.symbols import draw_symbol

    picture = draw_symbol(text, kind)
    module = box.width / max(picture.size)
    path = canvas.beginPath()
    for row in range(picture.height):
        pixels = picture.crop((0, row, picture.width, row + 1)).tobytes()
        column = 0
        for value, run in groupby(pixels):
            length = len(list(run))
            if not value:
                bottom = box.top - (row + 1) * module
                path.rect(box.left + column * module, bottom, length * module, module)
            column += length
    canvas.drawPath(path, stroke=0, fill=1)


def _draw_text(canvas: Canvas, part: PartLabel, box: _Box) -> None:
    fitting = min(
        box.height / (_FEWEST_LINES * _LEADING), box.width / (_FEWEST_CHARACTERS * _CHARACTER)
    )
    size = max(_SMALLEST, min(_LARGEST, fitting))
    lines = int(box.height / (size * _LEADING))
    bold, plain = _Fits(_BOLD, size, box.width), _Fits(_PLAIN, size, box.width)
    sku, location = _wrapped(part.sku, bold, 2), _wrapped(part.last_line, plain, 1)
    name = _wrapped(part.name, plain, lines - len(sku) - len(location))
    fonts = [_BOLD] * len(sku) + [_PLAIN] * (len(name) + len(location))
    for number, (font, line) in enumerate(zip(fonts, [*sku, *name, *location], strict=True)):
        canvas.setFont(font, size)
        canvas.drawString(box.left, box.top - size - number * size * _LEADING, line)


@dataclass(frozen=True)
class _Fits:
    """Whether a line of text fits into a width, in points."""

    font: str
    size: float
    width: float

    def __call__(self, line: str) -> bool:
        from reportlab.pdfbase.pdfmetrics import stringWidth

        return bool(stringWidth(line, self.font, self.size) <= self.width)


def _wrapped(text: str, fits: _Fits, most: int) -> list[str]:
    """Return at most so many lines that fit; what is left over ends in "…"."""
    left = " ".join(_printable(text).split())
    lines: list[str] = []
    while left and len(lines) < most:
        lines.append(_head(left, fits))
        left = left[len(lines[-1]) :].lstrip()
    if left and lines:
        lines[-1] = _shortened(f"{lines[-1]} {left}", fits)
    return lines


def _head(text: str, fits: _Fits) -> str:
    """Return the words that fit on a line, or what fits of the first one."""
    ends = [end for end in range(len(text), 0, -1) if text[end : end + 1] in {"", " "}]
    heads = (text[:end] for end in (*ends, *range(len(text), 1, -1)))
    return next(filter(fits, heads), text[0])


def _shortened(text: str, fits: _Fits) -> str:
    heads = (f"{text[:end].rstrip()}…" for end in range(len(text), 0, -1))
    return next(filter(fits, heads), "…")


def _printable(text: str) -> str:
    """Return a text in what PDF's own fonts can show: Latin letters, with "?" for the rest."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return shown.encode("cp1252", "replace").decode("cp1252")
