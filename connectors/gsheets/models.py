"""Spreadsheets and their cells."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from pydantic import AliasPath, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Cell = bool | int | float | str | None
"""What a cell holds; empty ones come as ``""``. None leaves a cell as it is when written."""

Rows = Sequence[Sequence[Cell]]


class Render(StrEnum):
    """How cells are read.

    A formatted one is a text as people see it, in the spreadsheet's locale; an unformatted one a
    number where it is one, and a date the days since 1899-12-30.
    """

    FORMATTED = "FORMATTED_VALUE"
    UNFORMATTED = "UNFORMATTED_VALUE"
    FORMULA = "FORMULA"


class Entry(StrEnum):
    """How cells are written: as they are, or as if a person typed them, formulas included."""

    RAW = "RAW"
    TYPED = "USER_ENTERED"


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class Sheet(_Answer):
    """One sheet of a spreadsheet; rows and columns of its grid, empty ones included."""

    id: int = Field(validation_alias=AliasPath("properties", "sheetId"))
    title: str = Field(validation_alias=AliasPath("properties", "title"))
    row_count: int = Field(
        0, validation_alias=AliasPath("properties", "gridProperties", "rowCount")
    )
    column_count: int = Field(
        0, validation_alias=AliasPath("properties", "gridProperties", "columnCount")
    )


class Spreadsheet(_Answer):
    """A spreadsheet without its cells."""

    spreadsheet_id: str
    title: str = Field(validation_alias=AliasPath("properties", "title"))
    sheets: Sequence[Sheet] = ()


class ValueRange(_Answer):
    """Cells of a range; empty ends of rows, and empty rows at the end, are left out."""

    range: str
    values: Sequence[Sequence[Cell]] = ()


class ValueRanges(_Answer):
    """Cells of several ranges, in the order they were asked for."""

    value_ranges: Sequence[ValueRange] = ()


class Updated(_Answer):
    """What was written, and where."""

    updated_range: str
    updated_rows: int = 0
    updated_cells: int = 0


class Appended(_Answer):
    """What was written below a table."""

    updates: Updated


class BatchUpdated(_Answer):
    """What was written to several ranges."""

    responses: Sequence[Updated] = ()
