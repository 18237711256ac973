"""Words of listings, and prices, fit to stand in ours: quoted, short, and nothing unseen."""

from __future__ import annotations

import unicodedata
from decimal import Decimal

LONGEST = 80


def quoted(text: str) -> str:
    """Return a listing's words in quotation marks, at most 80 characters with them.

    Control and formatting characters, such as those that turn the direction of writing, are
    dropped; quotation marks inside become apostrophes, so that nothing can end the quotation.
    """
    spaced = "".join(" " if char.isspace() else char for char in text)
    printable = "".join(char for char in spaced if unicodedata.category(char)[0] != "C")
    plain = " ".join(printable.split()).translate(_MARKS)
    room = LONGEST - 2
    return f'"{plain if len(plain) <= room else plain[: room - 1] + "…"}"'


_MARKS = str.maketrans(dict.fromkeys('"“”„‟«»\u2033', "'"))


def price_words(price: Decimal) -> str:
    """Return a price with its cents, and more digits where it has them: 8.20, 0.0045."""
    exact = price.normalize()
    return f"{price:.2f}" if exact == round(exact, 2) else f"{exact:f}"
