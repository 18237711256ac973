"""Photos as they may be kept: real pictures of a sane size, without data about their place."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from PIL import ExifTags, Image

from hotrod.errors import InvalidInputError
from hotrod.sections import ObjectSettings

# Our own limit is checked between reading the header and decoding the pixels.
Image.MAX_IMAGE_PIXELS = None

_TYPES = {
    "JPEG": ("image/jpeg", "jpg"),
    "MPO": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "WEBP": ("image/webp", "webp"),
}
_BROKEN = (OSError, ValueError, SyntaxError, struct.error)
_DECLARED = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg"}
_QUICK: dict[str, dict[str, Any]] = {
    "image/jpeg": {"quality": 88},
    "image/png": {"compress_level": 1},
    "image/webp": {"quality": 88, "method": 0},
}
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_WRITTEN = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_FORMATS = "Send a JPEG, PNG or WebP picture."


@dataclass(frozen=True)
class CleanPhoto:
    """A picture, encoded anew without any metadata; size in pixels."""

    data: bytes
    content_type: str
    extension: str
    width: int
    height: int
    sha256: str


def sanitize(data: bytes, declared_type: str, limits: ObjectSettings, *, field: str) -> CleanPhoto:
    """Decode a picture and encode it again, upright, without EXIF, GPS, text or profile.

    Work for a thread: it takes CPU time in proportion to the pixels.

    Args:
        data: the bytes as sent.
        declared_type: the content type that the sender gave.
        limits: most bytes and pixels.
        field: name of the input, for the error.

    Raises:
        InvalidInputError: not a picture, of another type than declared, broken, or too large.
    """
    picture = open_photo(data, limits, field=field)
    content_type, extension = _TYPES[str(picture.format)]
    declared = declared_type.split(";", maxsplit=1)[0].strip().lower()
    if _DECLARED.get(declared, declared) != content_type:
        reason = f"The photo is {content_type}, but was sent as another type."
        raise InvalidInputError(field, reason, "Send it with its own content type.")
    pixels = upright(picture, field=field)
    out = io.BytesIO()
    pixels.save(out, _WRITTEN[content_type], **_QUICK[content_type])
    clean = out.getvalue()
    return CleanPhoto(clean, content_type, extension, *pixels.size, sha256(clean).hexdigest())


def open_photo(data: bytes, limits: ObjectSettings, *, field: str) -> Image.Image:
    """Open a picture, its pixels not decoded yet.

    Raises:
        InvalidInputError: not a picture, or too large.
    """
    if len(data) > limits.max_photo_bytes:
        most = limits.max_photo_bytes // 1_000_000
        raise InvalidInputError(field, "The photo is too large.", f"Send at most {most} MB.")
    try:
        picture = Image.open(io.BytesIO(data), formats=tuple(_WRITTEN.values()))
    except _BROKEN:
        raise InvalidInputError(field, "This is not a picture we can read.", _FORMATS) from None
    width, height = picture.size
    if width * height > limits.max_photo_pixels:
        most = limits.max_photo_pixels // 1_000_000
        cure = f"Send at most {most} megapixels."
        raise InvalidInputError(field, "The photo has too many pixels.", cure)
    return picture


def upright(picture: Image.Image, *, field: str) -> Image.Image:
    """Decode a picture and return it upright, with nothing beside its pixels.

    Raises:
        InvalidInputError: it is broken.
    """
    try:
        orientation: Any = picture.getexif().get(ExifTags.Base.Orientation)
        keeps_alpha = picture.format in {"PNG", "WEBP"} and picture.has_transparency_data
        pixels = picture.convert("RGBA" if keeps_alpha else "RGB")
    except _BROKEN:
        raise InvalidInputError(field, "The photo is broken.", "Send the file again.") from None
    picture.close()
    pixels.info.clear()
    return pixels.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else pixels
