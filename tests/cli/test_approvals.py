"""What managers do with approvals on the command line."""

from __future__ import annotations

import json
from getpass import getuser
from typing import Any
from uuid import uuid4

import pytest

from cli.database import run, transaction
from hotrod.approvals.decisions import ask
from hotrod.company.load import load_company
from hotrod.db.columns import now
from tests.cli.conftest import Hotrod
from tests.hotrod.approvals.kit import question

pytestmark = pytest.mark.usefixtures("our_database")

Output = pytest.CaptureFixture[str]


def asked(amount: str) -> str:
    async def put() -> str:
        async with transaction() as session:
            new = question(amount, title="Fans [b]of[/b] a test")
            return str((await ask(session, load_company(), new, now())).id)

    return run(put())


@pytest.fixture
def approval() -> str:
    """The id of a question that one manager decides."""
    return asked("100")


def answered(hotrod: Hotrod, capsys: Output, *words: str, status: int = 0) -> dict[str, Any]:
    capsys.readouterr()
    assert hotrod("approvals", *words, "--json") == status
    body: dict[str, Any] = json.loads(capsys.readouterr().out)
    return body


def test_what_waits_is_listed_until_it_is_decided(
    hotrod: Hotrod, capsys: Output, approval: str
) -> None:
    def listed(*words: str) -> dict[str, str]:
        rows = answered(hotrod, capsys, "list", "-n", "10000", *words)["approvals"]
        return {row["id"]: row["state"] for row in rows}

    assert listed()[approval] == "open"
    assert hotrod("approvals", "list") == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if approval in line]
    assert "Fans [b]of[/b] a test" in row
    assert "100.00 CAD" in row
    assert hotrod("approvals", "approve", approval, "--as", "sofia") == 0
    assert capsys.readouterr().out == "Approved.\n"
    assert approval not in listed()
    assert listed("--all")[approval] == "approved"


def test_fewer_pieces_are_approved_and_shown(hotrod: Hotrod, capsys: Output, approval: str) -> None:
    words = ("approve", approval, "--as", "daniel", "--quantity", "1=2", "--quantity", "2=0")
    body = answered(hotrod, capsys, *words)
    assert (body["result"], body["approval"]["quantities"]) == ("counted", {"1": 2, "2": 0})
    shown = answered(hotrod, capsys, "show", approval)
    assert shown["asked"] == [
        {"manager": "sofia", "role": "assignee"},
        {"manager": "daniel", "role": "deputy"},
    ]
    (given,) = shown["answers"]
    assert (given["manager"], given["via"], given["address"]) == ("daniel", "cli", getuser())

    assert hotrod("approvals", "show", approval) == 0
    page = capsys.readouterr().out
    for part in ("Fans [b]of[/b] a test", "sofia (assignee)", "part_planet", "counted"):
        assert part in page


def test_a_no_is_given_with_its_reason(hotrod: Hotrod, capsys: Output, approval: str) -> None:
    assert hotrod("approvals", "decline", approval, "--as", "sofia") == 2
    assert "--reason" in capsys.readouterr().err
    body = answered(hotrod, capsys, "decline", approval, "--as", "sofia", "--reason", "too dear")
    assert (body["approval"]["state"], body["approval"]["reason"]) == ("declined", "too dear")


def test_an_answer_that_changes_nothing_is_told_and_kept(
    hotrod: Hotrod, capsys: Output, approval: str
) -> None:
    assert hotrod("approvals", "approve", approval, "--as", "sofia", "--quantity", "1=9") == 1
    assert "0 to 4" in capsys.readouterr().err
    hotrod("approvals", "decline", approval, "--as", "sofia", "--reason", "too dear")
    late = answered(hotrod, capsys, "approve", approval, "--as", "daniel", status=1)
    assert late["result"] == "late"
    answers = answered(hotrod, capsys, "show", approval)["answers"]
    assert [one["result"] for one in answers] == ["invalid", "counted", "late"]


def test_two_managers_approve_a_large_amount(hotrod: Hotrod, capsys: Output) -> None:
    approval = asked("2000")
    first = answered(hotrod, capsys, "approve", approval, "--as", "renee")
    assert (first["result"], first["approval"]["state"]) == ("first_of_two", "open")
    second = answered(hotrod, capsys, "approve", approval, "--as", "daniel")
    assert (second["result"], second["approval"]["state"]) == ("counted", "approved")


def test_only_managers_of_the_company_file_answer(
    hotrod: Hotrod, capsys: Output, approval: str
) -> None:
    assert hotrod("approvals", "approve", approval, "--as", "maya") == 1
    assert "Managers are: sofia, daniel, renee" in capsys.readouterr().err
    assert answered(hotrod, capsys, "show", approval)["answers"] == []


@pytest.mark.parametrize("written", ["1", "=", "1=many"])
def test_a_quantity_that_is_none_is_refused(
    hotrod: Hotrod, capsys: Output, approval: str, written: str
) -> None:
    assert hotrod("approvals", "approve", approval, "--as", "sofia", "--quantity", written) == 1
    assert "LINE=N" in capsys.readouterr().err


def test_a_question_that_is_not_there_is_told(hotrod: Hotrod, capsys: Output) -> None:
    for words in (("show",), ("approve", "--as", "sofia")):
        unknown = str(uuid4())
        assert hotrod("approvals", words[0], unknown, *words[1:]) == 1
        assert unknown in capsys.readouterr().err
