"""Drives a stand-in from the vendor's own contract, by schemathesis."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sandbox.server import Sandbox, running_sandbox
from tests.contract.contracts.openapi import UNDESCRIBED, OpenApiContract

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


def drive(
    contract: OpenApiContract,
    operation: str,
    url: str,
    *,
    headers: Mapping[str, str],
    also: Sequence[int] = tuple(UNDESCRIBED),
    examples: int = 25,
) -> None:
    """Call an operation with what its contract allows, and check every answer by it.

    Args:
        contract: the document.
        operation: its ``operationId``, or ``METHOD /path``.
        url: root of the API at the stand-in, without the contract's base.
        headers: credentials, and what else each request carries.
        also: statuses below 500 that may be answered although the document lacks them.
        examples: how many calls.

    Raises:
        AssertionError: an answer was a 5xx, or isn't described by the document.
    """
    if not contract.is_here():
        pytest.skip("no vendors' contracts beside the clone")
    spec: dict[str, Any] = {**contract.spec, "servers": [{"url": url + contract.base}]}
    schema = schemathesis.openapi.from_dict(spec)
    found = [one.ok() for one in schema.get_all_operations()]
    (target,) = [
        one for one in found if operation in (one.definition.raw.get("operationId"), one.label)
    ]

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=target.as_strategy())
    def run(case: schemathesis.Case) -> None:
        answer = case.call(base_url=url + contract.base, headers=dict(headers))
        if answer.status_code in also and answer.status_code < 500:
            return
        case.validate_response(answer, checks=list(CHECKS))

    run()
