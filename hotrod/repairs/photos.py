"""Photos as they may be kept: real pictures of a sane size, without data about their place."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from hotrod.errors import InvalidInputError
from hotrod.settings import ObjectSettings

_TYPES = {
    "JPEG": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "WEBP": ("image/webp", "webp"),
}
_DECLARED = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg"}
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
    if len(data) > limits.max_photo_bytes:
        most = limits.max_photo_bytes // 1_000_000
        raise InvalidInputError(field, "The photo is too large.", f"Send at most {most} MB.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=tuple(_TYPES))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise InvalidInputError(field, "This is not a picture we can read.", _FORMATS) from None
    content_type, extension = _TYPES[str(picture.format)]
    declared = declared_type.split(";", maxsplit=1)[0].strip().lower()
    if _DECLARED.get(declared, declared) != content_type:
        reason = f"The photo is {content_type}, but was sent as another type."
        raise InvalidInputError(field, reason, "Send it with its own content type.")
    width, height = picture.size
    if width * height > limits.max_photo_pixels:
        most = limits.max_photo_pixels // 1_000_000
        cure = f"Send at most {most} megapixels."
        raise InvalidInputError(field, "The photo has too many pixels.", cure)
    clean = _encode(picture, field)
    with Image.open(io.BytesIO(clean)) as written:
        width, height = written.size
    return CleanPhoto(
        clean, content_type, extension, width, height, hashlib.sha256(clean).hexdigest()
    )


def _encode(picture: Image.Image, field: str) -> bytes:
    """Write the pixels and nothing else."""
    form = str(picture.format)
    try:
        upright = ImageOps.exif_transpose(picture)
        keeps_alpha = form != "JPEG" and upright.has_transparency_data
        pixels = upright.convert("RGBA" if keeps_alpha else "RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise InvalidInputError(field, "The photo is broken.", "Send the file again.") from None
    bare = Image.frombytes(pixels.mode, pixels.size, pixels.tobytes())
    out = io.BytesIO()
    options = {} if form == "PNG" else {"quality": 88}
    bare.save(out, form, **options)
    return out.getvalue()
