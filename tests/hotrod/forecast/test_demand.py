"""CSV files from anywhere: what can be used is, and the rest is told by its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotrod.errors import InvalidInputError
from hotrod.forecast.demand import Use, monthly_demand, read_demand

HEADING = "part,period,quantity\n"
TODAY = date(2025, 3, 14)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "demand.csv"


def test_gaps_are_months_without_demand_from_the_first_to_the_last_of_all(file: Path) -> None:
    file.write_text(HEADING + "A,2024-12,3\nB,2025-03,1\nA,2025-02-28,2\nA,2025-02-01,0.5\n")
    found = read_demand(file, TODAY)
    assert found.left_out == []
    demand = monthly_demand(found.uses)
    assert {part: series.tolist() for part, series in demand.items()} == {
        "A": [3.0, 0.0, 2.5, 0.0],
        "B": [0.0, 0.0, 0.0, 1.0],
    }


def test_the_running_month_is_read_to_its_end(file: Path) -> None:
    file.write_text(HEADING + "A,2025-03-31,1\nA,2025-03,2\n")
    assert len(read_demand(file, TODAY).uses) == 2


def test_no_use_is_no_demand() -> None:
    assert monthly_demand([]) == {}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A,2025-13,1", "2025-13"),
        ("A,2025-02-30,1", "2025-02-30"),
        ("A,25-02,1", "25-02"),
        ("A,0202-01,1", "0202-01"),
        ("A,9999-12,1", "9999-12"),
        ("A,2025-04,1", "2025-04"),
        ("A,2025-04-01,1", "later than this month, 2025-03"),
        ("A,2062-01,1", "later than this month, 2025-03"),
        ("A,,1", "period"),
        ("A,2025-01,-1", "-1"),
        ("A,2025-01,nan", "nan"),
        ("A,2025-01,inf", "inf"),
        ("A,2025-01,1e5", "1e5"),
        ("A,2025-01,99999999999", "99999999999"),
        ("A,2025-01,٣", "quantity"),
        ('A,2025-01,"1,5"', "1,5"),
        ("A,2025-01,", "quantity"),
        (",2025-01,1", "part"),
        (f"{'A' * 121},2025-01,1", "part"),
        ("A\x00,2025-01,1", "part"),
        ("A,2025-01", "2 cells"),
        ("A,2025-01,1,", "4 cells"),
    ],
)
def test_a_row_that_can_not_be_used_is_told_by_its_line(file: Path, row: str, reason: str) -> None:
    file.write_text(f"{HEADING}A,2025-01,1\n{row}\n\nB,2025-01,2\n")
    found = read_demand(file, TODAY)
    assert [use.part for use in found.uses] == ["A", "B"]
    ((line, told),) = found.left_out
    assert line == 3
    assert reason in told


def test_quotes_byte_order_marks_and_other_columns_do_no_harm(file: Path) -> None:
    text = (
        '\ufeffNote, Quantity ,PART,period\r\n"a\r\nb",3,"10k, 0603",2025-01\r\nx,-3,C,2025-01\r\n'
    )
    file.write_bytes(text.encode())
    found = read_demand(file, TODAY)
    assert found.uses == [Use("10k, 0603", date(2025, 1, 1), 3.0)]
    assert [row.line for row in found.left_out] == [4]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "heading"),
        (b"A,2025-01,1\n", "heading"),
        (b"part,part,period,quantity\n", "heading"),
        (HEADING.encode() + b"\n,,\n", "no row below the heading.*part,period,quantity"),
        (b"part;period;quantity\n", "heading"),
        (HEADING.encode() + b"\xff\xfe,2025-01,1\n", "UTF-8"),
        (HEADING.encode() + b'A,2025-01,1\n"A,2025-01,1\n', "line 3"),
        (HEADING.encode() + b"A" * 200_000 + b",2025-01,1\n", "line 2"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(file: Path, content: bytes, told: str) -> None:
    file.write_bytes(content)
    with pytest.raises(InvalidInputError, match=told):
        read_demand(file, TODAY)


def test_a_file_that_is_not_there_is_told(file: Path) -> None:
    with pytest.raises(InvalidInputError, match="Name a file"):
        read_demand(file, TODAY)


cells = st.lists(st.text(st.sampled_from("AB,\"'2025-01.é\x00 \t"), max_size=8), max_size=4)


@given(rows=st.lists(cells.map(",".join), max_size=8))
@settings(database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_lost_silently(file: Path, rows: list[str]) -> None:
    file.write_text(HEADING + "".join(f"{row}\n" for row in rows))
    try:
        found = read_demand(file, TODAY)
    except InvalidInputError as error:
        assert error.cure  # noqa: PT017
        return
    if not any('"' in row for row in rows):
        filled = [row for row in rows if row.replace(",", "").strip()]
        assert len(found.uses) + len(found.left_out) == len(filled)
