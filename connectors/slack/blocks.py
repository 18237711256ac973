"""The few parts of Block Kit that messages are made of. Source: docs.slack.dev, "Blocks"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Block = dict[str, Any]


@dataclass(frozen=True)
class Button:
    """A button of a message.

    Args:
        action_id: tells which one was pressed; unique in the message.
        label: at most 75 characters.
        value: comes back with the press, e.g. a ticket; at most 2,000 characters.
        style: None: plain.
        question: asked before the press counts; empty: it counts at once.
    """

    action_id: str
    label: str
    value: str = ""
    style: Literal["primary", "danger"] | None = None
    question: str = ""


def section(text: str) -> Block:
    """Return a paragraph in Slack's markup, at most 3,000 characters."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def plain(text: str) -> str:
    """Return text of others so that Slack shows it as it is, and follows no mention in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def actions(*buttons: Button) -> Block:
    """Return a row of buttons, at most 25."""
    return {"type": "actions", "elements": [_element(button) for button in buttons]}


def _element(button: Button) -> Block:
    element: Block = {
        "type": "button",
        "action_id": button.action_id,
        "text": _plain_text(button.label),
    }
    if button.value:
        element["value"] = button.value
    if button.style:
        element["style"] = button.style
    if button.question:
        element["confirm"] = {
            "title": _plain_text(button.label),
            "text": _plain_text(button.question),
            "confirm": _plain_text("Yes"),
            "deny": _plain_text("No"),
        }
    return element


def _plain_text(text: str) -> Block:
    return {"type": "plain_text", "text": text}
