"""Photos in a request: decoded, and looked at."""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import dataclass

from PIL import Image, ImageStat

MAX_BYTES = 5 * 1024 * 1024
MAX_SIDE = 8000

_FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}
_UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
_DARK, _BRIGHT = 60, 190
_FLAT = 12


class PhotoError(ValueError):
    """A photo that is refused; the text is the service's."""


@dataclass(frozen=True, slots=True)
class Photo:
    """What was seen in a photo: size in pixels, brightness and contrast of 0..255."""

    width: int
    height: int
    brightness: float
    contrast: float

    @property
    def description(self) -> str:
        """What the photo is like, in a few words."""
        light = "dark" if self.brightness < _DARK else "bright"
        if _DARK <= self.brightness <= _BRIGHT:
            light = "evenly lit"
        detail = "hardly any detail" if self.contrast < _FLAT else "details visible"
        return f"{light} picture of {self.width} x {self.height} pixels, {detail}"

    @property
    def is_useful(self) -> bool:
        """Whether there is something to see."""
        return self.contrast >= _FLAT and self.brightness >= _DARK / 2


def look_at(media_type: str, data: str) -> Photo:
    """Decode a photo and measure it.

    Raises:
        PhotoError: no base64, no image, of another type than stated, or too large.
    """
    try:
        content = base64.b64decode(data, validate=True)
    except binascii.Error:
        raise PhotoError("Invalid base64 data") from None
    if len(content) > MAX_BYTES:
        raise PhotoError(f"image exceeds 5 MB maximum: {len(content)} bytes > {MAX_BYTES} bytes")
    try:
        with Image.open(io.BytesIO(content)) as image:
            _check(image, media_type)
            width, height = image.size
            image.draft("L", (512, 512))
            measured = ImageStat.Stat(image.convert("L"))
    except PhotoError:
        raise
    except _UNREADABLE:
        raise PhotoError("Could not process image") from None
    return Photo(width, height, measured.mean[0], measured.stddev[0])


def _check(image: Image.Image, media_type: str) -> None:
    if image.format != _FORMATS.get(media_type):
        found = Image.MIME.get(image.format or "", "unknown")
        raise PhotoError(
            f"Image does not match the provided media type {media_type}: it is {found}"
        )
    if max(image.size) > MAX_SIDE:
        raise PhotoError(f"image dimensions exceed max allowed size: {MAX_SIDE} pixels")
