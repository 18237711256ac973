"""What the Sheets connector promises, against the stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors._http.errors import (
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from connectors.gsheets.client import SheetsClient
from connectors.gsheets.models import Entry, Render
from sandbox.google.access import Quotas
from sandbox.google.files import SPREADSHEET, DriveFile, DriveStore
from sandbox.google.grid import Sheet
from tests.contract.cases.google import no_wait, settings

ORDERS = (
    ("Order", "Items", "Total", "", "Paid"),
    ("SO-1", 2, 12.5, "note", True),
    (),
    ("SO-2", 1),
)


@pytest.fixture
def spreadsheet(stand_ins: Any) -> str:
    sheets = (Sheet("Orders", ORDERS), Sheet("Parts & prices", sheet_id=1))
    file = DriveFile(name="Orders", mime_type=SPREADSHEET, sheets=sheets)
    return str(stand_ins.sandbox.state.store(DriveStore).add(file).id)


@pytest.fixture
async def sheets(stand_ins: Any) -> AsyncIterator[SheetsClient]:
    sheets = SheetsClient(
        **settings(stand_ins), timeout_seconds=5.0, retry=RetryPolicy(sleep=no_wait)
    )
    yield sheets
    await sheets.aclose()


async def test_a_spreadsheet_is_described(sheets: SheetsClient, spreadsheet: str) -> None:
    found = await sheets.get_spreadsheet(spreadsheet)

    assert (found.title, found.spreadsheet_id) == ("Orders", spreadsheet)
    assert [(one.id, one.title) for one in found.sheets] == [(0, "Orders"), (1, "Parts & prices")]
    assert (found.sheets[0].row_count, found.sheets[0].column_count) == (1000, 26)


async def test_rows_go_by_the_names_of_the_header(sheets: SheetsClient, spreadsheet: str) -> None:
    assert await sheets.rows(spreadsheet, "Orders") == [
        {"Order": "SO-1", "Items": 2, "Total": 12.5, "Paid": True},
        {"Order": "SO-2", "Items": 1, "Total": "", "Paid": ""},
    ]
    assert await sheets.rows(spreadsheet, "'Parts & prices'!A:E") == []


async def test_a_name_that_stands_twice_is_rejected(sheets: SheetsClient, spreadsheet: str) -> None:
    await sheets.update_values(spreadsheet, "Orders!D1", [["Total"]])

    with pytest.raises(RejectedError, match="names twice: Total"):
        await sheets.rows(spreadsheet, "Orders")


async def test_cells_are_read_as_values_or_as_people_see_them(
    sheets: SheetsClient, spreadsheet: str
) -> None:
    assert await sheets.get_values(spreadsheet, "Orders!B2:E2") == [[2, 12.5, "note", True]]
    shown = await sheets.get_values(spreadsheet, "Orders!B2:E2", render=Render.FORMATTED)
    assert shown == [["2", "12.5", "note", "TRUE"]]


async def test_several_ranges_are_read_by_one_call(
    stand_ins: Any, sheets: SheetsClient, spreadsheet: str
) -> None:
    first, second = await sheets.batch_get_values(spreadsheet, ["Orders!A1:A2", "Orders!A4"])

    assert (first.values, second.values) == ([["Order"], ["SO-1"]], [["SO-2"]])
    assert sum("batchGet" in call["path"] for call in await stand_ins.calls("google")) == 1


async def test_what_is_written_is_there(sheets: SheetsClient, spreadsheet: str) -> None:
    raw = await sheets.update_values(spreadsheet, "Orders!A2:B2", [["=SUM(A1)", "7"]])
    await sheets.update_values(spreadsheet, "Orders!A4", [["SO-9", "7", None]], entry=Entry.TYPED)

    assert (raw.updated_range, raw.updated_cells) == ("Orders!A2:B2", 2)
    assert await sheets.get_values(spreadsheet, "Orders!A2:B4") == [
        ["=SUM(A1)", "7"],
        [],
        ["SO-9", 7],
    ]


async def test_rows_are_appended_below_the_table(sheets: SheetsClient, spreadsheet: str) -> None:
    await sheets.clear_values(spreadsheet, ["Orders!A3:E4"])
    one = await sheets.append_values(spreadsheet, "Orders!A1:E1", [["SO-3", 1], ["SO-4", 2]])
    two = await sheets.append_values(spreadsheet, "Orders", [["SO-5", 3]])

    assert (one.updated_range, two.updated_range) == ("Orders!A3:B4", "Orders!A5:B5")
    assert await sheets.get_values(spreadsheet, "Orders!A3:A") == [["SO-3"], ["SO-4"], ["SO-5"]]


async def test_several_ranges_are_written_or_none(sheets: SheetsClient, spreadsheet: str) -> None:
    written = await sheets.batch_update_values(
        spreadsheet, {"Orders!A2": [["SO-7"]], "'Parts & prices'!A1:B1": [["SKU", "Price"]]}
    )
    assert [one.updated_range for one in written] == ["Orders!A2", "'Parts & prices'!A1:B1"]

    with pytest.raises(RejectedError, match="Unable to parse range"):
        await sheets.batch_update_values(
            spreadsheet, {"Orders!A2": [["SO-8"]], "Nowhere!A1": [["x"]]}
        )
    assert await sheets.get_values(spreadsheet, "Orders!A2") == [["SO-7"]]


async def test_ranges_are_cleared(sheets: SheetsClient, spreadsheet: str) -> None:
    await sheets.clear_values(spreadsheet, ["Orders!A2:C", "Orders!E1"])

    assert await sheets.get_values(spreadsheet, "Orders") == [
        ["Order", "Items", "Total"],
        ["", "", "", "note", True],
    ]


async def test_what_does_not_fit_is_rejected(sheets: SheetsClient, spreadsheet: str) -> None:
    with pytest.raises(RejectedError, match="tried writing beyond"):
        await sheets.update_values(spreadsheet, "Orders!A1:B1", [["a", "b", "c"]])
    with pytest.raises(RejectedError, match="exceeds grid limits"):
        await sheets.get_values(spreadsheet, "Orders!ZZ1")


async def test_what_is_not_there_is_told(sheets: SheetsClient) -> None:
    with pytest.raises(ServiceNotFoundError):
        await sheets.get_spreadsheet("nowhere")
    await sheets.ping()


async def test_sixty_reads_and_sixty_writes_a_minute(
    stand_ins: Any, sheets: SheetsClient, spreadsheet: str
) -> None:
    quotas = stand_ins.sandbox.state.store(Quotas)
    for _ in range(60):
        assert quotas.sheets_writes.take() is None

    with pytest.raises(RateLimitedError, match="RATE_LIMIT_EXCEEDED"):
        await sheets.append_values(spreadsheet, "Orders", [["SO-3"]])

    assert await sheets.get_values(spreadsheet, "Orders!A4") == [["SO-2"]]


async def test_rows_that_may_be_appended_are_not_appended_again(
    stand_ins: Any, sheets: SheetsClient, spreadsheet: str
) -> None:
    await stand_ins.fault("google", "drop_after_accept", path=":append")

    with pytest.raises(UnknownOutcomeError, match="Look in the spreadsheet"):
        await sheets.append_values(spreadsheet, "Orders", [["SO-3"]])

    assert await sheets.get_values(spreadsheet, "Orders!A5:A") == [["SO-3"]]
