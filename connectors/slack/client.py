"""Calls of Slack's Web API."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import SecretStr

from connectors._http.auth import BearerAuth
from connectors._http.client import ServiceClient
from connectors._http.errors import classify
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors.slack.errors import CURES, TABLE
from connectors.slack.models import Answer, PostAnswer, PostedMessage

SERVICE = "slack"

AnyAnswer = TypeVar("AnyAnswer", bound=Answer)


class SlackClient:
    """Posts as a bot. Slack has no key against repeats: an unknown outcome stays unknown.

    Args:
        base_url: root of the Web API.
        bot_token: token of the bot, with ``chat:write``.
        timeout_seconds: longest wait for an answer.
        retry: when a call is tried again.
    """

    def __init__(
        self,
        *,
        base_url: str,
        bot_token: SecretStr,
        timeout_seconds: float,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._slack = ServiceClient(
            SERVICE,
            base_url,
            timeout_seconds=timeout_seconds,
            auth=BearerAuth(bot_token),
            table=TABLE,
            cures=CURES,
            redact=Redactor([bot_token]),
            retry=retry,
        )

    async def post_message(
        self, channel: str, text: str, blocks: list[dict[str, Any]] | None = None
    ) -> PostedMessage:
        """Post a message to a channel (``chat.postMessage``).

        Args:
            channel: its id, or its name with ``#``.
            text: the message; with blocks, what notifications show.
            blocks: layout in Block Kit.

        Raises:
            UnknownOutcomeError: it may have been posted.
            ConnectorError: it was not posted, for the reason that the class says.
        """
        message: dict[str, object] = {"channel": channel, "text": text}
        if blocks:
            message["blocks"] = blocks
        answer = await self._call(
            PostAnswer, "post_message", "chat.postMessage", message, safe=False
        )
        return PostedMessage(channel=answer.channel, ts=answer.ts)

    async def ping(self) -> None:
        """Ask who we are (``auth.test``).

        Raises:
            ConnectorError: Slack is not reached, or does not take the token.
        """
        await self._call(Answer, "ping", "auth.test", {}, safe=True)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._slack.aclose()

    async def _call(
        self,
        into: type[AnyAnswer],
        operation: str,
        method: str,
        arguments: dict[str, object],
        *,
        safe: bool,
    ) -> AnyAnswer:
        answer = await self._slack.fetch(
            into, operation, "POST", f"/{method}", json=arguments, safe=safe
        )
        if not answer.ok:
            kind = classify(200, answer.error, write=not safe, table=TABLE)
            raise self._slack.error(kind, operation, f"answered {answer.error or 'ok: false'}")
        return answer
