"""What the text of a symbol means."""

from __future__ import annotations

import re
from collections.abc import Callable

from hotrod.errors import InvalidInputError
from hotrod.labels.distributors import (
    is_lcsc,
    is_message,
    parse_digikey_linear,
    parse_lcsc,
    parse_message,
)
from hotrod.labels.models import RETAIL, Label, LabelSource, SymbolKind
from hotrod.labels.own import is_own, parse_own

MOST_CHARACTERS = 7089
"""What the largest QR code holds, in digits (ISO/IEC 18004); no other symbol holds more."""

_UPC_DIGITS = 12
_GTIN = re.compile(r"[0-9]{8}|[0-9]{12,13}")


def parse_label(text: str, kind: SymbolKind | None = None) -> Label:
    """Return what a label says. It never fails: what is wrong stands among its problems.

    Args:
        text: what the symbol holds, from our reader or from a scanner that types.
        kind: of the symbol; None when the scanner doesn't tell.
    """
    if len(text) > MOST_CHARACTERS:
        problem = f"No symbol holds more than {MOST_CHARACTERS} characters; this isn't a label."
        return Label(source=LabelSource.UNKNOWN, text=text[:MOST_CHARACTERS], problems=(problem,))
    stripped = text.strip(" \t\r\n")
    for is_of, parse in _FORMS:
        if is_of(stripped):
            return parse(stripped)
    if kind in RETAIL or (kind is None and _GTIN.fullmatch(stripped)):
        return _retail(stripped)
    if kind in {SymbolKind.CODE_128, None} and (digikey := parse_digikey_linear(stripped)):
        return digikey
    source = LabelSource.CODE_128 if kind is SymbolKind.CODE_128 else LabelSource.UNKNOWN
    return Label(source=source, text=text)


def check_digit(digits: str) -> str:
    """Return the digit that must follow.

    From the right, weights 3 and 1 take turns; the sum with the check digit is a multiple of ten
    (GS1 General Specifications, 7.9.1).
    """
    total = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits[::-1], 1))
    return str(-total % 10)


def product_number(text: str) -> str:
    """Return a product number as labels say it: of 8 or 13 digits, a UPC with a zero before it.

    Raises:
        InvalidInputError: it has other digits, or the wrong check digit.
    """
    if not _GTIN.fullmatch(text):
        reason = "it doesn't have the 8, 12 or 13 digits of a product number."
        raise InvalidInputError("EAN", reason, "Read it again.")
    if (right := check_digit(text[:-1])) != text[-1]:
        reason = f"its check digit is {text[-1]}, and would have to be {right}."
        raise InvalidInputError("EAN", reason, "Read it again.")
    return text.zfill(13) if len(text) == _UPC_DIGITS else text


def _own(text: str) -> Label:
    try:
        own = parse_own(text)
    except InvalidInputError as error:
        problem = f"{error.reason} {error.cure}"
        return Label(source=LabelSource.OWN, text=text, problems=(problem,))
    return Label(source=LabelSource.OWN, text=text, sku=own.sku, lot=own.lot, quantity=own.quantity)


def _retail(text: str) -> Label:
    try:
        return Label(source=LabelSource.EAN, text=text, gtin=product_number(text))
    except InvalidInputError as error:
        problem = f"{error.reason[0].upper()}{error.reason[1:]} {error.cure}"
        return Label(source=LabelSource.EAN, text=text, problems=(problem,))


_FORMS: tuple[tuple[Callable[[str], bool], Callable[[str], Label]], ...] = (
    (is_own, _own),
    (is_message, parse_message),
    (is_lcsc, parse_lcsc),
)
