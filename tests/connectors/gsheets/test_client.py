from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy
from connectors.gsheets.client import SheetsClient
from connectors.gsheets.models import Entry, Render, Updated
from tests.connectors.conftest import FaultyServer
from tests.connectors.google_kit import SECRET, parameters, path, settings


@pytest.fixture
async def sheets(
    server: FaultyServer, retry: RetryPolicy, recorder: MemoryRecorder
) -> AsyncIterator[SheetsClient]:
    sheets = SheetsClient(**settings(server), shared=Shared(recorder=recorder), retry=retry)
    yield sheets
    await sheets.aclose()


def refuse(server: FaultyServer, status: int, canonical: str, reason: str = "") -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]
    error = {"code": status, "message": f"No, {SECRET}, ann@example.org.", "status": canonical}
    server.answer(status, {"error": {**error, "details": details} if reason else error})


async def test_cells_are_asked_for_as_wanted(server: FaultyServer, sheets: SheetsClient) -> None:
    server.answer(200, {"range": "A!A1:B1", "majorDimension": "ROWS", "values": [["x", 1.5, True]]})
    server.answer(200, {"range": "A!A2"})

    assert await sheets.get_values("s1", "A!A1:B1") == [["x", 1.5, True]]
    assert await sheets.get_values("s1", "A!A2", render=Render.FORMULA) == ()

    first, second = server.seen[1:]
    assert unquote(path(first)) == "/v4/spreadsheets/s1/values/A!A1:B1"
    assert parameters(first)["valueRenderOption"] == "UNFORMATTED_VALUE"
    assert parameters(second)["valueRenderOption"] == "FORMULA"


async def test_several_ranges_are_asked_for_at_once(
    server: FaultyServer, sheets: SheetsClient
) -> None:
    server.answer(200, {"valueRanges": [{"range": "A!A1", "values": [["x"]]}, {"range": "B!A1"}]})

    found = await sheets.batch_get_values("s1", ["A!A1", "B!A1"])

    assert [one.values for one in found] == [[["x"]], ()]
    asked = parse_qs(urlsplit(server.seen[-1].target).query)
    assert asked["ranges"] == ["A!A1", "B!A1"]


async def test_rows_leave_out_what_has_no_name_or_no_content(
    server: FaultyServer, sheets: SheetsClient
) -> None:
    cells: list[list[Any]] = [[" Name ", "", "Age"], ["Ann", "?", 3], [], ["", ""], ["Bob"]]
    server.answer(200, {"range": "A", "values": cells})

    assert await sheets.rows("s1", "A") == [{"Name": "Ann", "Age": 3}, {"Name": "Bob", "Age": ""}]


@pytest.mark.parametrize(("entry", "option"), [(Entry.RAW, "RAW"), (Entry.TYPED, "USER_ENTERED")])
async def test_rows_are_appended_as_wanted(
    server: FaultyServer, sheets: SheetsClient, entry: Entry, option: str
) -> None:
    told = {"updatedRange": "A!A9:B9", "updatedRows": 1, "updatedCells": 2}
    server.answer(200, {"spreadsheetId": "s1", "updates": told})

    written = await sheets.append_values("s1", "A", (("x", None),), entry=entry)

    assert written == Updated.model_validate(told)
    asked = server.seen[-1]
    assert (asked.method, path(asked)) == ("POST", "/v4/spreadsheets/s1/values/A:append")
    assert parameters(asked)["valueInputOption"] == option
    assert parameters(asked)["insertDataOption"] == "INSERT_ROWS"
    assert json.loads(asked.body) == {"values": [["x", None]]}


async def test_writes_and_clears_say_where(server: FaultyServer, sheets: SheetsClient) -> None:
    server.answer(200, {"updatedRange": "A!A1"})
    server.answer(200, {"responses": [{"updatedRange": "A!A1"}, {"updatedRange": "B!A1"}]})
    server.answer(200, {"clearedRanges": ["A!A1"]})

    await sheets.update_values("s1", "A!A1", [["x"]])
    await sheets.batch_update_values("s1", {"A!A1": [["x"]], "B!A1": [["y"]]})
    await sheets.clear_values("s1", ["A!A1"])

    update, batch, clear = server.seen[1:]
    assert (update.method, json.loads(update.body)) == ("PUT", {"values": [["x"]]})
    assert json.loads(batch.body) == {
        "valueInputOption": "RAW",
        "data": [{"range": "A!A1", "values": [["x"]]}, {"range": "B!A1", "values": [["y"]]}],
    }
    assert json.loads(clear.body) == {"ranges": ["A!A1"]}


@pytest.mark.parametrize(
    ("status", "canonical", "reason", "kind", "tries"),
    [
        (429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", RateLimitedError, 3),
        (429, "RESOURCE_EXHAUSTED", "", RateLimitedError, 3),
        (503, "UNAVAILABLE", "", TransientError, 3),
        (400, "INVALID_ARGUMENT", "", RejectedError, 1),
        (400, "FAILED_PRECONDITION", "", RejectedError, 1),
        (403, "PERMISSION_DENIED", "", NeedsReauthError, 1),
        (404, "NOT_FOUND", "", ServiceNotFoundError, 1),
    ],
)
async def test_refusals_have_their_class_and_no_secret(
    server: FaultyServer,
    sheets: SheetsClient,
    status: int,
    canonical: str,
    reason: str,
    kind: type[ConnectorError],
    tries: int,
) -> None:
    for _ in range(tries):
        refuse(server, status, canonical, reason)

    with pytest.raises(kind, match=reason or canonical) as caught:
        await sheets.get_spreadsheet("s1")

    assert SECRET not in str(caught.value)
    assert "ann@example.org" not in str(caught.value)


async def test_a_write_that_broke_down_is_unknown(
    server: FaultyServer, sheets: SheetsClient, waits: list[float]
) -> None:
    refuse(server, 503, "UNAVAILABLE")

    with pytest.raises(UnknownOutcomeError, match="Look in the spreadsheet"):
        await sheets.append_values("s1", "A", [["x"]])

    assert waits == []


async def test_a_ping_only_asks_whether_we_are_let_in(
    server: FaultyServer, sheets: SheetsClient, recorder: MemoryRecorder
) -> None:
    refuse(server, 404, "NOT_FOUND")
    await sheets.ping()

    refuse(server, 403, "PERMISSION_DENIED")
    with pytest.raises(NeedsReauthError):
        await sheets.ping()

    outcomes = [call.outcome for call in recorder.calls if call.service == "gsheets"]
    assert outcomes == ["ok", "NeedsReauthError"]


async def test_a_ping_finds_out_that_something_else_answers(
    server: FaultyServer, sheets: SheetsClient
) -> None:
    server.answer(404, b"<html>Not Found", Content_Type="text/html")

    with pytest.raises(ServiceNotFoundError, match="HOTROD_GOOGLE__BASE_URL"):
        await sheets.ping()
