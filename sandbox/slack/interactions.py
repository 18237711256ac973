"""What Slack sends when a button is pressed, and the URL by which it may be answered."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from sandbox.credentials import CREDENTIALS
from sandbox.deliveries import Delivery, Outbox
from sandbox.slack.api import BOT, TEAM, shown
from sandbox.slack.arguments import SlackError, content_of
from sandbox.slack.channels import Channels, PostedMessage
from sandbox.state import State

MOST_ANSWERS = 5
LONGEST_SECONDS = 30 * 60

router = APIRouter()


@dataclass
class Press:
    """A button that was pressed; it may be answered five times in half an hour."""

    channel: str
    ts: str
    until: float
    left: int = MOST_ANSWERS


class Interactions:
    """Where presses go, those that wait, and those that can be answered.

    Args:
        usual_url: where presses are told until another URL is set; empty: nowhere.
    """

    def __init__(self, usual_url: str = "") -> None:
        self._usual_url = usual_url
        self.url = usual_url
        self.outbox = Outbox()
        self.presses: dict[str, Press] = {}

    def press(
        self, message: PostedMessage, block_id: str, button: dict[str, Any], person: str, root: str
    ) -> None:
        """Press a button as a person; what tells it waits.

        Args:
            message: with the button.
            block_id: of the block it is in.
            button: the element.
            person: id of who presses.
            root: URL of Slack's answers.
        """
        secret, moment = uuid.uuid4().hex, f"{time.time():.6f}"
        self.presses[secret] = Press(message.channel, message.ts, time.time() + LONGEST_SECONDS)
        payload = {
            "type": "block_actions",
            "team": {"id": TEAM["team_id"], "domain": "sandbox"},
            "user": {"id": person, "username": "sam", "name": "sam", "team_id": "T00SANDBOX"},
            "api_app_id": BOT["app_id"],
            "token": "verification-token",
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": message.channel,
                "is_ephemeral": False,
            },
            "trigger_id": f"{moment}.sandbox",
            "channel": {"id": message.channel, "name": message.channel_name.removeprefix("#")},
            "message": shown(message),
            "response_url": f"{root}/actions/{secret}",
            "actions": [
                {
                    "type": "button",
                    "action_id": button.get("action_id", ""),
                    "block_id": block_id,
                    "text": button.get("text", {}),
                    "value": button.get("value", ""),
                    "action_ts": moment,
                }
            ],
        }
        body = urlencode({"payload": json.dumps(payload)}).encode()
        self.outbox.add(
            Delivery(
                name=f"{button.get('action_id', '')} was pressed",
                url=self.url,
                body=body,
                headers=lambda: signed(body, int(time.time())),
            )
        )

    def clear(self) -> None:
        """Forget it all."""
        self.url = self._usual_url
        self.outbox.clear()
        self.presses.clear()


def signed(body: bytes, moment: int) -> dict[str, str]:
    """Return the headers of a request by Slack, as of a moment in seconds since the epoch."""
    key = CREDENTIALS.slack_signing_secret.encode()
    digest = hmac.new(key, f"v0:{moment}:".encode() + body, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": str(moment),
        "X-Slack-Signature": f"v0={digest}",
    }


@router.post("/actions/{secret}")
async def respond(secret: str, request: Request, state: State) -> Response:
    """Take an answer to a press: a further message, or one in place of the pressed one."""
    press = state.store(Interactions).presses.get(secret)
    if press is None or press.until < time.time():
        return PlainTextResponse("expired_url", HTTPStatus.NOT_FOUND)
    if press.left == 0:
        return PlainTextResponse("used_url", HTTPStatus.NOT_FOUND)
    try:
        answer = json.loads(await request.body())
    except (ValueError, RecursionError):
        return PlainTextResponse("invalid_payload", 400)
    if not isinstance(answer, dict):
        return PlainTextResponse("invalid_payload", 400)
    press.left -= 1
    try:
        _apply(state.store(Channels), press, answer)
    except SlackError as error:
        return PlainTextResponse(error.code, 400)
    return PlainTextResponse("ok")


def _apply(channels: Channels, press: Press, answer: dict[str, Any]) -> None:
    message = channels.get(press.channel, press.ts)
    if message is not None and answer.get("delete_original") is True:
        channels.remove(message)
        return
    content = content_of(answer)
    if message is not None and answer.get("replace_original") is True:
        channels.edit(message, **content)
        return
    name = message.channel_name if message else press.channel
    channels.add(
        PostedMessage(
            channel=press.channel,
            channel_name=name,
            ts=channels.next_ts(),
            thread_ts=None,
            **content,
        )
    )
