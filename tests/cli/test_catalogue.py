"""What is known of parts, and importing them, on the command line."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cli.database import run, transaction
from hotrod.imports.parts import ImportedPart
from hotrod.parts.models import MovementKind, Part
from tests.cli.conftest import Hotrod
from tests.factories import add_ticket
from tests.hotrod.imports.test_sheets import workbook
from tests.hotrod.parts.ledger_kit import post

pytestmark = pytest.mark.usefixtures("our_database")

Output = pytest.CaptureFixture[str]


@pytest.fixture
def sku() -> str:
    """A SKU that no part has; made inactive by what imports it."""
    return f"T-{uuid4().hex[:12].upper()}"


@pytest.fixture
def part(sku: str) -> str:
    """The SKU of an inactive part."""

    async def add() -> None:
        async with transaction() as session:
            session.add(
                Part(sku=sku, name="Part", category="power", unit_cost=Decimal(1), active=False)
            )

    run(add())
    return sku


@pytest.fixture
def ticket() -> str:
    """The number of a ticket."""

    async def add() -> str:
        async with transaction() as session:
            return (await add_ticket(session)).number

    return run(add())


def answer(hotrod: Hotrod, capsys: Output, *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert hotrod("parts", *arguments, "--json") == 0
    body: dict[str, Any] = json.loads(capsys.readouterr().out)
    return body


def test_parts_and_suppliers_are_listed(hotrod: Hotrod, capsys: Output) -> None:
    parts = {one["sku"]: one for one in answer(hotrod, capsys, "list")["parts"]}
    assert parts["HDMI-PS5"]["fits"] == ["PlayStation 5", "PS5"]
    keys = [one["key"] for one in answer(hotrod, capsys, "suppliers")["suppliers"]]
    assert keys == ["great_lakes", "harbor_mobile", "northbench"]
    for command, shown in (("list", "HDMI-PS5"), ("suppliers", "great_lakes")):
        assert hotrod("parts", command) == 0
        assert shown in capsys.readouterr().out


def test_a_part_shows_its_offers_substitutes_and_faults(hotrod: Hotrod, capsys: Output) -> None:
    part = answer(hotrod, capsys, "show", "FAN-PS5")
    assert [one["supplier"] for one in part["offers"]] == ["northbench"]
    assert part["offers"][0]["prices"] == ["19.00 CAD from 1"]
    assert [(one["sku"], one["works"]) for one in part["substitutes"]] == [("FAN-PS5-17", True)]
    assert part["faults"] == [{"device": "PS5", "category": "thermal", "quantity": 1}]
    assert hotrod("parts", "show", "FAN-PS5") == 0
    shown = capsys.readouterr().out
    for word in ("NB-2110", "FAN-PS5-17", "thermal"):
        assert word in shown
    assert hotrod("parts", "show", "FAN-PS6") == 1
    error = capsys.readouterr().err
    assert "did you mean FAN-PS5" in error
    assert "`hotrod parts list` shows all" in error


def test_substitutes_are_found_from_both_sides(hotrod: Hotrod, capsys: Output) -> None:
    (found,) = answer(hotrod, capsys, "substitutes", "FAN-PS5-17")["substitutes"]
    assert (found["sku"], found["evidence"]) == ("FAN-PS5", ["catalogue"])
    assert hotrod("parts", "substitutes", "OPAMP-LM4562") == 0
    assert "Nothing is known" in capsys.readouterr().out


def test_an_import_reports_each_row_and_keeps_the_report(
    hotrod: Hotrod, capsys: Output, tmp_path: Path, sku: str
) -> None:
    file, kept = tmp_path / "parts.xlsx", tmp_path / "report.json"
    header = ["SKU", "Name", "Category", "Fits", "Unit cost", "Active"]
    rows = [[sku, "[b]Part[/b]", "power", "PS5", 8.4, "no"], ["??", "Bad", "power", "PS5", 1, "no"]]
    file.write_bytes(workbook([header, *rows]))

    assert hotrod("parts", "import", str(file), "--dry-run") == 1
    told = capsys.readouterr().out
    assert "1 created, 1 refused. This was a dry run: nothing was written." in told
    assert hotrod("parts", "import", str(file), "--report", str(kept)) == 1
    assert "parts: 1 created, 1 refused.\n" in capsys.readouterr().out
    outcomes = [row["outcome"] for row in json.loads(kept.read_text())["rows"]]
    assert outcomes == ["created", "refused"]

    assert hotrod("parts", "import", str(file), "--json") == 1
    body = json.loads(capsys.readouterr().out)
    assert [row["outcome"] for row in body["rows"]] == ["unchanged", "refused"]
    assert answer(hotrod, capsys, "show", sku)["name"] == "[b]Part[/b]"


def test_the_help_of_the_import_names_the_columns(hotrod: Hotrod, capsys: Output) -> None:
    assert hotrod("parts", "import", "--help") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "sku, name, category, fits, unit_cost, which a new part must have" in shown
    assert "reference, sku, price, which a new line must have" in shown
    for word in (*ImportedPart.model_fields, "minimum", "price_10", "for parts", "serial"):
        assert word in shown


def test_a_price_list_is_a_suppliers(
    hotrod: Hotrod, capsys: Output, tmp_path: Path, part: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"reference;sku;price\nR-{part};{part};1,234\n")
    arguments = ("parts", "import", str(file), "--supplier")

    assert hotrod(*arguments, "nobody") == 1
    assert "northbench" in capsys.readouterr().err
    assert hotrod(*arguments, "northbench") == 1
    assert "--decimal" in " ".join(capsys.readouterr().out.split())
    assert hotrod(*arguments, "northbench", "--decimal", "comma") == 0
    assert "prices of northbench: 1 created." in capsys.readouterr().out
    (offer,) = answer(hotrod, capsys, "show", part)["offers"]
    assert offer["prices"] == ["1.234 CAD from 1"]


def test_files_that_can_not_be_used_are_told(
    hotrod: Hotrod, capsys: Output, tmp_path: Path
) -> None:
    assert hotrod("parts", "import", str(tmp_path / "missing.csv")) == 1
    assert "can't be read" in capsys.readouterr().err
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert hotrod("parts", "import", str(empty)) == 1
    assert "empty" in capsys.readouterr().err
    empty.write_text("sku,name\n")
    assert hotrod("parts", "import", str(empty)) == 1
    assert "no row below its heading" in " ".join(capsys.readouterr().err.split())
    empty.write_text("sku\nFAN-PS5\n")
    assert hotrod("parts", "import", str(empty), "--report", str(tmp_path / "no" / "where")) == 1
    assert "can't be written" in capsys.readouterr().err


def test_a_part_is_changed_by_hand_and_handed_back(
    hotrod: Hotrod, capsys: Output, part: str
) -> None:
    options = ("--criticality", "A", "--reorder-at", "7", "--ean", "036000291452")
    body = answer(hotrod, capsys, "change", part, *options)
    said = ("criticality", "reorder_point", "point_by_hand", "ean")
    assert [body[name] for name in said] == ["A", 7, True, "0036000291452"]
    assert hotrod("parts", "show", part) == 0
    shown = capsys.readouterr().out
    assert "criticality A, ordered at 7, by hand" in shown
    assert "EAN 0036000291452" in shown

    assert hotrod("parts", "change", part, "--reorder-by-forecast") == 0
    assert "ordered at 7, by the forecast" in capsys.readouterr().out
    assert answer(hotrod, capsys, "change", part, "--ean", "")["ean"] == ""


def test_a_part_is_used_from_now_on_or_no_more(hotrod: Hotrod, capsys: Output, part: str) -> None:
    async def stock() -> None:
        async with transaction() as session:
            await post(session, part, MovementKind.RECEIVE, 3)

    run(stock())
    assert answer(hotrod, capsys, "change", part, "--active")["active"] is True
    assert part in {one["sku"] for one in answer(hotrod, capsys, "list")["parts"]}
    assert hotrod("parts", "change", part, "--inactive") == 0
    assert "not active" in capsys.readouterr().out
    assert hotrod("parts", "show", part) == 0
    assert "not active" in capsys.readouterr().out
    assert part not in {one["sku"] for one in answer(hotrod, capsys, "list")["parts"]}


def test_changes_that_make_no_sense_are_refused(hotrod: Hotrod, capsys: Output, part: str) -> None:
    for options in ((), ("--reorder-at", "3", "--reorder-by-forecast"), ("--criticality", "D")):
        assert hotrod("parts", "change", part, *options) == 2
    assert hotrod("parts", "change", part, "--ean", "036000291453") == 1
    assert "check digit is 3, and would have to be 2" in " ".join(capsys.readouterr().err.split())
    assert hotrod("parts", "change", part, "--reorder-at", "1000001") == 1


def test_a_substitute_is_recorded_with_its_evidence(
    hotrod: Hotrod, capsys: Output, part: str, ticket: str
) -> None:
    assert hotrod("parts", "substitute", part, "FAN-PS5", "--note", "same plug") == 0
    assert f"FAN-PS5 can stand in for {part}: catalogue." in capsys.readouterr().out
    tried = answer(hotrod, capsys, "substitute", part, "FAN-PS5", "--ticket", ticket, "--fails")
    assert (tried["kind"], tried["works"]) == ("tried", False)
    (found,) = answer(hotrod, capsys, "substitutes", part)["substitutes"]
    assert found["evidence"] == [f"tried {ticket}: does not work", "catalogue"]


def test_what_is_said_of_one_way_leaves_the_other_and_says_so(
    hotrod: Hotrod, capsys: Output, part: str, ticket: str
) -> None:
    said = ("substitute", part, "FAN-PS5")
    assert answer(hotrod, capsys, *said)["reverse_works"] is None
    assert answer(hotrod, capsys, *said, "--both-ways")["reverse_works"] is None
    capsys.readouterr()
    assert hotrod("parts", *said, "--ticket", ticket, "--fails") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert f"stays as it is: {part} can stand in for FAN-PS5 (a catalogue says so)" in shown
    assert "--both-ways" in shown
    assert hotrod("parts", *said, "--ticket", ticket, "--fails", "--both-ways") == 0
    assert "other way" not in capsys.readouterr().out


def test_evidence_that_can_not_be_is_refused(hotrod: Hotrod, capsys: Output, part: str) -> None:
    assert hotrod("parts", "substitute", part, part) == 1
    assert "Name another part" in capsys.readouterr().err
    assert hotrod("parts", "substitute", part, "FAN-PS5", "--ticket", "NL-0") == 1
    assert "NL-0" in capsys.readouterr().err
    assert hotrod("parts", "substitute", part, "FAN-PS5", "--source", "tried") == 2
