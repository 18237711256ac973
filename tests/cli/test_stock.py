"""What people at the bench do with stock on the command line."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from cli.database import run, transaction
from tests.cli.conftest import Hotrod
from tests.factories import add_ticket
from tests.hotrod.parts.ledger_kit import add_part

pytestmark = pytest.mark.usefixtures("our_database")

Output = pytest.CaptureFixture[str]


@pytest.fixture
def sku() -> str:
    """The SKU of a part of its own, with nothing in stock."""

    async def add() -> str:
        async with transaction() as session:
            return (await add_part(session, name="Fan [b]of[/b] a test", reorder_point=1)).sku

    return run(add())


@pytest.fixture
def ticket() -> str:
    """The number of a ticket of its own."""

    async def add() -> str:
        async with transaction() as session:
            return (await add_ticket(session)).number

    return run(add())


def levels(hotrod: Hotrod, capsys: Output, sku: str, *arguments: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert hotrod("stock", "levels", "--json", *arguments) == 0
    return [one for one in json.loads(capsys.readouterr().out)["levels"] if one["sku"] == sku]


def movements(hotrod: Hotrod, capsys: Output, sku: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert hotrod("stock", "movements", sku, "--json") == 0
    body: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["movements"]
    return body


def test_what_moves_is_posted_and_shown(
    hotrod: Hotrod, capsys: Output, sku: str, ticket: str
) -> None:
    assert hotrod("stock", "receive", sku, "4", "--cost", "2.50", "--order", "12-345") == 0
    assert capsys.readouterr().out == f"{sku} at bench: +4, now 4.\n"
    assert hotrod("stock", "use", sku, "2", "--ticket", ticket) == 0
    assert hotrod("stock", "return", sku, "1", "--ticket", ticket) == 0
    assert hotrod("stock", "adjust", sku, "-1", "--reason", "[b]fell[/b]") == 0
    assert hotrod("stock", "count", sku, "5", "--location", "van") == 0
    rows = movements(hotrod, capsys, sku)
    assert [row["quantity"] for row in rows] == [5, -1, 1, -2, 4]
    (bench, van) = levels(hotrod, capsys, sku)
    assert (bench["available"], van["on_hand"], van["location"]) == (2, 5, "van")
    assert (bench["average_cost"], bench["currency"]) == ("2.500000", "CAD")

    assert hotrod("stock", "levels") == 0
    (at_bench, _) = [line for line in capsys.readouterr().out.splitlines() if sku in line]
    for shown in ("Fan [b]of[/b] a test", "bench", "2.50 CAD"):
        assert shown in at_bench
    assert hotrod("stock", "movements", sku) == 0
    table = capsys.readouterr().out
    for shown in ("[b]fell[/b]", ticket, "12-345", "+4", "-2"):
        assert shown in table


def test_what_a_ticket_did_not_use_does_not_come_back_from_it(
    hotrod: Hotrod, capsys: Output, sku: str, ticket: str
) -> None:
    assert hotrod("stock", "receive", sku, "4") == 0
    assert hotrod("stock", "use", sku, "1", "--ticket", ticket) == 0
    assert hotrod("stock", "return", sku, "5", "--ticket", ticket) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert f"{ticket}: 1 out on it" in told
    assert f"`hotrod stock adjust {sku} 4 --reason" in told
    (row,) = levels(hotrod, capsys, sku)
    assert row["on_hand"] == 3


def test_low_parts_are_told_of_and_listed(
    hotrod: Hotrod, capsys: Output, sku: str, ticket: str
) -> None:
    assert hotrod("stock", "receive", sku, "2") == 0
    assert "low" not in capsys.readouterr().out
    assert levels(hotrod, capsys, sku, "--low") == []
    assert hotrod("stock", "use", sku, "1", "--ticket", ticket) == 0
    assert f"{sku} is low now." in capsys.readouterr().out
    (row,) = levels(hotrod, capsys, sku, "--low")
    assert row["low_since"]


def test_what_is_missing_can_be_overridden_with_a_reason(
    hotrod: Hotrod, capsys: Output, sku: str, ticket: str
) -> None:
    taking = ("stock", "use", sku, "1", "--ticket", ticket)
    assert hotrod(*taking) == 1
    assert "0 on hand" in capsys.readouterr().err
    assert hotrod(*taking, "--override", "it lies before me") == 0
    assert "now -1." in capsys.readouterr().out
    (row,) = movements(hotrod, capsys, sku)
    assert row["override_reason"] == "it lies before me"
    assert hotrod("stock", "movements", sku) == 0
    assert "override by" in capsys.readouterr().out


def test_a_movement_with_a_key_counts_once(hotrod: Hotrod, capsys: Output, sku: str) -> None:
    receiving = ("stock", "receive", sku, "1", "--key", uuid4().hex)
    assert hotrod(*receiving) == 0
    assert hotrod(*receiving) == 0
    assert "nothing was changed" in capsys.readouterr().out
    assert len(movements(hotrod, capsys, sku)) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("receive", "HDMI-PS", "1"), "did you mean HDMI-PS5"),
        (("movements", "hdmi-ps5"), "did you mean HDMI-PS5"),
        (("receive", "HDMI-PS5", "1", "--cost", "a lot"), "cost: 'a lot' is no amount"),
        (("receive", "HDMI-PS5", "1", "--cost", "3", "--currency", "USD"), "valued in CAD"),
        (("adjust", "HDMI-PS5", "0", "--reason", "none"), "quantity: 0 is not possible"),
    ],
)
def test_what_can_not_be_is_answered_with_the_cure(
    hotrod: Hotrod, capsys: Output, arguments: tuple[str, ...], said: str
) -> None:
    assert hotrod("stock", *arguments) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ("receive", "HDMI-PS5", "0"),
        ("use", "HDMI-PS5", "1"),
        ("adjust", "HDMI-PS5", "1"),
        ("count", "HDMI-PS5", "-1"),
    ],
)
def test_what_is_left_out_is_asked_for(
    hotrod: Hotrod, capsys: Output, arguments: tuple[str, ...]
) -> None:
    assert hotrod("stock", *arguments) == 2
    assert "Usage" in capsys.readouterr().err


def test_pieces_are_set_aside_for_a_ticket_and_released(
    hotrod: Hotrod, capsys: Output, sku: str, ticket: str
) -> None:
    assert hotrod("stock", "receive", sku, "5") == 0
    setting_aside = ("stock", "reserve", sku, "4", "--ticket", ticket, "--key", uuid4().hex)
    capsys.readouterr()
    assert hotrod(*setting_aside) == 0
    told = f"4 of {sku} at bench are set aside for {ticket}.\n{sku} is low now.\n"
    assert capsys.readouterr().out == told
    assert hotrod(*setting_aside) == 0
    assert "nothing was changed" in capsys.readouterr().out
    (row,) = levels(hotrod, capsys, sku)
    assert (row["reserved"], row["available"]) == (4, 1)
    assert hotrod("stock", "release", sku, "3", "--ticket", ticket.lower()) == 0
    assert capsys.readouterr().out == f"3 of {sku} are free again.\n"
    assert hotrod("stock", "release", sku, "--ticket", ticket) == 0
    assert hotrod("stock", "release", sku, "--ticket", ticket) == 0
    assert f"{ticket} holds no {sku}." in capsys.readouterr().out
    (row,) = levels(hotrod, capsys, sku)
    assert row["reserved"] == 0


@pytest.mark.parametrize("command", ["use", "return", "reserve"])
def test_a_ticket_that_is_not_there_is_refused_and_one_alike_is_named(
    hotrod: Hotrod, capsys: Output, sku: str, ticket: str, command: str
) -> None:
    assert hotrod("stock", "receive", sku, "5") == 0
    assert hotrod("stock", command, sku, "1", "--ticket", f"{ticket}0") == 1
    said = capsys.readouterr().err
    assert f"there is no ticket '{ticket}0'; did you mean" in said
    assert ticket in said.split("mean")[1]
    assert ("--unknown-ticket WHY" in said) == (command != "reserve")
    (row,) = levels(hotrod, capsys, sku)
    assert (row["on_hand"], row["reserved"]) == (5, 0)


def test_an_old_number_is_taken_with_its_reason_on_record(
    hotrod: Hotrod, capsys: Output, sku: str
) -> None:
    taking = ("stock", "use", sku, "1", "--ticket", "OLD/7", "--unknown-ticket", "of the old books")
    assert hotrod(*taking) == 1, "it is no override of what isn't there"
    assert hotrod("stock", "receive", sku, "5") == 0
    assert hotrod(*taking, "--reason", "warranty") == 0
    row = movements(hotrod, capsys, sku)[0]
    assert row["ticket"] == "OLD/7"
    assert row["reason"] == "unknown ticket: of the old books; warranty"


def test_goods_of_an_order_of_ours_that_is_not_there_are_refused(
    hotrod: Hotrod, capsys: Output, sku: str
) -> None:
    assert hotrod("stock", "receive", sku, "1", "--order", "po-999999") == 1
    assert "there is no purchase 'po-999999'" in capsys.readouterr().err
    assert movements(hotrod, capsys, sku) == []
