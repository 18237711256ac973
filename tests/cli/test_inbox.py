"""What ops do with deliveries on the command line."""

from __future__ import annotations

import json
from uuid import uuid4

import httpx
import pytest
import respx
import typer
from sqlmodel import select

from cli.database import run, transaction
from hotrod.durable.models import Delivery, DeliveryState
from hotrod.settings import load_settings
from tests.cli.conftest import Hotrod
from tests.factories import delivery_row

pytestmark = pytest.mark.usefixtures("our_database", "empty_inbox")

Output = pytest.CaptureFixture[str]
S = DeliveryState


def store(*rows: Delivery) -> list[int]:
    """Store deliveries, and return their ids."""

    async def add() -> list[int]:
        async with transaction() as session:
            for row in rows:
                session.add(row)
                await session.flush()
            return [row.identity for row in rows]

    return run(add())


def states() -> list[str]:
    """Return the states of all deliveries, the oldest first."""

    async def read() -> list[str]:
        async with transaction() as session:
            return list((await session.exec(select(Delivery.state).order_by(Delivery.id))).all())  # type: ignore[arg-type]

    return run(read())


def listed(hotrod: Hotrod, capsys: Output, *arguments: str) -> list[int]:
    capsys.readouterr()
    assert hotrod("inbox", "list", "--json", *arguments) == 0
    return [each["id"] for each in json.loads(capsys.readouterr().out)["deliveries"]]


def test_what_is_not_settled_is_listed(hotrod: Hotrod, capsys: Output) -> None:
    ids = dict(zip(S, store(*(delivery_row(state) for state in S)), strict=True))
    unsettled = [ids[state] for state in S if state not in {S.DONE, S.DISCARDED}]
    assert listed(hotrod, capsys) == unsettled[::-1]
    assert listed(hotrod, capsys, "--state", "done") == [ids[S.DONE]]
    assert listed(hotrod, capsys, str(ids[S.DISCARDED])) == [ids[S.DISCARDED]]
    assert listed(hotrod, capsys, "--limit", "1") == [ids[S.DEAD]]


def test_the_table_says_what_ops_look_for(hotrod: Hotrod, capsys: Output) -> None:
    run_id = uuid4()
    store(
        delivery_row(
            ordering_key="ticket:NL-7", attempts=5, run_id=run_id, last_error="[b]no\nmore lines"
        )
    )
    assert hotrod("inbox", "list", "--error", "no") == 0
    shown = capsys.readouterr().out
    for part in ("NL-7", "repair.requested", "noizylab", "normal", "dead", "5", "0s", "[b]no"):
        assert part in shown
    assert str(run_id)[:8] in shown
    assert "more lines" not in shown
    assert hotrod("inbox", "list", "--business", "nobody") == 0
    assert "No delivery matches" in capsys.readouterr().out


def test_a_list_that_goes_on_says_so(hotrod: Hotrod, capsys: Output) -> None:
    store(delivery_row(), delivery_row())
    assert hotrod("inbox", "list", "--limit", "1") == 0
    assert "more than 1" in capsys.readouterr().out


@respx.mock
def test_one_delivery_is_shown_with_its_run(hotrod: Hotrod, capsys: Output) -> None:
    run_id = uuid4()
    (delivery,) = store(delivery_row(run_id=run_id, payload={"ticket": "NL-7"}))
    settings = load_settings()
    states_of_run = respx.get(f"{settings.prefect_url}/api/flow_run_states/").respond(
        json=[{"timestamp": "2026-11-21T08:00:00Z", "name": "Failed", "message": "too bad"}]
    )
    assert hotrod("inbox", "show", str(delivery)) == 0
    shown = capsys.readouterr().out
    for part in ('{"ticket": "NL-7"}', f"/runs/flow-run/{run_id}", "Failed too bad"):
        assert part in shown
    (call,) = states_of_run.calls
    assert call.request.url.params["flow_run_id"] == str(run_id)
    assert call.request.headers["authorization"].startswith("Basic ")

    states_of_run.side_effect = httpx.ConnectError("refused")
    assert hotrod("inbox", "show", str(delivery), "--json") == 0
    body = json.loads(capsys.readouterr().out)
    assert body["payload"] == {"ticket": "NL-7"}
    assert "is the stack up?" in body["run_states"][0]


