"""Every measurement once, short: what it counts must be right; how fast is for the long ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.accept import measure_accept
from bench.burst import measure_burst
from bench.chaos import measure_chaos
from bench.contacts import measure_contacts
from bench.drain import measure_drain
from bench.outage import measure_outage
from bench.recover import measure_recover
from bench.services import measure_services
from bench.sleep import measure_sleep
from bench.sourcing import measure_sourcing
from bench.start import measure_start

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(600)]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTROD_HOME", str(tmp_path))


def test_accept() -> None:
    found = measure_accept(rate=10, seconds=3, search=False)
    assert (found.n, found.errors) == (30, 0)


def test_start_is_faster_than_stock_prefect() -> None:
    found = measure_start(n=3, stock_n=2)
    assert found.n == 3
    assert found.ratio is not None
    assert found.ratio > 1


def test_a_burst_is_accepted_and_done_once() -> None:
    found = measure_burst(n=12, clients=4, stock_n=0)
    assert (found.accepted, found.failed, found.done, found.doubled) == (found.n, 0, found.n, 0)


def test_a_backlog_is_worked_off() -> None:
    found = measure_drain(n=6)
    assert (found.done, found.undone) == (6, [])
    assert found.floor_runs_per_second > 0


def test_a_killed_worker_loses_and_doubles_nothing() -> None:
    found = measure_recover(n=5)
    assert found.violations == []
    assert found.same_run == found.interrupted


def test_prefect_away_loses_and_doubles_nothing() -> None:
    found = measure_outage(seconds=12)
    assert found.violations == []
    assert found.done == found.accepted == found.n


def test_runs_sleep_through_a_restart_and_wake_up() -> None:
    found = measure_sleep(n=3)
    assert (found.asleep, found.claimed, found.done) == (3, 0, 3)


def test_chaos_breaks_no_invariant() -> None:
    found = measure_chaos(kills=6, seed=1)
    assert found.violations == []
    assert (found.kills, found.lost, found.doubled) == (6, 0, 0)


def test_processes_that_share_an_account_stay_below_its_limit() -> None:
    found = measure_services(processes=2, limit=20, window_seconds=2.0, windows=2, pairs=10)
    assert found.calls > 20
    assert found.busiest_window <= 20


def test_contacts_get_in_or_are_told() -> None:
    found = measure_contacts(n=200, wrong_in_100=2, tell=lambda _: None)
    assert (found.found, found.told, found.falsely_told) == (196, 4, 0)
    assert [row for row in found.rows() if row.kept is False] == []


def test_low_parts_are_ordered_though_prefect_and_workers_die_meanwhile() -> None:
    found = measure_sourcing(rounds=1, ebay_seconds_per_call=0.1, killed=True)
    assert (found.parts_low, found.sources, found.clicks) == (10, 4, 3)
