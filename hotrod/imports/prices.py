"""Import a supplier's price list."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator
from rapidfuzz import fuzz, process
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.errors import InvalidInputError
from hotrod.imports import cells
from hotrod.imports.cells import Mark
from hotrod.imports.report import (
    ImportReport,
    Outcome,
    Problem,
    RowReport,
    changes_between,
    problems_of,
)
from hotrod.imports.rows import Reader, ReadRow, read_rows, unread_columns
from hotrod.imports.sheets import Cell, Sheet
from hotrod.parts.models import Part
from hotrod.sourcing.models import Condition
from hotrod.sourcing.sources import PriceListRow
from hotrod.sourcing.words import price_words
from hotrod.suppliers.models import SupplierPrice, SupplierRow
from hotrod.suppliers.store import price_list_row

_BREAK = re.compile(r"(?:unit_)?price(?:_from)?(?:_([1-9]\d{0,6}))?")
_ALIKE = 60
_NEEDED = ("reference", "sku", "price")
_COUNTS = ("minimum", "pack_size", "available")
_DAYS = re.compile(r"(\d{1,3})(?:\s*[-\u2013]\s*(\d{1,3}))?")


class ImportedPrice(PriceListRow):
    """A line of a price list as it is stored; prices fall, or stay, with the quantity."""

    reference: str = Field(min_length=1, max_length=80)
    title: str = Field(min_length=1, max_length=200)
    part_number: str = Field("", max_length=80)
    url: str = Field(
        "",
        max_length=500,
        pattern=r"^(https?://\S+)?$",
        description="an address that begins with https:// or http://, without spaces.",
    )

    @model_validator(mode="after")
    def _prices_make_sense(self) -> Self:
        steps = [(each.from_quantity, each.unit_price) for each in self.prices]
        if len(dict(steps)) < len(steps):
            raise ValueError("two prices are for the same quantity")
        falling = [price for _, price in steps]
        if min(falling) <= 0:
            raise ValueError("a price must be above 0")
        if falling != sorted(falling, reverse=True):
            raise ValueError("a price rises with the quantity: are the columns swapped?")
        return self


def told_columns() -> str:
    """Return in words which columns a price list may have, and what they hold."""
    others = [name for name in _readers((), None) if name not in _NEEDED]
    return (
        f"Columns of a price list: {', '.join(_NEEDED)}, which a new line must have; and "
        f"{', '.join(others)}, which it may. price is that of one piece from minimum on, or from "
        "1; price_10 from 10 on, and so with any number. A line that is there is known by its "
        "reference, and an empty cell leaves what is known; but a price replaces all of its "
        f"line's. condition is one of {', '.join(Condition)}; lead_days are 3, or 2-5; seen_at and "
        "valid_until are days like 2026-11-30."
    )


async def import_prices(
    session: AsyncSession,
    file: str,
    sheet: Sheet,
    supplier: SupplierRow,
    *,
    at: datetime,
    mark: Mark | None = None,
    dry_run: bool = False,
) -> ImportReport:
    """Create and change a supplier's prices as a file says.

    An empty cell leaves a value as it is, but a row with a price replaces all its price breaks.
    Prices that the file doesn't name stay. Columns ``price_10`` or "Price from 10" hold the price
    of one piece from 10 pieces on; ``unit_price`` that from ``minimum`` on, or from 1.

    Args:
        session: in the transaction that the good rows are written in.
        file: its name, for the report.
        sheet: its table.
        supplier: whose list it is.
        at: when the list was seen, where a row doesn't say.
        mark: the decimal mark, where the file's numbers don't tell.
        dry_run: only report; nothing is written.

    Raises:
        InvalidInputError: the file has no column ``reference``.
    """
    breaks = [column for column in sheet.columns if _BREAK.fullmatch(column)]
    told = mark or cells.decimal_mark(
        cell
        for row in sheet.rows
        for name, cell in row.cells.items()
        if name in _COUNTS or name in breaks
    )
    readers = _readers(breaks, told)
    rows = read_rows(sheet, readers, "reference")
    parts = await _parts(session)
    known = await _known(session, supplier, rows)
    reports = []
    for row in rows:
        stored = known.get(row.key)
        report, values = _import_row(row, supplier, stored, parts, at)
        if values and not dry_run:
            session.add(
                SupplierPrice(**values) if stored is None else stored[0].sqlmodel_update(values)
            )
        reports.append(report)
    await session.flush()
    return ImportReport(
        file=file,
        what=f"prices of {supplier.key}",
        is_dry_run=dry_run,
        rows=tuple(reports),
        notes=tuple(unread_columns(sheet, readers)),
    )


_Stored = tuple[SupplierPrice, str]


async def _known(
    session: AsyncSession, supplier: SupplierRow, rows: Sequence[ReadRow]
) -> dict[str, _Stored]:
    found = await session.exec(
        select(SupplierPrice, Part.sku)
        .join(Part, col(SupplierPrice.part_id) == Part.id)
        .where(
            SupplierPrice.supplier_id == supplier.id,
            col(SupplierPrice.reference).in_({row.key for row in rows}),
        )
        .order_by(col(SupplierPrice.reference))
        .with_for_update(of=SupplierPrice)
        .execution_options(populate_existing=True)
    )
    return {price.reference: (price, sku) for price, sku in found}


async def _parts(session: AsyncSession) -> dict[str, Part]:
    found = await session.exec(select(Part))
    return {part.sku: part for part in found}


def _import_row(
    row: ReadRow,
    supplier: SupplierRow,
    stored: _Stored | None,
    parts: Mapping[str, Part],
    at: datetime,
) -> tuple[RowReport, dict[str, Any]]:
    """Return the report of a row, and the values to be written, if any."""
    if row.problems:
        return row.refused(), {}
    before = price_list_row(*stored).model_dump() if stored and stored[0].prices else {}
    try:
        given = {**before, **_given(row, supplier, at)}
        part = _part_of(given, parts)
        _refuse_older(before, given)
        price = ImportedPrice.model_validate({"title": part.name, **given})
    except InvalidInputError as error:
        return row.refused(Problem.of(error)), {}
    except ValidationError as error:
        return row.refused(*problems_of(error, ImportedPrice)), {}
    changes = changes_between(_shown(before), _shown(price.model_dump())) if before else ()
    outcome = Outcome.CREATED
    if before:
        outcome = Outcome.CHANGED if changes else Outcome.UNCHANGED
    report = RowReport(number=row.number, key=row.key, outcome=outcome, changes=changes)
    if outcome is Outcome.UNCHANGED:
        return report, {"seen_at": price.seen_at}
    return report, _values(price, supplier, part)


def _part_of(given: Mapping[str, Any], parts: Mapping[str, Part]) -> Part:
    sku = given.get("sku")
    if sku is None:
        raise InvalidInputError("sku", "it is empty.", "Name our part.")
    if sku not in parts:
        near = process.extract(sku, list(parts), scorer=fuzz.ratio, limit=2, score_cutoff=_ALIKE)
        meant = f"Did you mean {' or '.join(name for name, _, _ in near)}? " if near else ""
        raise InvalidInputError(
            "sku", f"there is no part {sku}.", f"{meant}Import the part first, or correct its SKU."
        )
    return parts[sku]


def _refuse_older(before: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    if before and before["seen_at"] > given["seen_at"]:
        raise InvalidInputError(
            "seen_at",
            f"a list of {before['seen_at']:%Y-%m-%d} was read already.",
            "Import a newer list.",
        )


def _given(row: ReadRow, supplier: SupplierRow, at: datetime) -> dict[str, Any]:
    """Return the fields that a row sets.

    Raises:
        InvalidInputError: its currency, or that of a price, isn't the supplier's.
    """
    values = dict(row.values)
    currency = values.pop("currency", supplier.currency)
    cure = (
        f"Ask for a list in {supplier.currency}; one in another currency belongs to a supplier of "
        "its own."
    )
    if currency != supplier.currency:
        raise InvalidInputError("currency", f"{supplier.key} sells in {supplier.currency}.", cure)
    least = values.pop("minimum", 1)
    prices = []
    for column in [name for name in values if _BREAK.fullmatch(name)]:
        found = _BREAK.fullmatch(column)
        quantity = int(found[1]) if found and found[1] else least
        unit_price = cells.amount_in(values.pop(column), supplier.currency, column, cure)
        prices.append({"from_quantity": quantity, "unit_price": unit_price})
    if prices:
        values["prices"] = tuple(sorted(prices, key=lambda one: int(one["from_quantity"])))
    values["seen_at"] = _midnight(values["seen_at"]) if "seen_at" in values else at
    if "valid_until" in values:
        values["valid_until"] = _midnight(values["valid_until"] + timedelta(days=1))
    return values


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a reader compares; that it was seen again is no change."""
    prices = [
        f"{price_words(one['unit_price'])} from {one['from_quantity']}" for one in values["prices"]
    ]
    return {name: value for name, value in values.items() if name != "seen_at"} | {"prices": prices}


