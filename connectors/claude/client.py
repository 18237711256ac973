"""Calls of Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from anthropic.types import MessageTokensCount
from pydantic import BaseModel, SecretStr

from connectors._http.calls import Shared, Trace
from connectors._http.errors import TransientError
from connectors._http.limits import Rate
from connectors._http.retry import RetryPolicy
from connectors.claude.batches import MessageBatches
from connectors.claude.budget import Budget, Spending, most_usage
from connectors.claude.messages import Answered, question, read_answer, shape
from connectors.claude.models import Completion, ImagePart, TextPart, Usage
from connectors.claude.streams import TextStream
from connectors.claude.wire import Wire

RATE = Rate(1000, 60.0)
"""The lowest tier that is published, per model; answers tell the account's own.

Source: https://platform.claude.com/docs/en/api/rate-limits
"""

Answer = TypeVar("Answer", bound=BaseModel)


class ClaudeClient:
    """Asks a Claude model. Nothing is repeated here by itself: each try costs.

    ``batches`` asks many questions for half the price, and answers within a day.

    Args:
        base_url: root of the API.
        api_key: the key.
        model: model that answers.
        timeout_seconds: longest wait for an answer, or for the next piece of a stream; three
            times as long for all of it.
        shared: with the other processes that use the account.
        retry: when a call is tried again; None: never.
        budget: what calls cost is booked there, the most of it before; None: no end.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: SecretStr,
        model: str,
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._model = model
        self._spending = Spending(budget)
        self._wire = Wire(
            base_url=base_url,
            api_key=api_key,
            timeout_seconds=timeout_seconds,
            shared=shared,
            retry=retry,
        )
        self.batches = MessageBatches(self._wire, model, self._spending)

    async def complete(
        self,
        *,
        system: str,
        content: Sequence[TextPart | ImagePart],
        schema: type[Answer],
        max_output_tokens: int,
    ) -> Completion[Answer]:
        """Ask for an answer in the shape of a model.

        Args:
            system: the instructions. What is not to be obeyed belongs into ``content``.
            content: what the model reads and looks at, in this order.
            schema: shape of the answer; its descriptions are read by the model too.
            max_output_tokens: longest answer.

        Raises:
            BudgetSpentError: the answer might cost more than what is left; nothing was sent.
            UnusableAnswerError: an answer came, but refused, cut off, or in another shape.
            ConnectorError: no answer came, for the reason that the class says.
        """
        asked, wanted = question(content), shape(schema)

        async def attempt(trace: Trace) -> tuple[Answered, Usage]:
            with expense.asking():
                raw = await self._wire.api.messages.with_raw_response.create(
                    model=self._model,
                    max_tokens=max_output_tokens,
                    system=system,
                    messages=[asked],
                    output_config=wanted,
                )
                trace.request_id = raw.headers.get("request-id", "")
                await self._wire.learn(raw.headers)
                message = Answered.model_validate(await raw.parse())
            return message, message.took(trace.request_id)

        most = most_usage(self._model, max_output_tokens, system, asked, wanted)
        async with self._spending.on("complete", most) as expense:
            message, usage = await self._wire.call("complete", attempt)
            expense.took = usage
        return Completion(**vars(usage), value=read_answer("complete", message, schema, usage))

    def stream_text(
        self, *, system: str, content: Sequence[TextPart | ImagePart], max_output_tokens: int
    ) -> TextStream:
        """Ask for text, and read it as it is written.

        Args:
            system: as for ``complete``.
            content: likewise.
            max_output_tokens: longest answer.

        Returns:
            the pieces of the text, and what they took; it raises what ``complete`` does. Where a
            stream breaks off, the pieces so far are no answer.
        """
        return TextStream(
            self._wire,
            self._spending,
            model=self._model,
            max_tokens=max_output_tokens,
            system=system,
            asked=question(content),
        )

    async def count_tokens(self, *, system: str, content: Sequence[TextPart | ImagePart]) -> int:
        """Count the input tokens that a question would take; the count itself is free.

        The vendor calls it an estimate: the answer's own ``Usage`` is what is paid.

        Args:
            system: as for ``complete``.
            content: likewise.

        Raises:
            ConnectorError: no answer came, for the reason that the class says.
        """
        asked = question(content)

        async def attempt(_trace: Trace) -> int:
            counted: object = await self._wire.api.messages.count_tokens(
                model=self._model, system=system, messages=[asked]
            )
            if not isinstance(counted, MessageTokensCount):
                raise self._wire.error(TransientError, "count_tokens", "its answer can't be read")
            return counted.input_tokens

        return await self._wire.call("count_tokens", attempt)

    async def ping(self) -> None:
        """Ask for the first of the models: the key works, and nothing is spent.

        Raises:
            ConnectorError: the API is not reached, or does not take the key.
        """

        async def attempt(_trace: Trace) -> None:
            await self._wire.api.models.list(limit=1)

        await self._wire.call("ping", attempt)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._wire.aclose()
