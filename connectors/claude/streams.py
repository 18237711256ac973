"""Text that is read while the model writes it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace

from anthropic import AsyncStream
from anthropic.types import (
    MessageParam,
    RawContentBlockDeltaEvent,
    RawMessageDeltaEvent,
    RawMessageStartEvent,
    RawMessageStopEvent,
    RawMessageStreamEvent,
    TextDelta,
)

from connectors._http.calls import Trace
from connectors._http.errors import TransientError
from connectors.claude.budget import Spending, most_usage
from connectors.claude.messages import Answered, Unchecked, check_end
from connectors.claude.models import Usage
from connectors.claude.wire import Wire

_OPERATION = "stream_text"


class _Stop(Unchecked):
    stop_reason: str | None


class _Counts(Unchecked):
    output_tokens: int
    input_tokens: int | None = None


class _Ending(Unchecked):
    delta: _Stop
    usage: _Counts


class TextStream(AsyncIterator[str]):
    """Pieces of a text, to be read once; ``ClaudeClient.stream_text`` makes it.

    Nothing is sent before the first piece is asked for. Only a call that fails before its first
    piece is tried again. Who stops reading early calls ``aclose``. The call is recorded when the
    text ends, however it does.
    """

    usage: Usage | None = None
    """What it took so far; after the last piece, all of it. None: nothing has come yet."""

    def __init__(
        self,
        wire: Wire,
        spending: Spending,
        *,
        model: str,
        max_tokens: int,
        system: str,
        asked: MessageParam,
    ) -> None:
        self._wire = wire
        self._spending = spending
        self._model = model
        self._max_tokens = max_tokens
        self._system = system
        self._asked = asked
        self._pieces = self._read()

    async def __anext__(self) -> str:
        """Return the next piece.

        Raises:
            BudgetSpentError: the text might cost more than what is left; nothing was sent.
            UnusableAnswerError: the text ended too early, cut off or refused.
            TransientError: the stream broke off.
            ConnectorError: as the class says.
        """
        return await anext(self._pieces)

    async def aclose(self) -> None:
        """Read no more of it."""
        await self._pieces.aclose()

    async def _read(self) -> AsyncGenerator[str, None]:
        most = most_usage(self._model, self._max_tokens, self._system, self._asked)
        async with self._spending.on(_OPERATION, most) as expense:

            async def begin(trace: Trace) -> AsyncStream[RawMessageStreamEvent]:
                with expense.asking():
                    return await self._begin(trace)

            is_whole, stop_reason = False, None
            async with self._wire.reading(_OPERATION, begin, self._wire.longest_seconds) as events:
                expense.may_be_done = True
                async for event in events:
                    match event:
                        case RawContentBlockDeltaEvent(delta=TextDelta(text=text)):
                            yield text
                        case RawMessageDeltaEvent():
                            ending = _Ending.model_validate(event)
                            self._recount(ending.usage)
                            expense.took = self.usage
                            stop_reason = ending.delta.stop_reason
                        case RawMessageStopEvent():
                            is_whole = True
                if self.usage is None or not is_whole:
                    raise self._wire.error(TransientError, _OPERATION, "the stream broke off")
                check_end(_OPERATION, stop_reason, self.usage)

    async def _begin(self, trace: Trace) -> AsyncStream[RawMessageStreamEvent]:
        """Open the stream, up to its first event: until then it can be asked for again."""
        events = await self._wire.api.messages.create(
            model=self._model,
            max_tokens=self._max_tokens,
            system=self._system,
            messages=[self._asked],
            stream=True,
        )
        trace.request_id = events.response.headers.get("request-id", "")
        await self._wire.learn(events.response.headers)
        first = await anext(events, None)
        if not isinstance(first, RawMessageStartEvent):
            await events.close()
            raise self._wire.error(TransientError, _OPERATION, "its answer can't be read")
        self.usage = Answered.model_validate(first.message).took(trace.request_id)
        return events

    def _recount(self, told: _Counts) -> None:
        """Take over the counts so far; what isn't told again stays as it was."""
        if self.usage is None:
            return
        again = {name: count for name, count in told if count is not None}
        self.usage = replace(self.usage, **again)
