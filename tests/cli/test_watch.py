"""What ops do with watches on the command line."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from cli.database import run, transaction
from hotrod.db.columns import now
from hotrod.watches.rules import Sight
from hotrod.watches.store import calls_made, claim_call, find_watch, note_sights
from tests.cli.conftest import Hotrod

pytestmark = pytest.mark.usefixtures("our_database")

Output = pytest.CaptureFixture[str]


@pytest.fixture
def name(hotrod: Hotrod) -> str:
    """The name of a watch of this test."""
    name = f"Ports [b]{uuid4().hex[:8]}"
    assert hotrod("watch", "add", name, "--words", "HDMI port", "--to", "sofia") == 0
    return name


def answered(hotrod: Hotrod, capsys: Output, *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert hotrod("watch", *words, "--json") == 0
    body: dict[str, Any] = json.loads(capsys.readouterr().out)
    return body


def listed(hotrod: Hotrod, capsys: Output, name: str) -> dict[str, Any]:
    (row,) = [row for row in answered(hotrod, capsys, "list")["watches"] if row["name"] == name]
    found: dict[str, Any] = row
    return found


def test_a_watch_is_added_with_all_that_was_said(hotrod: Hotrod, capsys: Output) -> None:
    name = f"Cheap ports {uuid4().hex[:8]}"
    body = answered(
        hotrod, capsys, "add", name, "--part", "HDMI-PS5", "--kind", "price_below",
        "--at-most", "39.90", "--condition", "new", "--condition", "used", "--seller", "ann",
        "--region", "CA", "--every", "15", "--priority", "3", "--slack", "--to", "maya",
    )  # fmt: skip
    assert (body["part"], body["kind"], body["at_most"]) == ("HDMI-PS5", "price_below", "39.90")
    assert (body["conditions"], body["sellers"]) == (["new", "used"], ["ann"])
    assert (body["wanted_minutes"], body["priority"], body["recipient"]) == (15, 3, "maya")
    assert (body["by_mail"], body["by_slack"], body["currency"]) == (True, True, "CAD")
    assert listed(hotrod, capsys, name)["next"] == "soon"


def test_a_watch_is_paused_resumed_and_removed(hotrod: Hotrod, capsys: Output, name: str) -> None:
    assert hotrod("watch", "list") == 0
    assert name[:9] in capsys.readouterr().out
    assert listed(hotrod, capsys, name)["interval_seconds"] >= 30 * 60
    assert answered(hotrod, capsys, "pause", name) == {"name": name, "active": False}
    paused = listed(hotrod, capsys, name)
    assert (paused["active"], paused["interval_seconds"], paused["next"]) == (False, None, "")
    assert hotrod("watch", "resume", f"{name}s") == 1
    assert f"did you mean {name!r}" in capsys.readouterr().err
    assert answered(hotrod, capsys, "resume", name) == {"name": name, "active": True}
    assert listed(hotrod, capsys, name)["active"]
    assert answered(hotrod, capsys, "remove", name) == {"name": name, "removed": True}
    assert name not in [row["name"] for row in answered(hotrod, capsys, "list")["watches"]]
    assert hotrod("watch", "pause", name) == 1
    error = capsys.readouterr().err
    assert "there is no watch" in error
    assert "`hotrod watch list` shows all" in error


def test_a_watch_is_shown_with_what_it_saw(hotrod: Hotrod, capsys: Output, name: str) -> None:
    sight = Sight("v1|1|0", "HDMI [b]port", "ann", "https://example.com/1", None, matched=True)

    async def see() -> None:
        async with transaction() as session:
            watch = (await find_watch(session, name)).watch
            await note_sights(session, watch.id, [sight], now(), is_complete=True)

    run(see())
    (seen,) = answered(hotrod, capsys, "show", name)["sightings"]
    assert (seen["title"], seen["price"], seen["news"]) == ("HDMI [b]port", None, "")
    assert hotrod("watch", "show", name) == 0
    page = capsys.readouterr().out
    for part in ("HDMI [b]port of ann", "cost unknown", "https://example.com/1", name):
        assert part in page


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        ((), "Give --part or --words"),
        (("--words", "port", "--part", "HDMI-PS5"), "Give --part or --words"),
        (("--words", "port", "--kind", "price_below"), "Give --at-most"),
        (("--words", "port", "--at-most", "cheap"), "Write it like 39.90"),
        (("--words", "port", "--at-most", "1.005"), "Write it like 39.90"),
        (("--words", "port", "--every", "7"), "Say 5, 10, 30"),
        (("--words", "port", "--region", "canada"), "Write it like CA"),
        (("--words", "port", "--no-mail"), "add --slack"),
        (("--words", "port", "--to", "nobody"), "sofia"),
        (("--words", "port", "--business", "nobody"), "Name one of"),
        (("--part", "NO-SUCH-PART"), "there is no part"),
    ],
)
def test_what_cannot_be_watched_is_refused_with_a_cure(
    hotrod: Hotrod, capsys: Output, words: tuple[str, ...], cure: str
) -> None:
    name = f"Refused {uuid4().hex[:8]}"
    assert hotrod("watch", "add", name, *words) == 1
    assert cure in capsys.readouterr().err
    assert name not in [row["name"] for row in answered(hotrod, capsys, "list")["watches"]]


def test_a_name_is_taken_once(hotrod: Hotrod, capsys: Output, name: str) -> None:
    assert hotrod("watch", "add", name, "--words", "other") == 1
    assert "Choose another" in capsys.readouterr().err


def test_the_quota_is_shown_as_we_count_it_while_ebay_cannot_be_asked(
    hotrod: Hotrod, capsys: Output, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTROD_EBAY__TIMEOUT_SECONDS", "1")

    async def call() -> int:
        async with transaction() as session:
            watch = (await find_watch(session, name)).watch
            assert await claim_call(session, watch.id, 4000, now()) is not None
            return (await calls_made(session, now())).last_day

    made = run(call())
    body = answered(hotrod, capsys, "quota")
    assert (body["limit"], body["budget"], body["told"]) == (5000, 4000, None)
    assert "can't be asked" in body["why"]
    assert (body["made"], body["left"]) == (made, 4000 - made)
    (share,) = [row for row in body["watches"] if row["name"] == name]
    assert share["made"] == 1
    assert 0 < share["calls_per_day"] <= 48
