"""Calls of Sheets v4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from connectors._http.errors import RejectedError
from connectors._http.google import GoogleApi
from connectors._http.google_client import GoogleClient
from connectors._http.limits import Rate
from connectors.gsheets.errors import CURES, TABLE
from connectors.gsheets.models import (
    Appended,
    BatchUpdated,
    Cell,
    Entry,
    Render,
    Rows,
    Spreadsheet,
    Updated,
    ValueRange,
    ValueRanges,
)

if TYPE_CHECKING:
    from googleapiclient._apis.sheets.v4 import SheetsResource

SERVICE = "gsheets"

RATE = Rate(60, 60.0)
"""For reads and writes together; Sheets allows a user 60 of each in a minute.

Source: Sheets API, "Usage limits".
"""

_DESCRIPTION = "spreadsheetId,properties(title),sheets(properties(sheetId,title,gridProperties))"


class SheetsClient(GoogleClient):
    """Reads and writes the cells of spreadsheets; ranges are in A1 notation, e.g. ``Leads!A2:C``.

    A write that failed half-way is not repeated here: ``append_values`` could write rows twice.
    Any other write may be repeated as it is, if nobody else writes there.

    The files' owner grants the scope ``spreadsheets``.
    """

    _google: GoogleApi[SheetsResource]
    _service, _name, _version = SERVICE, "sheets", "v4"
    _table, _cures = TABLE, CURES

    async def get_spreadsheet(self, spreadsheet_id: str) -> Spreadsheet:
        """Describe a spreadsheet and its sheets (``spreadsheets.get``).

        Raises:
            ServiceNotFoundError: it isn't there, or isn't shared with us.
            ConnectorError: as classified, see ``errors``.
        """
        return await self._google.fetch(
            Spreadsheet,
            "get_spreadsheet",
            lambda sheets: sheets.spreadsheets().get(
                spreadsheetId=spreadsheet_id, fields=_DESCRIPTION
            ),
            safe=True,
        )

    async def get_values(
        self, spreadsheet_id: str, area: str, *, render: Render = Render.UNFORMATTED
    ) -> Rows:
        """Return the cells of a range (``values.get``).

        Raises:
            RejectedError: the range can't be read, or names no sheet.
            ConnectorError: as classified, see ``errors``.
        """
        found = await self._google.fetch(
            ValueRange,
            "get_values",
            lambda sheets: (
                sheets.spreadsheets()
                .values()
                .get(spreadsheetId=spreadsheet_id, range=area, valueRenderOption=render.value)
            ),
            safe=True,
        )
        return found.values

    async def batch_get_values(
        self, spreadsheet_id: str, areas: Sequence[str], *, render: Render = Render.UNFORMATTED
    ) -> Sequence[ValueRange]:
        """Return the cells of several ranges by one call (``values.batchGet``).

        Raises:
            ConnectorError: as for ``get_values``; one wrong range refuses all.
        """
        found = await self._google.fetch(
            ValueRanges,
            "batch_get_values",
            lambda sheets: (
                sheets.spreadsheets()
                .values()
                .batchGet(
                    spreadsheetId=spreadsheet_id,
                    ranges=list(areas),
                    valueRenderOption=render.value,
                )
            ),
            safe=True,
        )
        return found.value_ranges

    async def rows(
        self, spreadsheet_id: str, area: str, *, render: Render = Render.UNFORMATTED
    ) -> list[dict[str, Cell]]:
        """Return the rows below a header row, each by the names that stand there.

        Columns without a name are left out, and rows with nothing in them; what a row lacks at
        its end is ``""``.

        Args:
            spreadsheet_id: whose.
            area: begins with the header row, e.g. the title of a sheet.
            render: how cells are read.

        Raises:
            RejectedError: a name stands twice in the header.
            ConnectorError: as for ``get_values``.
        """
        found = await self.get_values(spreadsheet_id, area, render=render)
        names = [str(cell).strip() for cell in found[0]] if found else []
        twice = {name for name in names if name and names.count(name) > 1}
        if twice:
            raise self._google.error(
                RejectedError, "rows", f"the header names twice: {', '.join(sorted(twice))}"
            )
        return [_row(names, cells) for cells in found[1:] if any(cell != "" for cell in cells)]

    async def update_values(
        self, spreadsheet_id: str, area: str, values: Rows, *, entry: Entry = Entry.RAW
    ) -> Updated:
        """Write cells from the range's first one on (``values.update``).

        Raises:
            UnknownOutcomeError: they may be written.
            RejectedError: they don't fit into the range.
            ConnectorError: as classified, see ``errors``.
        """
        return await self._google.fetch(
            Updated,
            "update_values",
            lambda sheets: (
                sheets.spreadsheets()
                .values()
                .update(
                    spreadsheetId=spreadsheet_id,
                    range=area,
                    valueInputOption=entry.value,
                    body={"values": _plain(values)},
                )
            ),
            safe=False,
        )

    async def append_values(
        self, spreadsheet_id: str, area: str, values: Rows, *, entry: Entry = Entry.RAW
    ) -> Updated:
        """Write rows below the table that lies in a range (``values.append``).

        Raises:
            UnknownOutcomeError: they may be written; again could be twice.
            ConnectorError: as classified, see ``errors``.
        """
        appended = await self._google.fetch(
            Appended,
            "append_values",
            lambda sheets: (
                sheets.spreadsheets()
                .values()
                .append(
                    spreadsheetId=spreadsheet_id,
                    range=area,
                    valueInputOption=entry.value,
                    insertDataOption="INSERT_ROWS",
                    body={"values": _plain(values)},
                )
            ),
            safe=False,
        )
        return appended.updates

    async def batch_update_values(
        self, spreadsheet_id: str, values: Mapping[str, Rows], *, entry: Entry = Entry.RAW
    ) -> Sequence[Updated]:
        """Write cells of several ranges: all of them, or none (``values.batchUpdate``).

        Args:
            spreadsheet_id: whose.
            values: from range to rows.
            entry: how cells are written.

        Raises:
            ConnectorError: as for ``update_values``.
        """
        data = [{"range": area, "values": _plain(rows)} for area, rows in values.items()]
        answer = await self._google.fetch(
            BatchUpdated,
            "batch_update_values",
            lambda sheets: (
                sheets.spreadsheets()
                .values()
                .batchUpdate(
                    spreadsheetId=spreadsheet_id,
                    body={"valueInputOption": entry.value, "data": data},  # type: ignore[typeddict-item]
                )
            ),
            safe=False,
        )
        return answer.responses

    async def clear_values(self, spreadsheet_id: str, areas: Sequence[str]) -> None:
        """Empty ranges; formats stay (``values.batchClear``).

        Raises:
            ConnectorError: as for ``update_values``.
        """
        await self._google.send(
            "clear_values",
            lambda sheets: (
                sheets.spreadsheets()
                .values()
                .batchClear(spreadsheetId=spreadsheet_id, body={"ranges": list(areas)})
            ),
            safe=False,
        )

    async def ping(self) -> None:
        """Ask for a spreadsheet that there isn't: Sheets has no call without one.

        Raises:
            ConnectorError: Sheets is not reached, or does not take our credentials.
        """
        await self._google.find(
            Spreadsheet,
            "ping",
            lambda sheets: sheets.spreadsheets().get(spreadsheetId="none", fields=_DESCRIPTION),
        )


def _plain(values: Rows) -> list[list[Cell]]:
    return [list(row) for row in values]


def _row(names: Sequence[str], cells: Sequence[Cell]) -> dict[str, Cell]:
    padded = [*cells, *[""] * (len(names) - len(cells))]
    return {name: cell for name, cell in zip(names, padded, strict=False) if name}
