"""What managers do with approvals on the command line."""

from __future__ import annotations

import json
from datetime import date, timedelta
from getpass import getuser
from typing import Any
from uuid import UUID, uuid4

import pytest

from cli.database import run, transaction
from hotrod.approvals.decisions import ask
from hotrod.approvals.models import Approval
from hotrod.company.load import load_company
from hotrod.db.columns import now
from tests.cli.conftest import Hotrod
from tests.hotrod.approvals.kit import line, question

pytestmark = pytest.mark.usefixtures("our_database")

Output = pytest.CaptureFixture[str]


PICTURE = "https://i.ebayimg.com/images/g/abc/s-l1600.jpg"
LINES = (
    line("1", 4, "6.00").model_copy(
        update={"picture_url": PICTURE, "stock_out_on": date(2026, 12, 9)}
    ),
    line("2", 1, "40.00"),
)


def asked(amount: str) -> str:
    async def put() -> str:
        async with transaction() as session:
            new = question(amount, title="Fans [b]of[/b] a test", lines=LINES)
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
    _, _, shown = capsys.readouterr().out.partition(approval)
    assert shown.split()[:2] == ["100.00", "CAD"]
    assert shown.splitlines()[1].strip() == "Fans [b]of[/b] a test"
    assert hotrod("approvals", "approve", approval, "--as", "sofia") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Approved.",
        "1: 4 of 4 x PART-1 of part_planet",
        "2: 1 of 1 x PART-2 of part_planet",
    ]
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
    assert given["quantities"] == {"1": 2, "2": 0}
    assert (given["manager"], given["via"], given["address"]) == ("daniel", "cli", getuser())

    assert hotrod("approvals", "show", approval) == 0
    page = capsys.readouterr().out
    for part in ("Fans [b]of[/b] a test", "sofia (assignee)", "part_planet", "counted"):
        assert part in page
    assert "2 of 5 pieces, some of 100.00 CAD" in " ".join(page.split())
    assert "1=2, 2=0" in page
    assert f"1 picture: {PICTURE}" in page
    assert (shown["lines"][0]["picture_url"], shown["lines"][0]["stock_out_on"]) == (
        PICTURE,
        "2026-12-09",
    )


def test_a_question_past_its_deadline_does_not_look_open(
    hotrod: Hotrod, capsys: Output, approval: str
) -> None:
    async def pass_by() -> None:
        async with transaction() as session:
            row = await session.get_one(Approval, UUID(approval))
            row.deadline_at = now() - timedelta(minutes=1)

    run(pass_by())
    for words in (("list", "-n", "10000"), ("show", approval)):
        assert hotrod("approvals", *words) == 0
        _, _, shown = capsys.readouterr().out.partition("Fans" if words[0] == "show" else approval)
        assert "past its deadline" in " ".join(shown.split())[:140]


def test_a_yes_to_fewer_says_what_is_bought(hotrod: Hotrod, capsys: Output, approval: str) -> None:
    given = ("--quantity", "1=0", "--quantity", "2=1")
    assert hotrod("approvals", "approve", approval, "--as", "sofia", *given) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Approved.",
        "1: no PART-1",
        "2: 1 of 1 x PART-2 of part_planet",
    ]


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


def test_who_says_to_be_two_managers_approves_no_large_amount(
    hotrod: Hotrod, capsys: Output
) -> None:
    approval = asked("2000")
    first = answered(hotrod, capsys, "approve", approval, "--as", "renee")
    assert (first["result"], first["approval"]["state"]) == ("first_of_two", "open")
    second = answered(hotrod, capsys, "approve", approval, "--as", "daniel", status=1)
    assert (second["result"], second["approval"]["state"]) == ("not_allowed", "open")
    assert "by the link in your mail, or in Slack" in second["words"]
    answers = answered(hotrod, capsys, "show", approval)["answers"]
    assert [one["result"] for one in answers] == ["first_of_two", "not_allowed"]


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
