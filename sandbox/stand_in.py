"""What a stand-in is to the frame around it: APIs to serve, stores to empty, pages to show."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Response

from sandbox.state import SandboxState, Store
from sandbox.story import Story

FaultAnswer = Callable[[str, int | None, str | None, str | None], Response]
"""Builds a service's error from request id, status, code and Retry-After; None: its usual."""


def _no_seed(_state: SandboxState, _story: Story) -> None:
    """Put nothing into the stores."""


@dataclass(frozen=True, kw_only=True)
class Api:
    """An HTTP API as the wire sees it.

    Args:
        service: its name in calls and faults.
        prefix: where its paths begin, e.g. ``/slack/api``.
        routers: what answers, below the prefix; with the rest of each one's path. What lies
            elsewhere below the prefix are pages.
        error: what its routes raise to refuse.
        error_answer: builds the service's refusal from request id and error.
        fault_answer: builds the service's answer to a call that a fault was ordered for.
        id_header: header in which the service names a request.
        new_id: makes a request id.
        spared: faults leave paths alone that contain one of these, unless they name it.
        reads: parts of paths that change nothing although they are asked for by POST.
    """

    service: str
    prefix: str
    routers: Sequence[tuple[str, APIRouter]]
    error: type[Exception]
    error_answer: Callable[[str, Any], Response]
    fault_answer: FaultAnswer
    id_header: str = "x-request-id"
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())
    spared: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A server that doesn't speak HTTP.

    Args:
        name: of its protocol; also of its port.
        serve: answers at a listening socket while its context lasts.
    """

    name: str
    serve: Callable[[socket.socket, SandboxState], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """One service, played.

    Args:
        name: of its folder, and in ``HOTROD_SANDBOX__SERVICES``.
        title: its name on pages.
        apis: what it serves by HTTP.
        stores: makes what it remembers.
        pages: where a person sees and changes what it remembers; its first page is ``/{name}``.
        control: more of the control API, below ``/_control``.
        summary: says in a few words what it holds, e.g. ``12 contacts``.
        listeners: what it serves by other protocols.
        seed: fills the stores with a believable company.
    """

    name: str
    title: str
    stores: Callable[[], Sequence[Store]]
    pages: APIRouter
    summary: Callable[[SandboxState], str]
    apis: Sequence[Api] = ()
    control: APIRouter | None = None
    listeners: Sequence[Listener] = ()
    seed: Callable[[SandboxState, Story], None] = _no_seed
