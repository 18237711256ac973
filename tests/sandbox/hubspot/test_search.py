from __future__ import annotations

from typing import Any

import pytest

from sandbox import Sandbox
from sandbox.hubspot.index import SearchIndex
from sandbox.hubspot.limits import Limits
from sandbox.hubspot.record import Record
from sandbox.hubspot.schema import DEALS, moment_of
from sandbox.hubspot.store import Crm

NOW = moment_of("2026-11-21T10:00:00Z")


def deal(number: int) -> Record:
    assert NOW is not None
    return Record(DEALS, str(number), {"dealname": "a"}, NOW, NOW)


def test_the_index_sees_what_was_written_when_its_lag_is_over() -> None:
    now = 0.0
    index = SearchIndex(clock=lambda: now)
    index.lag_seconds = 2.0
    index.put(deal(1))
    now = 1.9
    assert index.records("deals") == []
    index.put(deal(2))
    now = 2.0
    assert [one.id for one in index.records("deals")] == ["1"]
    now = 4.0
    assert [one.id for one in index.records("deals")] == ["1", "2"]


def test_the_index_keeps_what_it_saw_until_it_sees_the_change() -> None:
    now = 0.0
    index = SearchIndex(clock=lambda: now)
    record = deal(1)
    index.put(record)
    index.refresh()
    record.properties["dealname"] = "b"
    index.put(record)
    assert index.records("deals")[0].properties == {"dealname": "a"}
    now = 1.0
    assert index.records("deals")[0].properties == {"dealname": "b"}
    record.archived_at = NOW
    index.put(record)
    assert len(index.records("deals")) == 1
    index.refresh()
    assert index.records("deals") == []


async def test_search_lags_by_the_order_of_the_control_api(hubspot: Any) -> None:
    await hubspot.control("PUT", "/index", params={"lag_seconds": 60})
    await hubspot.create("deals", dealname="Console")

    before = (await hubspot.search("deals")).json()
    await hubspot.refresh()
    after = (await hubspot.search("deals")).json()

    assert (before["total"], after["total"]) == (0, 1)


@pytest.mark.parametrize(
    ("operator", "more", "found"),
    [
        ("EQ", {"value": "20"}, "B"),
        ("EQ", {"value": 20}, "B"),
        ("NEQ", {"value": "20"}, "AC"),
        ("LT", {"value": "20"}, "A"),
        ("LTE", {"value": "20"}, "AB"),
        ("GT", {"value": "9"}, "ABC"),
        ("GTE", {"value": "20.0"}, "BC"),
        ("BETWEEN", {"value": "10", "highValue": "20"}, "AB"),
        ("IN", {"values": ["10", "30"]}, "AC"),
        ("NOT_IN", {"values": ["10", "30"]}, "B"),
        ("HAS_PROPERTY", {}, "ABC"),
        ("NOT_HAS_PROPERTY", {}, "D"),
    ],
)
async def test_filters_choose(
    hubspot: Any, operator: str, more: dict[str, object], found: str
) -> None:
    for name, amount in (("A", "10"), ("B", "20"), ("C", "30"), ("D", "")):
        await hubspot.create("deals", dealname=name, amount=amount)
    await hubspot.refresh()

    group = {"filters": [{"propertyName": "amount", "operator": operator, **more}]}
    answer = (await hubspot.search("deals", filterGroups=[group])).json()

    assert [one["properties"]["dealname"] for one in answer["results"]] == list(found)
    assert answer["total"] == len(found)


async def test_texts_are_compared_without_regard_to_case_and_by_tokens(hubspot: Any) -> None:
    await hubspot.create("companies", name="Acme Music", domain="acme.example")
    await hubspot.refresh()

    for operator, value, total in (
        ("EQ", "acme music", 1),
        ("CONTAINS_TOKEN", "*music", 1),
        ("NOT_CONTAINS_TOKEN", "music", 0),
    ):
        one = {"propertyName": "name", "operator": operator, "value": value}
        answer = await hubspot.search("companies", filterGroups=[{"filters": [one]}])
        assert answer.json()["total"] == total


async def test_one_group_must_hold_and_all_words(hubspot: Any) -> None:
    for name in ("Acme Music", "Acme Foods", "Best Music"):
        await hubspot.create("companies", name=name)
    await hubspot.refresh()
    groups = [
        {"filters": [{"propertyName": "name", "operator": "EQ", "value": name}]}
        for name in ("Acme Music", "Best Music")
    ]

    either = (await hubspot.search("companies", filterGroups=groups)).json()
    both = (await hubspot.search("companies", filterGroups=groups, query="music ACME")).json()

    assert (either["total"], both["total"]) == (2, 1)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("amount", "BCA"),
        ("-amount", "CBA"),
        ({"propertyName": "amount", "direction": "DESCENDING"}, "CBA"),
        ({"propertyName": "dealname"}, "ABC"),
    ],
)
async def test_objects_without_a_value_come_last(hubspot: Any, sort: Any, order: str) -> None:
    for name, amount in (("A", ""), ("B", "9"), ("C", "10")):
        await hubspot.create("deals", dealname=name, amount=amount)
    await hubspot.refresh()

    answer = (await hubspot.search("deals", sorts=[sort])).json()

    assert [one["properties"]["dealname"] for one in answer["results"]] == list(order)


async def test_pages_end_at_ten_thousand(hubspot: Any, sandbox: Sandbox) -> None:
    crm = sandbox.state.store(Crm)
    sandbox.state.store(Limits).allow(100, 100)
    for number in range(10_001):
        crm.create(DEALS, {"dealname": str(number)})
    await hubspot.refresh()

    last = await hubspot.search("deals", limit=200, after="9800")
    past = await hubspot.search("deals", limit=200, after=last.json()["paging"]["next"]["after"])

    assert last.json()["total"] == 10_001
    assert len(last.json()["results"]) == 200
    assert past.status_code == 400
    assert past.json()["category"] == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    "wanted",
    [
        {"limit": 201},
        {"after": "x"},
        {"sorts": ["shoe_size"]},
        {"sorts": ["amount", "dealname"]},
        {"filterGroups": [{"filters": [{"propertyName": "x", "operator": "EQ", "value": "1"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "amount", "operator": "EQ"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "amount", "operator": "LIKE"}]}]},
        {
            "filterGroups": [
                {"filters": [{"propertyName": "amount", "operator": "GT", "value": "much"}]}
            ]
        },
        {"filterGroups": [{"filters": []}] * 6},
        {
            "filterGroups": [
                {"filters": [{"propertyName": "amount", "operator": "HAS_PROPERTY"}] * 5}
            ]
            * 4
        },
    ],
)
async def test_searches_that_hubspot_refuses(hubspot: Any, wanted: dict[str, object]) -> None:
    refused = await hubspot.search("deals", **wanted)

    assert refused.status_code == 400
    assert refused.json()["category"] == "VALIDATION_ERROR"