def test_a_delivery_that_is_not_there_is_told(hotrod: Hotrod, capsys: Output) -> None:
    assert hotrod("inbox", "show", "1") == 1
    assert "there is no delivery '1'" in capsys.readouterr().err


def test_dead_letters_are_redriven(hotrod: Hotrod, capsys: Output) -> None:
    store(delivery_row(), delivery_row(business_key="teelixir"), delivery_row(S.DONE))
    assert hotrod("inbox", "redrive", "--business", "noizylab", "--yes") == 0
    assert "1 redriven" in capsys.readouterr().out
    assert states() == [S.WAITING, S.DEAD, S.DONE]
    assert hotrod("inbox", "redrive", "--all", "--yes") == 0
    assert states() == [S.WAITING, S.WAITING, S.DONE]


def test_deliveries_are_discarded_with_a_reason(hotrod: Hotrod, capsys: Output) -> None:
    held = delivery_row(S.CLAIMED, worker="worker-1")
    ids = store(delivery_row(S.WAITING), held, delivery_row(S.WAITING))
    assert hotrod("inbox", "discard", str(ids[0]), str(ids[1]), "--reason", "spam", "-y") == 0
    told = capsys.readouterr()
    assert "1 discarded" in told.out
    assert "left alone" in " ".join(told.err.split())
    assert states() == [S.DISCARDED, S.CLAIMED, S.WAITING]
    assert listed(hotrod, capsys, "--state", "discarded", "--error", "spam") == ids[:1]


def test_what_rests_is_discarded_and_what_a_worker_holds_is_not(
    hotrod: Hotrod, capsys: Output
) -> None:
    resting, held = delivery_row(S.CLAIMED), delivery_row(S.CLAIMED, worker="worker-1")
    ids = store(resting, held)
    assert hotrod("inbox", "discard", str(ids[0]), "--yes") == 0
    assert "1 discarded" in capsys.readouterr().out
    assert hotrod("inbox", "discard", str(ids[1]), "--yes") == 0
    assert "a worker holds them; they are left alone" in " ".join(capsys.readouterr().err.split())
    assert states() == [S.DISCARDED, S.CLAIMED]


@pytest.mark.parametrize("command", ["redrive", "discard"])
def test_without_a_filter_nothing_is_changed(hotrod: Hotrod, capsys: Output, command: str) -> None:
    store(delivery_row())
    assert hotrod("inbox", command, "--yes") == 1
    assert "--all" in capsys.readouterr().err
    assert states() == [S.DEAD]


def test_a_dry_run_says_what_would_happen(hotrod: Hotrod, capsys: Output) -> None:
    store(delivery_row(S.WAITING), delivery_row(S.WAITING), delivery_row())
    assert hotrod("inbox", "discard", "--event", "repair.requested", "--dry-run") == 0
    told = capsys.readouterr().out
    assert "2 waiting" in told
    assert "1 dead" in told
    assert states() == [S.WAITING, S.WAITING, S.DEAD]


def test_people_are_asked(hotrod: Hotrod, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    store(delivery_row())
    assert hotrod("inbox", "redrive", "--all") == 1
    assert "say --yes" in capsys.readouterr().err, "there is no terminal"
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    asked: list[str] = []

    def refuse(question: str, *, abort: bool) -> bool:
        asked.append(question)
        raise typer.Abort

    monkeypatch.setattr(typer, "confirm", refuse)
    assert hotrod("inbox", "redrive", "--all") == 1
    assert asked == ["Redrive 1 dead?"]
    assert states() == [S.DEAD]
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: True)
    assert hotrod("inbox", "redrive", "--all") == 0
    assert states() == [S.WAITING]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("redrive", "--state", "done"), "done deliveries can't be redriven"),
        (("discard", "--state", "done"), "done deliveries can't be discarded"),
        (("list", "--older-than", "soon"), "15m"),
        (("list", "0"), "ids"),
    ],
)
def test_wrong_use_is_told(
    hotrod: Hotrod, capsys: Output, arguments: tuple[str, ...], told: str
) -> None:
    assert hotrod("inbox", *arguments) == 1
    assert told in capsys.readouterr().err


def test_nothing_that_matches_is_no_error(hotrod: Hotrod, capsys: Output) -> None:
    assert hotrod("inbox", "discard", "--state", "waiting", "--yes") == 0
    assert "nothing was changed" in capsys.readouterr().out
