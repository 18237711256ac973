from __future__ import annotations

from bench.chaos_schedule import Event, FaultWindow, Kill, Way, draw_schedule


def kills_of(events: list[Event]) -> list[Kill]:
    return [event.what for event in events if isinstance(event.what, Kill)]


def test_the_same_seed_is_the_same_schedule() -> None:
    assert draw_schedule(7, 50) == draw_schedule(7, 50)
    assert draw_schedule(7, 50) != draw_schedule(8, 50)


def test_a_longer_schedule_begins_like_a_shorter_one() -> None:
    short = draw_schedule(7, 20)
    assert draw_schedule(7, 50)[: len(short)] == short


def test_as_many_kills_as_asked_for_and_every_part_among_them() -> None:
    kills = kills_of(draw_schedule(1, 200, workers=2))
    assert len(kills) == 200
    parts = {"worker-1", "worker-2", "gateway", "prefect", "postgres", "sandbox"}
    assert {kill.part for kill in kills} == parts
    assert {kill.way for kill in kills if kill.part != "postgres"} == {Way.KILL}
    assert {kill.way for kill in kills if kill.part == "postgres"} == set(Way)


def test_services_fail_in_several_ways() -> None:
    faults = [e.what.fault for e in draw_schedule(1, 200) if isinstance(e.what, FaultWindow)]
    assert {fault.service for fault in faults} == {"graph", "claude", "slack"}
    kinds = {"drop_after_accept", "reset", "slow", "rate_limit", "error"}
    assert {fault.kind for fault in faults} == kinds
