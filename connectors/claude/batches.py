"""Many questions at once, for half the price; their answers come within a day.

Source: https://platform.claude.com/docs/en/build-with-claude/batch-processing
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from anthropic import omit
from anthropic.types.messages import MessageBatchIndividualResponse
from anthropic.types.messages.batch_create_params import Request
from pydantic import BaseModel, Field

from connectors._http.calls import Trace
from connectors._http.errors import ConnectorError, classify
from connectors._http.paging import Page, items, pages
from connectors.claude.budget import Spending, most_usage
from connectors.claude.errors import TABLE, UnusableAnswerError
from connectors.claude.messages import Answered, Unchecked, question, read_answer, shape
from connectors.claude.models import BatchResult, MessageBatch, Question, Usage
from connectors.claude.wire import SERVICE, Pieces, Wire

Answer = TypeVar("Answer", bound=BaseModel)

_RESULTS = "read_message_batch_results"
_PER_PAGE = 100


class _Listed(BaseModel):
    data: list[MessageBatch]
    has_more: bool
    last_id: str | None


class _Succeeded(Unchecked):
    type: Literal["succeeded"]
    message: Answered


class _Problem(Unchecked):
    type: str
    message: str


class _Refusal(Unchecked):
    error: _Problem


class _Errored(Unchecked):
    type: Literal["errored"]
    error: _Refusal


class _Unanswered(Unchecked):
    type: Literal["canceled", "expired"]


class _Line(Unchecked):
    custom_id: str
    result: Annotated[_Succeeded | _Errored | _Unanswered, Field(discriminator="type")]


class MessageBatches:
    """Message batches of one workspace; ``ClaudeClient.batches`` makes it.

    Args:
        wire: to the API.
        model: that answers.
        spending: books the most that a batch may cost, and what it did once all results are read.
    """

    def __init__(self, wire: Wire, model: str, spending: Spending) -> None:
        self._wire = wire
        self._api = wire.api.messages.batches.with_raw_response
        self._model = model
        self._spending = spending

    async def create_message_batch(self, questions: Sequence[Question]) -> MessageBatch:
        """Ask questions; what is wrong with one of them is told by its result.

        Args:
            questions: 100,000 and 256 MB at most.

        Raises:
            BudgetSpentError: the answers might cost more than what is left; nothing was sent.
            UnknownOutcomeError: it may have been created: ``find_message_batches`` tells.
            ConnectorError: as the class says.
        """
        requests = [self._request(one) for one in questions]

        async def attempt(trace: Trace) -> MessageBatch:
            with expense.asking():
                raw = await self._api.create(requests=requests)
                trace.request_id = raw.headers.get("request-id", "")
                return MessageBatch.model_validate_json(await raw.text())

        most = self._most(questions)
        async with self._spending.on("create_message_batch", most) as expense:
            batch = await self._wire.call("create_message_batch", attempt, writes=True)
            expense.took = replace(most, request_id=batch.id)
        return batch

    async def get_message_batch(self, batch_id: str) -> MessageBatch:
        """Look how far a batch is.

        Raises:
            ServiceNotFoundError: there is none of this id.
            ConnectorError: as the class says.
        """

        async def attempt(trace: Trace) -> MessageBatch:
            raw = await self._api.retrieve(batch_id)
            trace.request_id = raw.headers.get("request-id", "")
            return MessageBatch.model_validate_json(await raw.text())

        return await self._wire.call("get_message_batch", attempt)

    def list_message_batches(self) -> AsyncIterator[MessageBatch]:
        """Yield all batches, the latest first.

        Raises:
            ConnectorError: as the class says.
        """
        return items(pages(SERVICE, "list_message_batches", self._page))

    async def find_message_batches(self, *, since: datetime, questions: int) -> list[MessageBatch]:
        """Look up what may have been created when its outcome was unknown.

        The vendor keeps nothing of ours with a batch before it has ended, so that only time and
        size tell: none means that it wasn't created; of several, the results tell by custom_id.

        Args:
            since: shortly before it was sent.
            questions: how many it has.

        Raises:
            ConnectorError: as the class says.
        """
        found = []
        async for batch in self.list_message_batches():
            if batch.created_at < since:
                break
            if batch.request_counts.total == questions:
                found.append(batch)
        return found

    async def cancel_message_batch(self, batch_id: str) -> MessageBatch:
        """Have a batch end early; what is under way may still be answered, and is paid for.

        Raises:
            ServiceNotFoundError: there is none of this id.
            RejectedError: it has ended.
            UnknownOutcomeError: ``get_message_batch`` tells.
            ConnectorError: as the class says.
        """

        async def attempt(trace: Trace) -> MessageBatch:
            raw = await self._api.cancel(batch_id)
            trace.request_id = raw.headers.get("request-id", "")
            return MessageBatch.model_validate_json(await raw.text())

        return await self._wire.call("cancel_message_batch", attempt, writes=True)

    async def read_message_batch_results(
        self, batch_id: str, schema: type[Answer]
    ) -> AsyncIterator[BatchResult[Answer]]:
        """Yield what came of each question, in any order; ``custom_id`` tells of which.

        Once all are read, what they took replaces what was booked for the batch; again is as once.

        Args:
            batch_id: of a batch that has ended; 29 days later its results are gone.
            schema: shape of the answers.

        Raises:
            RejectedError: it has not ended.
            ServiceNotFoundError: there is none of this id.
            TransientError: the results broke off; read them from the beginning.
            ConnectorError: as the class says.
        """

        async def begin(trace: Trace) -> Pieces[MessageBatchIndividualResponse]:
            lines = await self._wire.api.messages.batches.results(batch_id)
            trace.request_id = lines.http_response.headers.get("request-id", "")
            return lines

        async with self._wire.reading(_RESULTS, begin) as lines:
            found: list[Usage] = []
            async for line in lines:
                result = self._result(_Line.model_validate(line), schema)
                if result.usage is not None:
                    found.append(result.usage)
                yield result
            await self._spending.correct(self._model, batch_id, found)

    async def _page(self, cursor: str | None) -> Page[MessageBatch]:
        async def attempt(trace: Trace) -> _Listed:
            raw = await self._api.list(limit=_PER_PAGE, after_id=cursor or omit)
            trace.request_id = raw.headers.get("request-id", "")
            return _Listed.model_validate_json(await raw.text())

        listed = await self._wire.call("list_message_batches", attempt)
        return Page(listed.data, listed.last_id if listed.has_more else None)

    def _most(self, questions: Sequence[Question]) -> Usage:
        each = [
            most_usage(
                self._model,
                one.max_output_tokens,
                one.system,
                question(one.content),
                shape(one.schema),
            )
            for one in questions
        ]
        read = sum(one.input_tokens for one in each)
        written = sum(one.output_tokens for one in each)
        return Usage(self._model, "", read, written, in_batch=True)

    def _request(self, asked: Question) -> Request:
        return {
            "custom_id": asked.custom_id,
            "params": {
                "model": self._model,
                "max_tokens": asked.max_output_tokens,
                "system": asked.system,
                "messages": [question(asked.content)],
                "output_config": shape(asked.schema),
            },
        }

    def _result(self, line: _Line, schema: type[Answer]) -> BatchResult[Answer]:
        match line.result:
            case _Succeeded(message=message):
                usage = message.took(message.id, in_batch=True)
                try:
                    value = read_answer(_RESULTS, message, schema, usage)
                except UnusableAnswerError as error:
                    return BatchResult(line.custom_id, "succeeded", usage=usage, error=error)
                return BatchResult(line.custom_id, "succeeded", value, usage)
            case _Errored(error=_Refusal(error=problem)):
                return BatchResult(line.custom_id, "errored", error=self._told(problem))
            case _Unanswered(type=outcome):
                return BatchResult(line.custom_id, outcome)

    def _told(self, problem: _Problem) -> ConnectorError:
        """Classify what a result tells; it has no status, so the type has to do."""
        kind = classify(500, problem.type, write=False, table=TABLE)
        return self._wire.error(kind, _RESULTS, f"answered {problem.type}: {problem.message}")
