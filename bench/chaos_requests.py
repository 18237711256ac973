"""A steady stream of requests from a client that never gives up easily.

It behaves as the API asks: a request without a 2xx is sent again with the same Idempotency-Key.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

import httpx

from bench.evidence import ask
from bench.requests import repair_request
from bench.stack import BenchStack

_PATH = "/api/flow/repair/new"
_EVERY_SECONDS = 1.0
_AGAIN_AFTER_SECONDS = 0.5
_GIVE_UP_AFTER_SECONDS = 120.0
_ANSWER_WITHIN_SECONDS = 10.0
_SHARE_SENT_TWICE = 0.2
_MOST_UNFINISHED = 60
_UNFINISHED = f"""
    SELECT FROM inbox WHERE state IN ('held', 'waiting', 'claimed') LIMIT {_MOST_UNFINISHED}
"""


@dataclass
class Request:
    """One request, and what its sender knows of it.

    Args:
        number: of the request; its customer is ``bench-<number>@example.com``.
        ticket: that the gateway has opened, by its first 2xx; None: there was none.
        replayed: the ticket by another answer to the same request; None: not asked for.
        sendings: how often it was sent.
        refusal: the last answer that was neither 2xx nor worth another try.
    """

    number: int
    ticket: str | None = None
    replayed: str | None = None
    sendings: int = 0
    refusal: str = ""


class RequestStream:
    """Sends about one request per second until it is told to stop.

    While many are unfinished it sends none: what is shown is that nothing is lost, not how long
    the queue can be.

    Args:
        stack: whose gateway they go to.
        seed: of the requests' words.
    """

    def __init__(self, stack: BenchStack, seed: int) -> None:
        self._stack = stack
        self._seed = seed
        self._dice = random.Random(seed)  # noqa: S311 - repeatable, no secret
        self._client = httpx.AsyncClient(
            base_url=stack.gateway_url,
            headers={"X-API-Key": stack.api_key},
            trust_env=False,
            timeout=_ANSWER_WITHIN_SECONDS,
        )
        self.requests: list[Request] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set; returns when each request is accepted or given up."""
        async with self._client, asyncio.TaskGroup() as senders:
            while not stop.is_set():
                if len(await ask(self._stack, _UNFINISHED)) < _MOST_UNFINISHED:
                    request = Request(len(self.requests))
                    self.requests.append(request)
                    senders.create_task(self._send(request))
                await asyncio.sleep(_EVERY_SECONDS)

    async def _send(self, request: Request) -> None:
        twice = self._dice.random() < _SHARE_SENT_TWICE
        request.ticket = await self._until_accepted(request)
        if twice and request.ticket is not None:
            request.replayed = await self._until_accepted(request)

    async def _until_accepted(self, request: Request) -> str | None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _GIVE_UP_AFTER_SECONDS
        while loop.time() < deadline:
            request.sendings += 1
            try:
                answer = await self._client.post(
                    _PATH,
                    json=repair_request(request.number, seed=self._seed),
                    headers={"Idempotency-Key": f"chaos-{self._seed}-{request.number}"},
                )
            except httpx.TransportError:
                await asyncio.sleep(_AGAIN_AFTER_SECONDS)
                continue
            if answer.is_success:
                return str(answer.json()["ticket"])
            if answer.is_client_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                request.refusal = f"{answer.status_code} {answer.text[:200]}"
                return None
            await asyncio.sleep(float(answer.headers.get("Retry-After", _AGAIN_AFTER_SECONDS)))
        return None
