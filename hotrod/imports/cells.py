"""What a cell means: a number in the way it was written, a choice, a date, yes or no."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Literal, NamedTuple

from hotrod.errors import InvalidInputError
from hotrod.imports.sheets import Cell, Formula, Money

Mark = Literal[".", ","]

_SPACES = re.compile(r"[\s'\u2019\u00a0\u202f]")
_MONEY = re.compile(r"^(?:[A-Z]{1,3}\$|[A-Z]{2,3}|[$€£¥])|(?:[A-Z]{3}|[$€£¥])$")
_SYMBOLS: Mapping[str, frozenset[str]] = {
    "$": frozenset({"AUD", "CAD", "HKD", "NZD", "SGD", "USD"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "¥": frozenset({"CNY", "JPY"}),
}
_NUMBER = re.compile(r"[+-]?\d[\d.,]*")
_UNSURE = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}")
_YES = {"yes", "y", "true", "1", "x"}
_NO = {"no", "n", "false", "0"}


class Amount(NamedTuple):
    """Money as a cell holds it; ``signs`` are the currencies that it names, if any."""

    number: Decimal
    written: str
    signs: tuple[str, ...]


def decimal_mark(cells: Iterable[Cell]) -> Mark | None:
    """Return the decimal mark that numbers of a file use, or None when they don't tell, or differ.

    1,234 and 1.234 don't tell; 12,50 does, and so does 1.234,5.
    """
    told = {
        mark
        for cell in cells
        if isinstance(cell, str) and (mark := _mark_of(_bare(cell))) is not None
    }
    return told.pop() if len(told) == 1 else None


def read_number(cell: Cell, field: str, mark: Mark | None) -> Decimal:
    """Return a number: 1234.5, 1,234.50, 1 234,50 and "$1,234.50" are alike.

    Args:
        cell: that holds it.
        field: its column.
        mark: the file's decimal mark, for numbers that may be read in two ways.

    Raises:
        InvalidInputError: it is no number, or may be two.
    """
    if isinstance(cell, Decimal):
        return cell
    text = _bare(_text(cell, field))
    if unsure := _UNSURE.fullmatch(text):
        if mark is None:
            whole, part = text.split(unsure[1])
            raise InvalidInputError(
                field,
                f"{text} may be {whole}{part}, or {whole} and a fraction.",
                "Say which by --decimal comma or --decimal dot.",
            )
        decimal: str | None = mark
    else:
        decimal = _mark_of(text)
    plain = _plain(text, decimal)
    if plain is None:
        raise InvalidInputError(field, f"{cell!r} is no number.", "Write it like 1234.50.")
    return plain


def read_amount(cell: Cell, field: str, mark: Mark | None) -> Amount:
    """Return money, and what it says of its currency: 12.50, "12,50 CAD" or "$12.50".

    Raises:
        InvalidInputError: it is no number, or may be two.
    """
    if isinstance(cell, Money):
        return Amount(cell, f"{cell} ({' '.join(cell.signs)})", cell.signs)
    if isinstance(cell, str):
        told = cell.upper()
        signs = tuple(_MONEY.findall(_SPACES.sub("", told)))
        return Amount(read_number(told, field, mark), cell, signs)
    return Amount(read_number(cell, field, mark), str(cell), ())


def amount_in(amount: Amount, currency: str, field: str, cure: str) -> Decimal:
    """Return the number of an amount that is in a currency, as far as it says.

    Its code passes, and its symbol; "$" is that of every dollar, "CA$" of one.

    Raises:
        InvalidInputError: it names another currency.
    """
    for sign in amount.signs:
        if not _stands_for(sign, currency):
            raise InvalidInputError(field, f"{amount.written} says {sign}, not {currency}.", cure)
    return amount.number


def read_count(cell: Cell, field: str, mark: Mark | None) -> int:
    """Return a whole number that isn't negative.

    Raises:
        InvalidInputError: it is something else.
    """
    if isinstance(cell, Money) or (isinstance(cell, str) and _SYMBOLS.keys() & set(cell)):
        raise InvalidInputError(field, f"{cell} is money, not a count.", "Write it like 12.")
    number = read_number(cell, field, mark)
    if number != number.to_integral_value() or number < 0:
        raise InvalidInputError(field, f"{cell} is no count.", "Write a whole number, e.g. 12.")
    return int(number)


def read_text(cell: Cell, field: str) -> str:
    """Return text; a number as it would be written, so that a SKU of digits stays one.

    Raises:
        InvalidInputError: it is a date, or a formula without result.
    """
    if isinstance(cell, Decimal):
        whole = cell.to_integral_value()
        return f"{whole:f}" if cell == whole else f"{cell:f}"
    return _text(cell, field)


def read_choice(cell: Cell, field: str, choices: Sequence[str]) -> str:
    """Return one of some words, whatever its case.

    Raises:
        InvalidInputError: it is none of them.
    """
    text = _text(cell, field).casefold().replace("_", " ")
    if text not in choices:
        raise InvalidInputError(field, f"{text!r} isn't one.", f"Choose of {', '.join(choices)}.")
    return text


def read_flag(cell: Cell, field: str) -> bool:
    """Return yes or no.

    Raises:
        InvalidInputError: it is neither.
    """
    if isinstance(cell, bool):
        return cell
    text = read_text(cell, field).casefold()
    if text not in _YES | _NO:
        raise InvalidInputError(field, f"{text!r} is neither yes nor no.", "Write yes or no.")
    return text in _YES


def read_day(cell: Cell, field: str) -> date:
    """Return a day: a date of the spreadsheet, or text such as 2026-11-30.

    Raises:
        InvalidInputError: it is something else; 03/04/2026 may be two days.
    """
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=UTC).date()
    try:
        return date.fromisoformat(read_text(cell, field))
    except ValueError:
        raise InvalidInputError(field, f"{cell} is no day.", "Write it like 2026-11-30.") from None


def read_list(cell: Cell, field: str) -> list[str]:
    """Return the items of a cell, split at semicolons, bars, commas and line ends, each once.

    Raises:
        InvalidInputError: it is a date, or a formula without result.
    """
    items = (item.strip() for item in re.split(r"[;|,\n]", read_text(cell, field)))
    return list(dict.fromkeys(item for item in items if item))


def _text(cell: Cell, field: str) -> str:
    if isinstance(cell, Formula):
        raise InvalidInputError(
            field,
            f"{cell.text} is a formula without its result.",
            "Paste it as a value, or save the file in a spreadsheet program first.",
        )
    if isinstance(cell, datetime):
        raise InvalidInputError(
            field, f"the spreadsheet made a date of it ({cell:%Y-%m-%d}).", "Format it as text."
        )
    return "yes" if cell is True else "no" if cell is False else str(cell)


def _stands_for(sign: str, currency: str) -> bool:
    if sign in _SYMBOLS:
        return currency in _SYMBOLS[sign]
    if sign.endswith("$"):
        return currency in _SYMBOLS["$"] and sign[:-1] in {currency, currency[:2]}
    return sign == currency


def _bare(text: str) -> str:
    return _MONEY.sub("", _SPACES.sub("", text))


def _mark_of(text: str) -> Mark | None:
    """Return the decimal mark that a number shows, or None: it has none, or doesn't tell."""
    if not _NUMBER.fullmatch(text) or _UNSURE.fullmatch(text):
        return None
    comma, dot = text.count(","), text.count(".")
    if comma and dot:
        return "," if text.rindex(",") > text.rindex(".") else "."
    if comma + dot == 1:
        return "," if comma else "."
    if comma + dot > 1:
        return "." if comma else ","
    return None


def _plain(text: str, mark: str | None) -> Decimal | None:
    """Return the number, if groups of thousands are where they belong."""
    if not _NUMBER.fullmatch(text):
        return None
    whole, _, fraction = text.partition(mark) if mark else (text, "", "")
    thousands = "," if mark == "." else "."
    groups = whole.lstrip("+-").split(thousands)
    is_grouped = 1 <= len(groups[0]) <= 3 and all(len(each) == 3 for each in groups[1:])  # noqa: PLR2004 - thousands
    if (len(groups) > 1 and not is_grouped) or not "".join(groups).isdigit():
        return None
    try:
        return Decimal(f"{whole.replace(thousands, '')}.{fraction.rstrip('0')}")
    except InvalidOperation:
        return None
