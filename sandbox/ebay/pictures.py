"""Pictures of what is for sale: a colored square each, by which search by image goes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io

from PIL import Image

from sandbox.ebay.errors import EbayError

Color = tuple[int, int, int]

_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
_MOST_PIXELS = 40_000_000


def color_of(title: str) -> Color:
    """Return the color of what has this title."""
    digest = hashlib.sha256(title.encode()).digest()
    return digest[0], digest[1], digest[2]


def draw(title: str) -> bytes:
    """Return a picture, as PNG."""
    file = io.BytesIO()
    Image.new("RGB", (32, 32), color_of(title)).save(file, "PNG")
    return file.getvalue()


def look_at(encoded: object) -> Color:
    """Return the mean color of an image in Base64.

    Raises:
        EbayError: it is none.
    """
    try:
        if not isinstance(encoded, str) or not encoded:
            raise ValueError("no image")
        with Image.open(io.BytesIO(base64.b64decode(encoded, validate=True))) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise ValueError("too large")
            mean = image.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    except (*_UNREADABLE, binascii.Error):
        raise EbayError(12501) from None
    assert isinstance(mean, tuple)  # noqa: S101 - of an RGB image
    red, green, blue = mean[:3]
    return int(red), int(green), int(blue)


def distance(one: Color, other: Color) -> int:
    """Return how different two colors are; 0: not at all."""
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
