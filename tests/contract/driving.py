"""Drives a stand-in from the vendor's own contract, by schemathesis."""

from __future__ import annotations

import asyncio
import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sandbox.calls import Exchange
from sandbox.registry import STAND_INS
from sandbox.server import Sandbox, running_sandbox
from tests.contract.contracts import known_refusals
from tests.contract.contracts.openapi import OpenApiContract
from tests.contract.contracts.refusals import wrong_refusal

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)


@contextmanager
def sandbox_beside() -> Iterator[Sandbox]:
    """Run the stand-ins on an event loop in a thread: schemathesis calls block."""
    stop, found = asyncio.Event(), list[Sandbox]()
    is_up = threading.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with running_sandbox() as sandbox:
            found.append(sandbox)
            is_up.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert is_up.wait(30), "the stand-ins did not start"
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@contextmanager
def seeded_sandbox() -> Iterator[Sandbox]:
    """Run the stand-ins as ``sandbox_beside``, filled with the story's company."""
    with sandbox_beside() as sandbox:
        httpx.post(f"{sandbox.url}/_control/seed", timeout=30, trust_env=False).raise_for_status()
        yield sandbox


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a stand-in holds, or would take: of some calls all is made up, others ask for this.

    Args:
        path: values of the path's parameters, by name.
        query: values of the query's, by name; they are added where a call lacks them.
        body: whole bodies.
    """

    path: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    query: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    body: Sequence[Any] = ()


class Sense(Enum):
    """How much sense a call makes: none, it asks for what is there, or it is right as a whole."""

    NONE = auto()
    PATH = auto()
    WHOLE = auto()


class Call(Protocol):
    """What a call asks for."""

    path_parameters: dict[str, Any]
    query: dict[str, Any]
    body: Any


MadeUp = TypeVar("MadeUp", bound=Call)


def ask_in_each_sense(
    ask: Callable[[MadeUp], None], made_up: st.SearchStrategy[MadeUp], known: Known, examples: int
) -> None:
    """Ask with calls of each sense, about as many of one as of another.

    Args:
        ask: sends a call, and checks its answer.
        made_up: calls as the document alone allows them.
        known: what calls that make sense ask for.
        examples: how many calls.
    """
    for sense in Sense:

        @settings(
            max_examples=math.ceil(examples / len(Sense)),
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(call=_calls(made_up, known, sense))
        def run(call: MadeUp) -> None:
            ask(call)

        run()


@st.composite
def _calls(
    draw: st.DrawFn, made_up: st.SearchStrategy[MadeUp], known: Known, sense: Sense
) -> MadeUp:
    """Draw a call that makes as much sense as is said."""
    is_whole = sense is Sense.WHOLE
    path = {} if sense is Sense.NONE else draw(_one_of_each(known.path))
    query = draw(_one_of_each(known.query)) if is_whole else {}
    body = draw(st.sampled_from(known.body)) if is_whole and known.body else None
    call = draw(made_up)
    call.path_parameters |= path
    call.query |= query
    call.body = call.body if body is None else body
    return call


def _one_of_each(values: Mapping[str, Sequence[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({name: st.sampled_from(some) for name, some in values.items()})


def drive(
    contract: OpenApiContract,
    operation: str,
    url: str,
    *,
    headers: Mapping[str, str],
    known: Known = Known(),
    examples: int = 25,
) -> None:
    """Call an operation with what its contract allows, and check every answer by it.

    Args:
        contract: the document.
        operation: its ``operationId``, or ``METHOD /path``.
        url: root of the API at the stand-in, without the contract's base.
        headers: credentials, and what else each request carries.
        known: what some calls ask for; the others are made up from the document alone.
        examples: how many calls.

    Raises:
        AssertionError: an answer was a 5xx, or isn't described by the document, or refuses in
            other words than the vendor's; or no call succeeded.
    """
    if not contract.is_here():
        pytest.skip("no vendors' contracts beside the clone")
    spec: dict[str, Any] = {**contract.spec, "servers": [{"url": url + contract.base}]}
    schema = schemathesis.openapi.from_dict(spec)
    found = []
    for one in schema.get_all_operations():
        assert isinstance(one, Ok), one.err()
        found.append(one.ok())
    (target,) = [
        one for one in found if operation in (one.definition.raw.get("operationId"), one.label)
    ]
    answers = Counter[int]()

    def ask(case: schemathesis.Case[Any]) -> None:
        answer = case.call(base_url=url + contract.base, headers=dict(headers))
        answers[answer.status_code] += 1
        check_refusal(
            str(answer.request.method),
            str(answer.request.url),
            answer.status_code,
            {name: values[0] for name, values in answer.headers.items()},
            answer.content,
        )
        is_described = target.responses.find_by_status_code(answer.status_code) is not None
        may_be_undescribed = answer.status_code in contract.undescribed
        if is_described or not may_be_undescribed or answer.status_code >= 500:
            case.validate_response(answer, checks=list(CHECKS))

    ask_in_each_sense(ask, target.as_strategy(), known, examples)
    has_succeeded = any(200 <= status < 300 for status in answers)
    assert has_succeeded, f"{operation} was answered {dict(answers)}"


def check_refusal(
    method: str, url: str, status: int, headers: Mapping[str, str], body: bytes
) -> None:
    """Check that a stand-in's answer, if it refuses, does so in the vendor's words."""
    path = urlsplit(url).path
    apis = [api for stand_in in STAND_INS for api in stand_in.apis]
    api = max(
        (one for one in apis if path.startswith(f"{one.prefix}/")), key=lambda one: len(one.prefix)
    )
    exchange = Exchange(
        service=api.service,
        method=method,
        path=path.removeprefix(api.prefix),
        query="",
        headers=[],
        body=b"",
        status=status,
        answer_headers=list(headers.items()),
        answer_body=body,
    )
    wrong = wrong_refusal(known_refusals(), exchange)
    assert not wrong, "\n".join(wrong)
