"""Find the symbols on a picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import cos, dist, radians, sin

import zxingcpp
from PIL import Image, ImageFilter

from hotrod.labels.models import RETAIL, FoundLabel, SymbolKind
from hotrod.labels.rules import parse_label
from hotrod.labels.symbols import FORMATS
from hotrod.repairs.photos import open_photo, upright
from hotrod.sections import ObjectSettings

_FORMATS = zxingcpp.BarcodeFormats(list(FORMATS.values()))
_KINDS = {format_: kind for kind, format_ in FORMATS.items()}
_TURNS = (0, 30, 60)
"""Degrees: zxing-cpp follows bars up to some 16 degrees off the axes, squares at any angle."""
_AGAIN_PIXELS = 2000
"""The longer side of a picture that is looked at again."""
_ENLARGED = 2
"""At most so much, that small and noisy squares are read."""

Point = tuple[float, float]


@dataclass(frozen=True)
class _Sighting:
    """A symbol, and where its corners are on the upright picture."""

    kind: SymbolKind
    text: str
    corners: tuple[Point, ...]

    @property
    def center(self) -> Point:
        xs, ys = zip(*self.corners, strict=True)
        return sum(xs) / len(xs), sum(ys) / len(ys)

    def is_same(self, other: _Sighting) -> bool:
        """Tell whether the other is the same symbol, seen again.

        A look may see long bars twice, above each other. What it sees of a product number at a
        slant may be wrong, and yet have the right check digit: one of ten has.
        """
        near = max(dist(self.corners[0], corner) for corner in self.corners) / 2
        is_alike = self.text == other.text or self.kind in RETAIL
        return is_alike and self.kind is other.kind and dist(self.center, other.center) < near


def read_labels(data: bytes, limits: ObjectSettings, *, field: str) -> list[FoundLabel]:
    """Return the labels on a photo, from top to bottom; turned and skewed ones, too.

    Work for a thread: it takes CPU time in proportion to the pixels.

    Args:
        data: a PNG, JPEG or WebP picture.
        limits: most bytes and pixels.
        field: name of the input, for the error.

    Raises:
        InvalidInputError: not a picture, broken, or too large.
    """
    gray = _gray(upright(open_photo(data, limits, field=field), field=field))
    found = sorted(_agreed(_looks(gray)), key=lambda sighting: sighting.center[::-1])
    return [
        FoundLabel(
            kind=sighting.kind,
            corners=tuple((round(x), round(y)) for x, y in sighting.corners),
            label=parse_label(sighting.text, sighting.kind),
        )
        for sighting in found
    ]


def _gray(picture: Image.Image) -> Image.Image:
    """Return the picture in gray; what shows through becomes white."""
    if picture.mode == "RGBA":
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture)
    return picture.convert("L")


def _agreed(sightings: Iterable[_Sighting]) -> Iterator[_Sighting]:
    """Yield each symbol once, with the text that it was seen with most often."""
    symbols: list[list[_Sighting]] = []
    for sighting in sightings:
        for symbol in symbols:
            if sighting.is_same(symbol[0]):
                symbol.append(sighting)
                break
        else:
            symbols.append([sighting])
    for symbol in symbols:
        text, _ = Counter(each.text for each in symbol).most_common(1)[0]
        yield next(each for each in symbol if each.text == text)


def _looks(gray: Image.Image) -> Iterator[_Sighting]:
    """Look at a picture as it is, and at it smoothed, of a handy size and turned."""
    yield from _look(gray)
    scale = min(_ENLARGED, _AGAIN_PIXELS / max(gray.size))
    size = (max(1, round(gray.width * scale)), max(1, round(gray.height * scale)))
    again = gray.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(scale / 2))
    for degrees in _TURNS:
        turned = again.rotate(degrees, Image.Resampling.BILINEAR, expand=True, fillcolor=255)
        for sighting in _look(turned):
            corners = tuple(
                _turned_back(corner, degrees, turned.size, size, scale)
                for corner in sighting.corners
            )
            yield replace(sighting, corners=corners)


def _look(picture: Image.Image) -> Iterator[_Sighting]:
    for barcode in zxingcpp.read_barcodes(
        picture, formats=_FORMATS, text_mode=zxingcpp.TextMode.Plain
    ):
        place = barcode.position
        points = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        corners = tuple((float(point.x), float(point.y)) for point in points)
        yield _Sighting(_KINDS[barcode.format], barcode.text, corners)


def _turned_back(
    point: Point, degrees: int, turned: tuple[int, int], size: tuple[int, int], scale: float
) -> Point:
    """Return where a point of a turned picture is on the picture itself."""
    x, y = point[0] - turned[0] / 2, point[1] - turned[1] / 2
    along, across = cos(radians(degrees)), sin(radians(degrees))
    return (
        (along * x - across * y + size[0] / 2) / scale,
        (across * x + along * y + size[1] / 2) / scale,
    )