def _values(price: ImportedPrice, supplier: SupplierRow, part: Part) -> dict[str, Any]:
    least, most = price.lead_days or (None, None)
    return price.model_dump(exclude={"sku", "prices", "lead_days"}) | {
        "supplier_id": supplier.id,
        "part_id": part.id,
        "prices": [one.model_dump(mode="json") for one in price.prices],
        "lead_days_least": least,
        "lead_days_most": most,
    }


def _readers(breaks: Sequence[str], mark: Mark | None) -> dict[str, Reader]:
    return {
        "reference": cells.read_text,
        "sku": lambda cell, field: cells.read_text(cell, field).upper(),
        "title": cells.read_text,
        "part_number": cells.read_text,
        "condition": partial(cells.read_choice, choices=list(Condition)),
        "currency": lambda cell, field: cells.read_text(cell, field).upper(),
        "lead_days": _read_days,
        "url": cells.read_text,
        "seen_at": cells.read_day,
        "valid_until": cells.read_day,
        **{name: partial(cells.read_count, mark=mark) for name in _COUNTS},
        **{name: partial(cells.read_amount, mark=mark) for name in breaks},
    }


def _read_days(cell: Cell, field: str) -> tuple[int, int]:
    found = _DAYS.fullmatch(cells.read_text(cell, field))
    if found is None:
        raise InvalidInputError(field, f"{cell!r} are no days.", "Write 3, or 2-5.")
    return int(found[1]), int(found[2] or found[1])
