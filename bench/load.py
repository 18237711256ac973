"""The load: requests sent at their times, whatever becomes of earlier ones, by an own process.

Latencies count from the time that a request was due, not from when a connection was free for it:
a server that stalls is charged for all that had to wait (no "coordinated omission").
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence

import psutil
from pydantic import BaseModel, Field

from bench.connection import Connection, ConnectionLostError
from bench.requests import repair_request
from bench.stack import BenchStack
from hotrod.errors import HotrodError

ACCEPTED = 202
TOO_MANY = 429
NO_ANSWER = 0
_PATH = "/api/flow/repair/new"
_GRACE_SECONDS = 120.0


class Due(BaseModel):
    """A request, and when it is due: seconds after the start."""

    number: int
    after_seconds: float = Field(0.0, ge=0)
    urgent: bool = False


class Sent(BaseModel):
    """A request that was sent; times are seconds since the epoch.

    Args:
        number: of the request.
        due: when it should have been sent.
        sent: when it was; later when all connections were taken.
        answered: when the answer was complete, or was given up.
        status: of HTTP; ``NO_ANSWER``: none came.
        retry_after: header of that name.
        ticket: number of the ticket that was opened.
    """

    number: int
    urgent: bool
    due: float
    sent: float
    answered: float
    status: int
    retry_after: str = ""
    ticket: str = ""

    @property
    def latency(self) -> float:
        """Seconds from the time it was due to its answer."""
        return self.answered - self.due

    @property
    def is_refused_well(self) -> bool:
        """Whether it was turned away as the API promises: too many, come back later."""
        return self.status == TOO_MANY and bool(self.retry_after)


class Load(BaseModel):
    """What a load process is told, on stdin.

    Args:
        connections: kept open; a request that is due waits for a free one.
        seed: of the requests' words.
    """

    port: int
    api_key: str
    connections: int = Field(ge=1, le=256)
    seed: int = 0
    requests: list[Due] = Field(max_length=100_000)


class LoadReport(BaseModel):
    """What a load process tells, on stdout; CPU and memory are what it took itself."""

    sent: list[Sent]
    cpu_seconds: float
    rss_mb: float


def steadily(rate: float, seconds: float, first_number: int = 0) -> list[Due]:
    """Return requests at a steady rate (per second)."""
    return [
        Due(number=first_number + place, after_seconds=place / rate)
        for place in range(round(rate * seconds))
    ]


def send_load(
    stack: BenchStack, requests: Iterable[Due], *, connections: int, seed: int = 0
) -> LoadReport:
    """Send requests to a stack's gateway from a process of its own.

    Raises:
        HotrodError: that process failed, or came to no end.
    """
    load = Load(
        port=stack.settings.gateway.port,
        api_key=stack.api_key,
        connections=connections,
        seed=seed,
        requests=sorted(requests, key=lambda one: one.after_seconds),
    )
    longest = max((one.after_seconds for one in load.requests), default=0.0)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bench.load"],
            input=load.model_dump_json().encode(),
            stdout=subprocess.PIPE,
            timeout=longest + _GRACE_SECONDS,
            check=True,
        )
    except subprocess.SubprocessError as error:
        raise HotrodError(f"the load could not be sent: {type(error).__name__}") from None
    return LoadReport.model_validate_json(done.stdout)


class Sender:
    """Sends what is due over a few connections."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._begin = time.time()
        self._due: asyncio.Queue[tuple[Due, bytes]] = asyncio.Queue()
        self.sent: list[Sent] = []

    @classmethod
    async def send(cls, load: Load) -> list[Sent]:
        """Send all, and return what came of each, in the order of the answers."""
        bodies = [_body(load, one) for one in load.requests]
        sender = cls(load)
        clients = [asyncio.create_task(sender._client()) for _ in range(load.connections)]
        await sender._keep_time(bodies)
        await sender._due.join()
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        return sender.sent

    async def _keep_time(self, bodies: Sequence[bytes]) -> None:
        for one, body in zip(self._load.requests, bodies, strict=True):
            ahead = self._begin + one.after_seconds - time.time()
            if ahead > 0:
                await asyncio.sleep(ahead)
            self._due.put_nowait((one, body))

    async def _client(self) -> None:
        async with Connection("127.0.0.1", self._load.port) as connection:
            while True:
                one, body = await self._due.get()
                try:
                    self.sent.append(await self._send(connection, one, body))
                finally:
                    self._due.task_done()

    async def _send(self, connection: Connection, one: Due, body: bytes) -> Sent:
        headers = {
            "X-API-Key": self._load.api_key,
            "Content-Type": "application/json",
            "Idempotency-Key": f"bench-{self._load.seed}-{one.number}",
        }
        begun = time.time()
        sent = Sent(
            number=one.number,
            urgent=one.urgent,
            due=self._begin + one.after_seconds,
            sent=begun,
            answered=begun,
            status=NO_ANSWER,
        )
        try:
            answer = await connection.post(_PATH, headers, body)
        except ConnectionLostError:
            return sent.model_copy(update={"answered": time.time()})
        opened = json.loads(answer.body) if answer.status == ACCEPTED else {}
        return sent.model_copy(
            update={
                "answered": time.time(),
                "status": answer.status,
                "retry_after": answer.headers.get("retry-after", ""),
                "ticket": opened.get("ticket", ""),
            }
        )


def _body(load: Load, one: Due) -> bytes:
    return json.dumps(repair_request(one.number, seed=load.seed, urgent=one.urgent)).encode()


def main() -> None:
    """Read a load from stdin, send it, and write the report to stdout."""
    load = Load.model_validate_json(sys.stdin.buffer.read())
    begun = time.process_time()
    sent = asyncio.run(Sender.send(load))
    report = LoadReport(
        sent=sent,
        cpu_seconds=round(time.process_time() - begun, 2),
        rss_mb=round(psutil.Process().memory_info().rss / 1e6, 1),
    )
    sys.stdout.write(report.model_dump_json())


if __name__ == "__main__":
    main()
