"""Pictures of labels as a phone takes them: turned, skewed, blurred, noisy, badly lit, JPEG."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from PIL import Image, ImageChops, ImageFilter

from hotrod.labels.models import SymbolKind
from hotrod.labels.symbols import draw_symbol

_GS, _RS, _EOT = "\x1d", "\x1e", "\x04"
_PAPER = 235


@dataclass(frozen=True)
class Printed:
    """A symbol that is printed somewhere, and what it holds."""

    kind: SymbolKind
    text: str


DIGIKEY = _GS.join(
    [
        f"[)>{_RS}06",
        "PC1,C3,C5-7",
        "1P860010672008",
        "30P732-8660-1-ND",
        "K",
        "1K86761783",
        "10K104669300",
        "9D1437",
        "1T31751001143669511",
        "11K1",
        "4LCN",
        "Q10",
        "11ZPICK",
        "12Z5728615",
        "13Z999999",
        f"20Z{'0' * 60}",
    ]
)
MOUSER = _GS.join(
    [
        f"[)>{_RS}06",
        "KP0-1337",
        "14K011",
        "1PMC34063ADR",
        "Q3",
        "11K073121337",
        "4LMX",
        f"1VTI{_RS}{_EOT}",
    ]
)
OLD_MOUSER = _GS.join(
    [">[)>06", "K21421337", "14K033", "1PLDK320ADU33R", "Q32", "11K060931337", "4LCN", "1VSTMicro"]
)
LCSC = (
    "{pbn:PICK2409280015,on:GB2409280135,pc:C1554,pm:0402CG200J500NT,qty:100,"
    "mc:C20, C21,cc:1,pdi:129558054,hp:12,wc:ZH}"
)
DIGIKEY_LINEAR = "2062291000000010834647"

PRINTED = (
    Printed(SymbolKind.DATA_MATRIX, DIGIKEY),
    Printed(SymbolKind.DATA_MATRIX, MOUSER),
    Printed(SymbolKind.DATA_MATRIX, OLD_MOUSER),
    Printed(SymbolKind.QR, LCSC),
    Printed(SymbolKind.CODE_128, DIGIKEY_LINEAR),
    Printed(SymbolKind.CODE_128, "X-7731/B"),
    Printed(SymbolKind.EAN_13, "4006381333931"),
    Printed(SymbolKind.EAN_8, "96385074"),
    Printed(SymbolKind.QR, "HRF:SKU:HDMI-PS5"),
    Printed(SymbolKind.DATA_MATRIX, "HRF:SKU:OPAMP-5532:LOT:B7:QTY:10"),
)
"""One of each kind of label that is met with, in the words of real bags."""


@dataclass(frozen=True)
class Distortion:
    """What happens between a label and its picture."""

    degrees: float = 0
    skew: float = 0
    """How far the corners wander, as a share of the size."""
    module: int = 4
    """Pixels of the smallest square or bar."""
    blur: float = 0
    """Radius in pixels, of a Gaussian."""
    noise: int = 0
    """Most that a pixel is off, of 255."""
    shade: int = 0
    """How much darker the right side is, of 255."""
    quality: int | None = 85
    """Of the JPEG; None: PNG."""

    @classmethod
    def drawn(cls, draw: random.Random) -> Self:
        """Draw one of those that phones make of bags on a bench."""
        return cls(
            degrees=draw.uniform(0, 360),
            skew=draw.uniform(0, 0.06),
            module=draw.randint(3, 6),
            blur=draw.uniform(0, 1.2),
            noise=draw.randint(0, 40),
            shade=draw.randint(0, 100),
            quality=draw.randint(40, 90),
        )


def picture(labels: Sequence[Printed], distortion: Distortion, *, seed: int = 0) -> bytes:
    """Return the file of a picture with labels beside each other, each turned and skewed."""
    draw = random.Random(seed)  # noqa: S311 - nothing secret
    placed = [_skewed(label, distortion, draw) for label in labels]
    size = (sum(each.width for each in placed), max(each.height for each in placed))
    scene = Image.new("L", size, _PAPER)
    left = 0
    for each in placed:
        scene.paste(each, (left, 0))
        left += each.width
    if distortion.shade:
        shadow = Image.linear_gradient("L").rotate(90).resize(size)
        scene = ImageChops.subtract(
            scene, shadow.point([value * distortion.shade // 255 for value in range(256)])
        )
    scene = scene.filter(ImageFilter.GaussianBlur(distortion.blur))
    if distortion.noise:
        grain = Image.frombytes("L", size, draw.randbytes(size[0] * size[1]))
        grain = grain.point([128 + (value - 128) * distortion.noise // 128 for value in range(256)])
        scene = ImageChops.add(scene, grain, offset=-128)
    file = io.BytesIO()
    if distortion.quality is None:
        scene.save(file, "PNG", compress_level=1)
    else:
        scene.save(file, "JPEG", quality=distortion.quality)
    return file.getvalue()


def _skewed(label: Printed, distortion: Distortion, draw: random.Random) -> Image.Image:
    symbol = draw_symbol(label.text, label.kind, module=distortion.module)
    width, height = symbol.size
    far = distortion.skew * min(symbol.size)
    x, y = [draw.uniform(0, far) for _ in range(4)], [draw.uniform(0, far) for _ in range(4)]
    corners = (
        *(-x[0], -y[0]),
        *(-x[1], height + y[1]),
        *(width + x[2], height + y[2]),
        *(width + x[3], -y[3]),
    )
    skewed = symbol.transform(
        symbol.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor=_PAPER
    )
    margin = 8 * distortion.module
    paper = Image.new("L", (width + 2 * margin, height + 2 * margin), _PAPER)
    paper.paste(skewed, (margin, margin))
    return paper.rotate(distortion.degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=_PAPER)
