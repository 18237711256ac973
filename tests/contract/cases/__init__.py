"""One case per connector for the fault matrix: a call that reads, one that writes, a count.

Each module beside this one exposes ``CASES``; ``tests/contract/test_fault_matrix.py`` puts every
fault to each of them. ``postgres`` has none: faults are ordered at the stand-ins, and its server
is a real one. ``tests/contract/test_postgres.py`` cuts the line to it instead.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from connectors._http.errors import ConnectorError
from connectors._http.retry import RetryPolicy

FAULTS = (
    "429 with Retry-After",
    "429 without",
    "500",
    "503",
    "time-out",
    "reset",
    "dropped after the act",
    "truncated",
    "another content type",
    "expired token",
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """How to put faults to one connector.

    Args:
        service: name of its API at the stand-ins, as faults name it.
        make: builds the client, given the stand-ins, a retry policy that doesn't wait, and a
            time-out in seconds.
        read: a call that changes nothing; None: the connector only writes.
        read_path: part of the path that it calls.
        write: a call that changes something, with fresh values each time it is called; None: the
            connector only reads.
        write_path: part of the path that it calls.
        written: counts at the stand-ins what ``write`` has done.
        read_fails: class of error of a read by fault, where it is not the usual one; None: it
            doesn't fail.
        write_fails: likewise, of a write.
        write_tries: requests of a write by fault, where it is not once.
        orders: how a fault is ordered, by fault, where the protocol has no statuses of HTTP.
        prepare: what must be there before, e.g. the thing that is read.
    """

    service: str
    make: Callable[[Any, RetryPolicy, float], Any]
    read: Callable[[Any], Awaitable[object]] | None = None
    read_path: str = ""
    write: Callable[[Any], Awaitable[object]] | None = None
    write_path: str = ""
    written: Callable[[Any], Awaitable[int]] | None = None
    read_fails: Mapping[str, type[ConnectorError] | None] = field(default_factory=dict)
    write_fails: Mapping[str, type[ConnectorError] | None] = field(default_factory=dict)
    read_tries: Mapping[str, int] = field(default_factory=dict)
    write_tries: Mapping[str, int] = field(default_factory=dict)
    orders: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    prepare: Callable[[Any], Awaitable[None]] | None = None


def known_cases() -> dict[str, Case]:
    """Return all cases by name, whose first word is the connector's."""
    found: dict[str, Case] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        found |= getattr(import_module(module.name), "CASES", {})
    return found
