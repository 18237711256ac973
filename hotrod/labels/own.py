"""What stands in the symbols on our own labels: ``HRF:SKU:HDMI-PS5:LOT:B7:QTY:10``.

Names and values alternate, with colons between them; lot and quantity may be missing. Every
character is of QR's alphanumeric set (ISO/IEC 18004, table 5), which takes 5.5 bits instead of 8
and which any scanner can type. Nothing is signed: a label says what lies there, and proves nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hotrod.errors import InvalidInputError

_MARK = "HRF"
_SKU = re.compile(r"[A-Z0-9][A-Z0-9-]{2,39}")
_LOT = re.compile(r"[A-Z0-9][A-Z0-9.-]{0,19}")
_QUANTITY = re.compile(r"[1-9][0-9]{0,8}")
_SHAPES = {"SKU": _SKU, "LOT": _LOT, "QTY": _QUANTITY}
_FORM = "Our labels read like HRF:SKU:HDMI-PS5:LOT:B7:QTY:10."


@dataclass(frozen=True)
class OwnLabel:
    """What one of our labels says.

    Args:
        sku: three to forty capital letters, digits and hyphens.
        lot: at most twenty capital letters, digits, points and hyphens.
        quantity: pieces in the bag.
    """

    sku: str
    lot: str | None = None
    quantity: int | None = None

    @property
    def text(self) -> str:
        """What its symbol holds.

        Raises:
            InvalidInputError: a value that our labels can't hold.
        """
        quantity = None if self.quantity is None else str(self.quantity)
        fields = {"SKU": self.sku, "LOT": self.lot, "QTY": quantity}
        said = {name: value for name, value in fields.items() if value is not None}
        _check(said)
        return ":".join([_MARK, *(word for pair in said.items() for word in pair)])


def is_own(text: str) -> bool:
    """Tell whether a text claims to be of one of our labels."""
    return text.startswith(f"{_MARK}:")


def parse_own(text: str) -> OwnLabel:
    """Return what one of our labels says.

    Raises:
        InvalidInputError: not one of ours, or a broken one.
    """
    mark, *words = text.split(":")
    names, values = words[::2], words[1::2]
    if mark != _MARK or len(names) != len(values) or len(set(names)) < len(names):
        raise InvalidInputError("label", "It is broken.", _FORM)
    said = dict(zip(names, values, strict=True))
    _check(said)
    quantity = said.get("QTY")
    return OwnLabel(said["SKU"], said.get("LOT"), None if quantity is None else int(quantity))


def _check(said: dict[str, str]) -> None:
    if "SKU" not in said:
        raise InvalidInputError("label", "It has no SKU.", _FORM)
    for name, value in said.items():
        if name not in _SHAPES or not _SHAPES[name].fullmatch(value):
            raise InvalidInputError("label", f"It can't hold {value!r} as {name!r}.", _FORM)
