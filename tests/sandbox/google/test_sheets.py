from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.google.grid import RangeError, Sheet, find_area, find_table, letters
from tests.sandbox.google.conftest import Google

RAW = {"valueInputOption": "RAW"}


def values(file_id: str, area: str = "") -> str:
    return f"/v4/spreadsheets/{file_id}/values/{area}"


async def put(google: Google, file_id: str, area: str, body: object, **more: str) -> httpx.Response:
    return await google.ask("PUT", values(file_id, area), params={**RAW, **more}, json=body)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Orders", "Orders!A1:Z1000"),
        ("'Orders'", "Orders!A1:Z1000"),
        ("Orders!A1", "Orders!A1"),
        ("a1:b2", "Orders!A1:B2"),
        ("Orders!$B$2:A1", "Orders!A1:B2"),
        ("Orders!B2:C", "Orders!B2:C1000"),
        ("Orders!B:B", "Orders!B1:B1000"),
        ("Orders!2:3", "Orders!A2:Z3"),
        ("'It''s & more'!A1", "'It''s & more'!A1"),
    ],
)
def test_ranges_are_read(text: str, shown: str) -> None:
    assert str(find_area([Sheet("Orders"), Sheet("It's & more")], text)) == shown


@pytest.mark.parametrize(
    "text", ["", "!", "Nowhere!A1", "Orders!", "Orders!A", "Orders!1", "A0", "A1:", "Orders!ZZZ1"]
)
def test_other_ranges_are_not(text: str) -> None:
    with pytest.raises(RangeError):
        find_area([Sheet("Orders")], text)


@given(st.integers(0, 18_000))
def test_columns_have_names_of_their_own(column: int) -> None:
    sheet = Sheet("S", column_count=20_000)

    assert find_area([sheet], f"{letters(column)}1").left == column


cells = st.none() | st.text(max_size=3) | st.integers() | st.booleans()


@given(st.integers(0, 5), st.integers(0, 5), st.lists(st.lists(cells, max_size=4), max_size=4))
def test_what_is_put_is_read_back(top: int, left: int, rows: list[list[Any]]) -> None:
    sheet = Sheet("S", (("x",) * 3,) * 3).put(top, left, rows)

    for down, row in enumerate(rows):
        for across, cell in enumerate(row):
            place = f"{letters(left + across)}{top + down + 1}"
            found = find_area([sheet], place).values()
            if cell is not None:
                assert found == ([] if cell == "" else [[cell]])


@pytest.mark.parametrize(
    ("area", "table"),
    [("A1", "S!A1:B2"), ("A4:C4", "S!B4:C5"), ("S", "S!B4:C5"), ("A3", None), ("A2:A4", "S!B4:C5")],
)
def test_the_last_table_that_reaches_into_a_range_counts(area: str, table: str | None) -> None:
    rows = (("a", "b"), ("c",), (), (None, "d"), (None, None, "e"))
    found = find_table(find_area([Sheet("S", rows)], area))

    assert (str(found) if found else None) == table


async def test_values_are_shown_as_wanted(google: Google) -> None:
    file = google.put_sheet(("a", 1.5, True), (), ("b",))
    where = values(file.id, "Orders")

    async def shown(**more: str) -> Any:
        return (await google.get(where, **more))["values"]

    assert await shown() == [["a", "1.5", "TRUE"], [], ["b"]]
    assert await shown(valueRenderOption="UNFORMATTED_VALUE") == [["a", 1.5, True], [], ["b"]]
    assert await shown(majorDimension="COLUMNS") == [["a", "", "b"], ["1.5"], ["TRUE"]]
    assert "values" not in await google.get(values(file.id, "D1:E5"))


