"""What ops do with outward acts on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from cli.database import run, transaction
from hotrod.db.columns import now
from hotrod.durable.models import Effect, EffectState
from tests.cli.conftest import Hotrod

pytestmark = pytest.mark.usefixtures("our_database", "no_effects")

Output = pytest.CaptureFixture[str]
KEY = "mail:quote:42"


@pytest.fixture
def store() -> Callable[..., None]:
    def add(key: str, state: EffectState, minutes: int = 0) -> None:
        async def work() -> None:
            async with transaction() as session:
                moment = now() - timedelta(minutes=minutes)
                session.add(Effect(key=key, state=state, claimed_at=moment))

        run(work())

    return add


def state_of(key: str) -> str | None:
    async def read() -> str | None:
        async with transaction() as session:
            row = await session.get(Effect, key)
            return row.state if row else None

    return run(read())


def keys(hotrod: Hotrod, capsys: Output, *arguments: str) -> list[str]:
    capsys.readouterr()
    assert hotrod("effects", "list", "--json", *arguments) == 0
    return [each["key"] for each in json.loads(capsys.readouterr().out)["effects"]]


def test_what_waits_for_a_person_is_listed(
    hotrod: Hotrod, capsys: Output, store: Callable[..., None]
) -> None:
    assert hotrod("effects", "list") == 0
    assert "No act waits" in capsys.readouterr().out
    store("fresh", EffectState.CLAIMED)
    store("hanging", EffectState.CLAIMED, 90)
    store(KEY, EffectState.UNKNOWN)
    store("done", EffectState.DONE)
    assert keys(hotrod, capsys) == ["hanging", KEY]
    assert keys(hotrod, capsys, "--limit", "1") == ["hanging"]
    assert sorted(keys(hotrod, capsys, "--state", "claimed", "--state", "done")) == [
        *("done", "fresh", "hanging")
    ]
    assert hotrod("effects", "list") == 0
    shown = capsys.readouterr().out
    assert KEY in shown
    assert "1h" in shown


@pytest.mark.parametrize(("command", "after"), [("confirm", EffectState.DONE), ("repeat", None)])
def test_a_person_decides_and_is_told_what_to_do_next(
    hotrod: Hotrod,
    capsys: Output,
    store: Callable[..., None],
    command: str,
    after: EffectState | None,
) -> None:
    store(KEY, EffectState.UNKNOWN)
    assert hotrod("effects", command, KEY) == 0
    assert f"hotrod inbox redrive --error '{KEY}'" in capsys.readouterr().out
    assert state_of(KEY) == after


@pytest.mark.parametrize("command", ["confirm", "repeat"])
def test_there_must_be_something_to_decide(
    hotrod: Hotrod, capsys: Output, store: Callable[..., None], command: str
) -> None:
    assert hotrod("effects", command, KEY) == 1
    assert f"there is no effect '{KEY}'" in capsys.readouterr().err
    store(KEY, EffectState.DONE)
    assert hotrod("effects", command, KEY) == 1
    assert "nothing to decide" in capsys.readouterr().err
    assert state_of(KEY) == EffectState.DONE
