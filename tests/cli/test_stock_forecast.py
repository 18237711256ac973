from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from cli.database import run, transaction
from hotrod.db.columns import now
from hotrod.parts.models import MovementKind
from hotrod.parts.store import find_part
from tests.cli.conftest import Hotrod
from tests.hotrod.parts.ledger_kit import add_part, post

ROWS = "part,period,quantity\nA,2024-01,3\nA,2024-05,2\nA,2025-12,2\nB,2025-01-09,1\nB,soon,1\n"


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "demand.csv"
    path.write_text(ROWS)
    return str(path)


def test_each_part_is_forecast_and_each_row_left_out_is_told(
    hotrod: Hotrod, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--csv", file, "--horizon", "3", "--lead-days", "30", "--criticality", "A")
    assert hotrod("stock", "forecast", *arguments, "--json") == 1, "as `parts import` does"
    shown = capsys.readouterr()
    body = json.loads(shown.out)
    assert [part["part"] for part in body["parts"]] == ["A", "B"]
    assert [len(part["months"]) for part in body["parts"]] == [3, 3]
    assert body["parts"][0]["reorder_point"] == 3
    assert body["parts"][0]["service_level"] == 0.98
    assert [row["line"] for row in body["left_out"]] == [6]
    assert "line 6" in shown.err


def test_people_read_why(hotrod: Hotrod, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert hotrod("stock", "forecast", "--csv", file) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "sold in 3 of the last 24 months" in shown


def test_the_service_level_comes_from_the_settings(
    hotrod: Hotrod,
    file: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOTROD_FORECAST__SERVICE_LEVEL_C", "0.8")
    assert hotrod("stock", "forecast", "--csv", file, "--criticality", "C", "--json") == 1
    assert json.loads(capsys.readouterr().out)["parts"][0]["service_level"] == 0.8


def test_a_mistyped_year_does_not_move_the_forecast(
    hotrod: Hotrod, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "".join(f"A,2025-{month:02},4\n" for month in range(1, 13))
    (tmp_path / "typed.csv").write_text(f"part,period,quantity\n{rows}OTHER,2062-01,1\n")
    assert hotrod("stock", "forecast", "--csv", str(tmp_path / "typed.csv"), "--json") == 1
    body = json.loads(capsys.readouterr().out)
    (part,) = body["parts"]
    assert (part["part"], part["months"]) == ("A", [pytest.approx(4, abs=0.5)] * 6)
    assert [row["line"] for row in body["left_out"]] == [14]


def test_a_file_without_rows_is_refused(
    hotrod: Hotrod, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "demand.csv"
    file.write_text("part,period,quantity\n")
    assert hotrod("stock", "forecast", "--csv", str(file)) == 1
    assert "no row below the heading" in " ".join(capsys.readouterr().err.split())


def test_a_file_without_a_heading_is_refused(
    hotrod: Hotrod, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bare.csv").write_text("A,2024-01,3\n")
    assert hotrod("stock", "forecast", "--csv", str(tmp_path / "bare.csv")) == 1
    assert "part,period,quantity" in capsys.readouterr().err


def test_no_usable_row_is_told(
    hotrod: Hotrod, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.csv").write_text("part,period,quantity\nA,soon,1\n")
    assert hotrod("stock", "forecast", "--csv", str(tmp_path / "bad.csv")) == 1
    assert "No row" in capsys.readouterr().out


@pytest.mark.usefixtures("our_database")
def test_without_a_file_the_ledger_is_read(
    hotrod: Hotrod, capsys: pytest.CaptureFixture[str]
) -> None:
    async def stock() -> tuple[str, str]:
        async with transaction() as session:
            used = await add_part(session, active=True, name=uuid4().hex, category="x")
            new = await add_part(session, active=True, name=uuid4().hex, category="y")
            opened = now() - timedelta(days=400)
            await post(session, used.sku, MovementKind.RECEIVE, 40, at=opened)
            for days in range(45, 400, 30):
                ago = now() - timedelta(days=days)
                await post(session, used.sku, MovementKind.USE, 2, at=ago)
            return used.sku, new.sku

    async def put_away(*skus: str) -> None:
        async with transaction() as session:
            for sku in skus:
                (await find_part(session, sku)).active = False

    used, new = run(stock())
    try:
        assert hotrod("stock", "forecast", "--json") == 0
        body = json.loads(capsys.readouterr().out)
        assert hotrod("stock", "forecast") == 0
        shown = capsys.readouterr()
    finally:
        run(put_away(used, new))
    (part,) = [one for one in body["parts"] if one["part"] == used]
    assert part["months"][0] == pytest.approx(2, abs=0.5)
    assert part["reorder_point"] > 0
    (left_out,) = [one for one in body["left_out"] if one["part"] == new]
    assert "known for 0 months" in left_out["reason"]
    assert used in shown.out
