"""A believable photo for the demonstration: a board with a damaged port, drawn by program."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw, ImageFilter

SIZE = (1280, 960)
_CAMERA = {271: "Fairphone", 272: "FP5"}
_GPS = {1: "N", 2: (45.0, 25.0, 17.0), 3: "W", 4: (75.0, 41.0, 50.0)}


def board_photo() -> bytes:
    """Return a JPEG of a circuit board, with camera and place in its EXIF data as phones do."""
    chance = random.Random(5)  # noqa: S311 - a picture, no secret
    picture = Image.new("RGB", SIZE, (18, 74, 52))
    draw = ImageDraw.Draw(picture)
    for _ in range(130):
        x, y = chance.randrange(SIZE[0]), chance.randrange(SIZE[1])
        if chance.random() < 0.5:  # noqa: PLR2004
            end = (x + chance.randrange(-320, 320), y)
        else:
            end = (x, y + chance.randrange(-320, 320))
        draw.line([(x, y), end], fill=(36, 112, 80), width=chance.choice((2, 3, 5)))
        draw.ellipse([x - 6, y - 6, x + 6, y + 6], fill=(196, 168, 84))
    for _ in range(26):
        x, y = chance.randrange(SIZE[0] - 160), chance.randrange(SIZE[1] - 120)
        width, height = chance.choice(((120, 90), (40, 20), (26, 52), (150, 110)))
        draw.rectangle([x, y, x + width, y + height], fill=(24, 25, 27), outline=(90, 92, 96))
    _draw_bent_port(draw)
    out = io.BytesIO()
    exif = Image.Exif()
    exif.update(_CAMERA)
    exif[34853] = _GPS
    picture.filter(ImageFilter.GaussianBlur(0.8)).save(out, "JPEG", quality=85, exif=exif)
    return out.getvalue()


def _draw_bent_port(draw: ImageDraw.ImageDraw) -> None:
    left, top = 520, 760
    draw.polygon(
        [(left, top), (left + 250, top + 26), (left + 244, top + 126), (left - 8, top + 98)],
        fill=(176, 180, 184),
        outline=(90, 92, 96),
    )
    for pin in range(19):
        x = left + 18 + pin * 11
        lean = 14 if 7 <= pin <= 9 else 0  # noqa: PLR2004 - three pins are bent
        draw.line([(x, top + 30), (x + lean, top + 84)], fill=(206, 176, 92), width=4)
