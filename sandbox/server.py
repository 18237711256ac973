"""Runs the stand-ins: one HTTP server, and those of other protocols, on one event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from sandbox.app import create_app
from sandbox.connection import CuttableProtocol
from sandbox.mail.journal import Journal
from sandbox.mail.store import MailStore
from sandbox.registry import STAND_INS
from sandbox.slack.interactions import Interactions
from sandbox.state import SandboxState

HOST = "127.0.0.1"
GRACE_SECONDS = 1
KEPT_ALIVE_SECONDS = 75  # as vendors do; one that is shorter than a client's cuts off requests


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Running stand-ins: the root of pages and APIs, and what they remember.

    Base URLs: ``{url}/slack/api`` and the like, by the prefixes of the stand-ins' APIs.
    """

    url: str
    state: SandboxState

    @property
    def smtp_port(self) -> int:
        """Where mail is taken."""
        return self.state.ports["smtp"]

    @property
    def imap_port(self) -> int:
        """Where mailboxes are shown."""
        return self.state.ports["imap"]


@asynccontextmanager
async def running_sandbox(
    http_port: int = 0,
    ports: Mapping[str, int] | None = None,
    journal: Path | None = None,
    *,
    presses_url: str = "",
) -> AsyncIterator[Sandbox]:
    """Run the stand-ins on the current event loop while the context lasts.

    Args:
        http_port: port on loopback; 0: any free one.
        ports: of the other protocols, by name, e.g. ``smtp``; unnamed: any free one.
        journal: file that keeps the mails; None: they are forgotten with the process.
        presses_url: where Slack tells of pressed buttons, until it is told another URL.

    Raises:
        OSError: a port is in use, or the journal can't be used; its ``filename`` says which.
    """
    stores = [store for one in STAND_INS for store in one.stores()]
    stores.append(Interactions(presses_url))
    if journal:
        stores.append(MailStore(Journal(journal)))
    state = SandboxState(stores)
    async with AsyncExitStack() as stack:
        http_socket = stack.enter_context(_listener(http_port))
        for listener in (listener for one in STAND_INS for listener in one.listeners):
            bound = stack.enter_context(_listener((ports or {}).get(listener.name, 0)))
            state.ports[listener.name] = bound.getsockname()[1]
            await stack.enter_async_context(listener.serve(bound, state))
        await stack.enter_async_context(_serving_http(http_socket, state))
        yield Sandbox(f"http://{HOST}:{http_socket.getsockname()[1]}", state)


@asynccontextmanager
async def _serving_http(listener: socket.socket, state: SandboxState) -> AsyncIterator[None]:
    server = _HttpServer(state)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await server.is_up.wait()
        yield
    finally:
        server.should_exit = True
        await serving


class _HttpServer(uvicorn.Server):
    """uvicorn within a larger process: signals are not its business."""

    def __init__(self, state: SandboxState) -> None:
        super().__init__(
            uvicorn.Config(
                create_app(state, STAND_INS),
                http=CuttableProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
                timeout_keep_alive=KEPT_ALIVE_SECONDS,
            )
        )
        self.is_up = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen."""
        await super().startup(sockets)
        self.is_up.set()


@contextmanager
def _listener(port: int) -> Iterator[socket.socket]:
    # Only with its protocol named does asyncio send small answers at once (TCP_NODELAY).
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
            listener.listen()
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"{HOST}:{port}") from None
        yield listener
