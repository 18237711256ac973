"""Import parts into the catalogue; their stock comes by the ledger, never by a file of parts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.errors import InvalidInputError
from hotrod.forecast.settings import Criticality
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
from hotrod.imports.sheets import Sheet
from hotrod.labels.rules import product_number
from hotrod.parts.lowness import note_all_low
from hotrod.parts.models import Part, Tracking
from hotrod.repairs.diagnosis import Category
from hotrod.sourcing.costs import cents

_STOCK = frozenset({"quantity", "qty", "stock", "on_hand", "average_cost"})


def _as_on_labels(ean: str) -> str:
    try:
        return product_number(ean) if ean else ""
    except InvalidInputError as error:
        raise ValueError(error.reason) from None


class ImportedPart(BaseModel):
    """A part as a file may set it; its stock and average cost follow from the ledger."""

    model_config = ConfigDict(frozen=True)

    sku: str = Field(
        pattern=r"^[A-Z0-9][A-Z0-9-]{2,39}$",
        description="3 to 40 letters, digits and hyphens, with no hyphen first.",
    )
    name: str = Field(min_length=1, max_length=120)
    category: Category
    fits: Annotated[list[str], Field(min_length=1)]
    unit_cost: Decimal = Field(ge=0, max_digits=12, decimal_places=2)
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="three letters, e.g. CAD.")
    reorder_point: int = Field(0, ge=0, le=1_000_000)
    point_by_hand: bool = False
    criticality: Criticality = Criticality.B
    ean: Annotated[str, AfterValidator(_as_on_labels)] = ""
    tracking: Tracking = Tracking.NONE
    active: bool = True

    @field_validator("unit_cost")
    @classmethod
    def _to_the_cent(cls, cost: Decimal) -> Decimal:
        return cents(cost)


def told_columns() -> str:
    """Return in words which columns a file of parts may have, and what they hold."""
    fields = ImportedPart.model_fields.items()
    needed = [name for name, field in fields if field.is_required() and name != "currency"]
    others = [name for name in _readers(None) if name not in needed]
    choices = {
        "category": get_args(Category),
        "tracking": tuple(Tracking),
        "criticality": tuple(Criticality),
    }
    told = [f"{name} is one of {', '.join(words)}" for name, words in choices.items()]
    return (
        f"Columns of parts: {', '.join(needed)}, which a new part must have; and "
        f"{', '.join(others)}, which it may. For a part that is there sku is enough, and "
        f"an empty cell leaves what is known. {'; '.join(told)}; several fits are split by "
        "semicolons; active and point_by_hand are yes or no."
    )


async def import_parts(
    session: AsyncSession,
    file: str,
    sheet: Sheet,
    *,
    currency: str,
    mark: Mark | None = None,
    dry_run: bool = False,
) -> ImportReport:
    """Create and change parts as a file says; an empty cell leaves a part's value as it is.

    Args:
        session: in the transaction that the good rows are written in.
        file: its name, for the report.
        sheet: its table.
        currency: of new parts that name none.
        mark: the decimal mark, where the file's numbers don't tell.
        dry_run: only report; nothing is written.

    Raises:
        InvalidInputError: the file has no column ``sku``.
    """
    numbers = ("unit_cost", "reorder_point")
    told = mark or cells.decimal_mark(
        cell for row in sheet.rows for name, cell in row.cells.items() if name in numbers
    )
    readers = _readers(told)
    rows = read_rows(sheet, readers, "sku")
    found = await session.exec(
        select(Part)
        .where(col(Part.sku).in_({row.key for row in rows}))
        .order_by(col(Part.sku))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    known = {part.sku: part for part in found}
    reports: list[RowReport] = []
    repointed: list[Part] = []
    for row in rows:
        part = known.get(row.key)
        report, after = _import_row(row, part, currency)
        reports.append(report)
        if after and not dry_run:
            stored = Part(**after) if part is None else part.sqlmodel_update(after)
            session.add(stored)
            if part is None or any(one.field == "reorder_point" for one in report.changes):
                repointed.append(stored)
    low = {part.sku for part in await note_all_low(session, repointed)} if not dry_run else set()
    return ImportReport(
        file=file,
        what="parts",
        is_dry_run=dry_run,
        rows=tuple(
            row.model_copy(update={"became_low": row.key in low and not row.problems})
            for row in reports
        ),
        notes=_notes(sheet, readers),
    )


def _import_row(row: ReadRow, part: Part | None, currency: str) -> tuple[RowReport, dict[str, Any]]:
    """Return the report of a row, and the part's new values, if there are any."""
    if row.problems:
        return row.refused(), {}
    before: Mapping[str, Any] = {"currency": currency}
    if part is not None:
        before = part.model_dump(include=set(ImportedPart.model_fields))
    given = {**before, **row.values}
    try:
        if "unit_cost" in row.values:
            given["unit_cost"] = _cost_in(given["currency"], row.values["unit_cost"])
        after = ImportedPart.model_validate(given).model_dump()
    except InvalidInputError as error:
        return row.refused(Problem.of(error)), {}
    except ValidationError as error:
        return row.refused(*problems_of(error, ImportedPart)), {}
    if part is not None and after["currency"] != part.currency:
        problem = Problem(
            field="currency",
            reason=f"its stock is valued in {part.currency}.",
            cure="Give the cost in that currency, or make a new part.",
        )
        return row.refused(problem), {}
    changes = changes_between(before, after) if part is not None else ()
    outcome = Outcome.CREATED
    if part is not None:
        outcome = Outcome.CHANGED if changes else Outcome.UNCHANGED
    report = RowReport(number=row.number, key=row.key, outcome=outcome, changes=changes)
    return report, {} if outcome is Outcome.UNCHANGED else after


def _cost_in(currency: str, cost: cells.Amount) -> Decimal:
    cure = f"Give the cost in {currency}, or its currency in the column currency."
    return cells.amount_in(cost, currency, "unit_cost", cure)


def _readers(mark: Mark | None) -> dict[str, Reader]:
    return {
        "sku": lambda cell, field: cells.read_text(cell, field).upper(),
        "name": cells.read_text,
        "category": partial(cells.read_choice, choices=get_args(Category)),
        "fits": cells.read_list,
        "unit_cost": partial(cells.read_amount, mark=mark),
        "currency": lambda cell, field: cells.read_text(cell, field).upper(),
        "reorder_point": partial(cells.read_count, mark=mark),
        "point_by_hand": cells.read_flag,
        "criticality": lambda cell, field: cells.read_text(cell, field).upper(),
        "ean": cells.read_text,
        "tracking": partial(cells.read_choice, choices=list(Tracking)),
        "active": cells.read_flag,
    }


def _notes(sheet: Sheet, readers: Mapping[str, Reader]) -> tuple[str, ...]:
    return tuple(
        f"The column {column} isn't read: stock is counted by `hotrod stock count`."
        for column in sheet.columns
        if column in _STOCK
    ) + tuple(unread_columns(sheet, [*readers, *_STOCK]))
