"""Calls of Anthropic's Messages API, through the vendor's own library."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import TypeVar

import anthropic
from anthropic.types import (
    ImageBlockParam,
    Message,
    MessageParam,
    MessageTokensCount,
    TextBlockParam,
)
from pydantic import BaseModel, SecretStr, ValidationError

from connectors._http.calls import Caller, Shared, Trace
from connectors._http.errors import ConnectorError, TransientError, classify
from connectors._http.network import may_use_proxy, tls_for
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy, retry_after_seconds
from connectors.claude.errors import (
    CURES,
    LONGER_ANSWER,
    READ_THE_REQUEST,
    TABLE,
    UnusableAnswerError,
)
from connectors.claude.models import Completion, ImagePart, TextPart, Usage

SERVICE = "claude"

Answer = TypeVar("Answer", bound=BaseModel)


class ClaudeClient:
    """Asks a Claude model. Nothing is repeated here by itself: each try costs.

    Args:
        base_url: root of the API.
        api_key: the key.
        model: model that answers.
        timeout_seconds: longest wait for an answer.
        shared: with the other processes that use the account.
        retry: when a call is tried again; None: never.
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
    ) -> None:
        self._model = model
        self._caller = Caller(SERVICE, shared, retry or RetryPolicy(tries=1))
        self._redact = Redactor([api_key])
        self._claude = anthropic.AsyncAnthropic(
            base_url=base_url,
            api_key=api_key.get_secret_value(),
            timeout=timeout_seconds,
            max_retries=0,
            http_client=anthropic.DefaultAsyncHttpxClient(
                verify=tls_for(base_url), trust_env=may_use_proxy(base_url)
            ),
        )

    async def complete(
        self,
        *,
        system: str,
        content: Sequence[TextPart | ImagePart],
        schema: type[Answer],
        max_output_tokens: int,
    ) -> Completion[Answer]:
        """Ask for an answer in the shape of a model ("Structured outputs" in the vendor's docs).

        Forced tool calls would do the same, but models from Claude 5.5 on refuse them.

        Args:
            system: the instructions. What is not to be obeyed belongs into ``content``.
            content: what the model reads and looks at, in this order.
            schema: shape of the answer; its descriptions are read by the model too.
            max_output_tokens: longest answer.

        Raises:
            UnusableAnswerError: an answer came, but refused, cut off, or in another shape.
            ConnectorError: no answer came, for the reason that the class says.
        """
        question = _question(content)

        async def attempt(trace: Trace) -> tuple[Message, Usage]:
            try:
                raw = await self._claude.messages.with_raw_response.create(
                    model=self._model,
                    max_tokens=max_output_tokens,
                    system=system,
                    messages=[question],
                    output_config={
                        "format": {
                            "type": "json_schema",
                            "schema": anthropic.transform_schema(schema),
                        }
                    },
                )
                trace.request_id = raw.headers.get("request-id", "")
                message: object = await raw.parse()
            except (anthropic.APIError, ValueError) as cause:
                raise self._failure("complete", cause, trace) from None
            if not isinstance(message, Message):
                raise self._error(TransientError, "complete", "its answer can't be read")
            usage = Usage(
                model=message.model,
                request_id=trace.request_id,
                input_tokens=message.usage.input_tokens,
                output_tokens=message.usage.output_tokens,
            )
            return message, usage

        message, usage = await self._caller.call("complete", attempt, safe=True)
        return Completion(**vars(usage), value=_read(message, schema, usage))

    async def count_tokens(self, *, system: str, content: Sequence[TextPart | ImagePart]) -> int:
        """Count the input tokens that a question would take; the count itself is free.

        The vendor calls it an estimate: the answer's own ``Usage`` is what is paid.

        Args:
            system: as for ``complete``.
            content: likewise.

        Raises:
            ConnectorError: no answer came, for the reason that the class says.
        """
        question = _question(content)

        async def attempt(trace: Trace) -> int:
            try:
                counted: object = await self._claude.messages.count_tokens(
                    model=self._model, system=system, messages=[question]
                )
            except (anthropic.APIError, ValueError) as cause:
                raise self._failure("count_tokens", cause, trace) from None
            if not isinstance(counted, MessageTokensCount):
                raise self._error(TransientError, "count_tokens", "its answer can't be read")
            return counted.input_tokens

        return await self._caller.call("count_tokens", attempt, safe=True)

    async def ping(self) -> None:
        """Ask for the first of the models: the key works, and nothing is spent.

        Raises:
            ConnectorError: the API is not reached, or does not take the key.
        """

        async def attempt(trace: Trace) -> None:
            try:
                await self._claude.models.list(limit=1)
            except (anthropic.APIError, ValueError) as cause:
                raise self._failure("ping", cause, trace) from None

        await self._caller.call("ping", attempt, safe=True)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._claude.close()

    def _failure(self, operation: str, cause: Exception, trace: Trace) -> ConnectorError:
        """Classify; a completion changes nothing, so what is unknown may be asked again."""
        if not isinstance(cause, anthropic.APIStatusError):
            return self._error(TransientError, operation, f"no answer ({type(cause).__name__})")
        trace.request_id = cause.request_id or ""
        return self._error(
            classify(cause.status_code, cause.error_code or "", write=False, table=TABLE),
            operation,
            f"answered {cause.status_code} {cause.type or ''}: {cause.api_message or ''}",
            retry_after_seconds(cause.response.headers.get("retry-after")),
        )

    def _error(
        self,
        kind: type[ConnectorError],
        operation: str,
        message: str,
        retry_after: float | None = None,
    ) -> ConnectorError:
        return kind(SERVICE, operation, self._redact(message), CURES.get(kind), retry_after)


def _question(content: Sequence[TextPart | ImagePart]) -> MessageParam:
    return {"role": "user", "content": [_block(part) for part in content]}


def _block(part: TextPart | ImagePart) -> TextBlockParam | ImageBlockParam:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    return {
        "type": "image",
        "source": {
            "type": "base64",
            "media_type": part.media_type,
            "data": b64encode(part.data).decode(),
        },
    }


def _read(message: Message, schema: type[Answer], usage: Usage) -> Answer:
    """Return the answer's text as a model; the answer's words stay out of the errors."""
    if message.stop_reason == "max_tokens":
        raise _unusable("the answer was cut off at max_output_tokens", usage, LONGER_ANSWER)
    if message.stop_reason == "refusal":
        raise _unusable("the model refused to answer", usage)
    text = "".join(block.text for block in message.content if block.type == "text")
    try:
        return schema.model_validate_json(text)
    except ValidationError as mismatch:
        faults = ", ".join(
            f"{_path(fault['loc'])} {fault['type']}".strip() for fault in mismatch.errors()
        )
    raise _unusable(f"the answer does not fit {schema.__name__}: {faults}", usage)


def _path(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc))


def _unusable(message: str, usage: Usage, cure: str = READ_THE_REQUEST) -> UnusableAnswerError:
    return UnusableAnswerError(SERVICE, "complete", message, cure, None, usage)
