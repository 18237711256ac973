"""Search (``/crm/v3/objects/{type}/search``): over what the index has seen so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from sandbox.hubspot.body import Body, Text, read
from sandbox.hubspot.errors import HubSpotError
from sandbox.hubspot.index import SearchIndex
from sandbox.hubspot.limits import enter
from sandbox.hubspot.objects import known
from sandbox.hubspot.record import Record
from sandbox.hubspot.schema import ObjectType, Property, Schema, moment_of, number_of, object_type
from sandbox.state import State

MAX_RESULTS = 10_000
MAX_PAGE = 200
MAX_FILTERS = 18

router = APIRouter(dependencies=[Depends(enter)])

Given = TypeVar("Given")

_Key = str | float
_Test = Callable[[Record], bool]


class Filter(Body):
    """A condition on one property."""

    property_name: str
    operator: Literal[
        "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN",
        "HAS_PROPERTY", "NOT_HAS_PROPERTY", "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN",
    ]  # fmt: skip
    value: Text | None = None
    values: list[Text] | None = None
    high_value: Text | None = None


class FilterGroup(Body):
    """Conditions that all must hold."""

    filters: list[Filter] = Field(max_length=6)


class Sort(Body):
    """An order by one property."""

    property_name: str
    direction: Literal["ASCENDING", "DESCENDING"] = "ASCENDING"


class Search(Body):
    """What is looked for: one group of filters must hold, and all words of the query."""

    filter_groups: list[FilterGroup] = Field(default_factory=list, max_length=5)
    sorts: list[str | Sort] = Field(default_factory=list, max_length=1)
    query: str = Field("", max_length=3000)
    properties: list[str] = Field(default_factory=list)
    limit: int = Field(10, ge=0, le=MAX_PAGE)
    after: Text = ""


@router.post("/{kind}/search")
async def search(kind: str, request: Request, state: State) -> Response:
    """Search objects of a type."""
    found, wanted = object_type(kind), await read(Search, request)
    schema = state.store(Schema)
    begin = _begin(wanted)
    test = _test(schema, found, wanted)
    records = [one for one in state.store(SearchIndex).records(found.name) if test(one)]
    if wanted.sorts:
        records = _sorted(schema, found, records, wanted.sorts[0])
    shown = known(state, found, wanted.properties)
    end = begin + wanted.limit
    body: dict[str, Any] = {
        "total": len(records),
        "results": [record.to_json(shown) for record in records[begin:end]],
    }
    if end < len(records):
        body["paging"] = {"next": {"after": str(end)}}
    return JSONResponse(body)


def _begin(wanted: Search) -> int:
    if wanted.after and not (wanted.after.isascii() and wanted.after.isdigit()):
        raise HubSpotError(400, f"Invalid 'after' value: {wanted.after!r}")
    begin = int(wanted.after[:9] or 0)
    if begin + wanted.limit > MAX_RESULTS:
        text = f"Paging past {MAX_RESULTS} results is not supported by search."
        raise HubSpotError(400, text)
    return begin


def _test(schema: Schema, kind: ObjectType, wanted: Search) -> _Test:
    if sum(len(group.filters) for group in wanted.filter_groups) > MAX_FILTERS:
        raise HubSpotError(400, f"A search has at most {MAX_FILTERS} filters.")
    groups = [
        [_condition(_definition(schema, kind, one.property_name), one) for one in group.filters]
        for group in wanted.filter_groups
    ]
    words = wanted.query.lower().split()

    def has_words(record: Record) -> bool:
        text = " ".join(record.value(name) or "" for name in kind.searched).lower()
        return all(word in text for word in words)

    def test(record: Record) -> bool:
        return (not words or has_words(record)) and (
            not groups or any(all(holds(record) for holds in group) for group in groups)
        )

    return test


def _definition(schema: Schema, kind: ObjectType, name: str) -> Property:
    found = schema.find(kind, name)
    if found is None:
        text = f"There was a problem with the request: property {name} does not exist."
        raise HubSpotError(400, text)
    return found


def _condition(of: Property, one: Filter) -> _Test:
    """Return the test for a filter; HubSpot refuses one that lacks its value."""
    tests: dict[str, Callable[[_Key], bool]] = {}
    match one.operator:
        case "HAS_PROPERTY":
            return lambda record: record.value(of.name) is not None
        case "NOT_HAS_PROPERTY":
            return lambda record: record.value(of.name) is None
        case "IN" | "NOT_IN":
            several = [_key(of, value) for value in _given(of, one.values)]
            tests["IN"] = lambda key: key in several
            tests["NOT_IN"] = lambda key: key not in several
        case "BETWEEN":
            low, high = _key(of, _given(of, one.value)), _key(of, _given(of, one.high_value))
            tests["BETWEEN"] = lambda key: low <= key <= high  # type: ignore[operator]
        case "CONTAINS_TOKEN" | "NOT_CONTAINS_TOKEN":
            token = _given(of, one.value).lower().strip("*")
            tests["CONTAINS_TOKEN"] = lambda key: token in str(key)
            tests["NOT_CONTAINS_TOKEN"] = lambda key: token not in str(key)
        case _:
            told = _key(of, _given(of, one.value))
            tests["EQ"] = lambda key: key == told
            tests["NEQ"] = lambda key: key != told
            tests["LT"] = lambda key: key < told  # type: ignore[operator]
            tests["LTE"] = lambda key: key <= told  # type: ignore[operator]
            tests["GT"] = lambda key: key > told  # type: ignore[operator]
            tests["GTE"] = lambda key: key >= told  # type: ignore[operator]
    test = tests[one.operator]

    def holds(record: Record) -> bool:
        value = record.value(of.name)
        return value is not None and test(_key(of, value))

    return holds


def _given(of: Property, value: Given | None) -> Given:
    if value is None:
        raise HubSpotError(400, f"The filter on {of.name} lacks its value.")
    return value


def _key(of: Property, value: str) -> _Key:
    """Return a value as it is compared: numbers and moments as numbers, texts in lower case."""
    if of.type == "number":
        found = number_of(value)
    elif of.type in ("datetime", "date"):
        moment = moment_of(value)
        found = None if moment is None else moment.timestamp()
    else:
        return value.lower()
    if found is None:
        raise HubSpotError(400, f"{value!r} is no {of.type}, as the filter on {of.name} needs.")
    return found


def _sorted(
    schema: Schema, kind: ObjectType, records: list[Record], sort: str | Sort
) -> list[Record]:
    """Sort; objects without a value come last."""
    if isinstance(sort, str):
        is_down, name = sort.startswith("-"), sort.lstrip("-")
    else:
        is_down, name = sort.direction == "DESCENDING", sort.property_name
    of = _definition(schema, kind, name)
    keys = [(value, record) for record in records if (value := record.value(name)) is not None]
    keys.sort(key=lambda pair: _key(of, pair[0]), reverse=is_down)
    return [record for _, record in keys] + [one for one in records if one.value(name) is None]