async def test_typed_values_become_numbers_and_raw_ones_do_not(google: Google) -> None:
    file = google.put_sheet()
    body = {"values": [["1", "-2.5", "true", "007", "=A1"]]}
    plain = {"valueRenderOption": "UNFORMATTED_VALUE"}

    await put(google, file.id, "A1", body)
    await put(google, file.id, "A2", body, valueInputOption="USER_ENTERED")

    found = (await google.get(values(file.id, "Orders"), **plain))["values"]
    assert found == [["1", "-2.5", "true", "007", "=A1"], [1, -2.5, True, "007", "=A1"]]


async def test_columns_are_written_as_columns(google: Google) -> None:
    file = google.put_sheet()
    body = {"majorDimension": "COLUMNS", "values": [["a", "b"], ["c"]]}

    answer = (await put(google, file.id, "B2", body)).json()

    assert answer["updatedRange"] == "Orders!B2:C3"
    assert (await google.get(values(file.id, "B2:C3")))["values"] == [["a", "c"], ["b"]]


async def test_a_write_changes_the_file_in_drive(google: Google) -> None:
    file = google.put_sheet()
    begin = (await google.get("/drive/v3/changes/startPageToken"))["startPageToken"]

    await put(google, file.id, "A1", {"values": [["x"]]})

    (change,) = (await google.get("/drive/v3/changes", pageToken=begin))["changes"]
    assert change["fileId"] == file.id


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "values/Nowhere!A1", None),
        ("GET", "values/%0AA1", None),
        ("GET", "values/A1?valueRenderOption=PRETTY", None),
        ("GET", "values:batchGet?ranges=Nowhere", None),
        ("PUT", "values/A1", {"values": [["x"]]}),
        ("PUT", "values/A1?valueInputOption=RAW", {"values": "x"}),
        ("PUT", "values/A1?valueInputOption=RAW", {"values": ["x"]}),
        ("PUT", "values/A1?valueInputOption=RAW", {"values": [[{}]]}),
        ("PUT", "values/A1?valueInputOption=RAW", {"majorDimension": "DIAGONAL"}),
        ("PUT", "values/A1:B1?valueInputOption=RAW", {"values": [["x"], ["y"]]}),
        ("PUT", "values/Z1?valueInputOption=RAW", {"values": [["x", "y"]]}),
        ("PUT", "values/A1?valueInputOption=RAW", []),
        ("POST", "values/A1:append", {"values": [["x"]]}),
        ("POST", "values/A1:append?valueInputOption=RAW&insertDataOption=ON_TOP", {}),
        ("POST", "values/Nowhere!A1:clear", {}),
        ("POST", "values:batchClear", {"ranges": "A1"}),
        ("POST", "values:batchUpdate", {"valueInputOption": "RAW", "data": "A1"}),
        ("POST", "values:batchUpdate", {"data": [{"range": "A1", "values": [["x"]]}]}),
        ("POST", "values:batchUpdate", {"valueInputOption": [], "data": []}),
    ],
)
async def test_what_cannot_be_done_is_400_and_changes_nothing(
    google: Google, method: str, path: str, body: object
) -> None:
    file = google.put_sheet(("a",))
    more = {"json": body} if body is not None else {}

    answer = await google.ask(method, f"/v4/spreadsheets/{file.id}/{path}", **more)

    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert google.store.get(file.id) == file


async def test_only_spreadsheets_are_spreadsheets(google: Google) -> None:
    file = google.put()

    assert (await google.ask("GET", "/v4/spreadsheets/nowhere")).status_code == 404
    assert (await google.ask("GET", f"/v4/spreadsheets/{file.id}")).status_code == 400


async def test_a_grid_grows_by_what_is_appended(google: Google) -> None:
    file = google.put_sheet(*[("x",)] * 1000)

    answer = await google.ask(
        "POST", values(file.id, "A1:append"), params=RAW, json={"values": [["y"]]}
    )

    assert answer.json()["updates"]["updatedRange"] == "Orders!A1001"
    sheet = (await google.get(f"/v4/spreadsheets/{file.id}"))["sheets"][0]
    assert sheet["properties"]["gridProperties"]["rowCount"] == 1001
