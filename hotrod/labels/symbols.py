"""Symbols as zxing-cpp knows them: which we read, and how one is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import zxingcpp

from hotrod.errors import InvalidInputError
from hotrod.labels.models import SymbolKind

if TYPE_CHECKING:
    from PIL import Image

FORMATS = {
    SymbolKind.QR: zxingcpp.BarcodeFormat.QRCode,
    SymbolKind.DATA_MATRIX: zxingcpp.BarcodeFormat.DataMatrix,
    SymbolKind.CODE_128: zxingcpp.BarcodeFormat.Code128,
    SymbolKind.EAN_13: zxingcpp.BarcodeFormat.EAN13,
    SymbolKind.EAN_8: zxingcpp.BarcodeFormat.EAN8,
}
_OPTIONS = {SymbolKind.DATA_MATRIX: {"force_square": True}}
"""Where a shape is to be chosen: strips of Data Matrix get lost on photos."""


def draw_symbol(text: str, kind: SymbolKind, *, module: int = 1, quiet: bool = True) -> Image.Image:
    """Return the picture of a symbol, black on white.

    Args:
        text: what it holds.
        kind: of the symbol.
        module: pixels of its smallest square or bar.
        quiet: with the white margin that readers need.

    Raises:
        InvalidInputError: such a symbol can't hold this text.
    """
    from PIL import Image

    try:
        barcode = zxingcpp.create_barcode(text, FORMATS[kind], **_OPTIONS.get(kind, {}))
    except ValueError as error:
        reason = f"No {kind} symbol can hold it ({error})."
        raise InvalidInputError("text", reason, "Use another kind, or a shorter text.") from None
    pixels: Any = zxingcpp.write_barcode_to_image(barcode, scale=module, add_quiet_zones=quiet)
    height, width = pixels.shape
    return Image.frombytes("L", (width, height), bytes(memoryview(pixels)))
