"""What the story's customers wrote, as Claude was asked about it."""

from __future__ import annotations

from sandbox.claude.answers import answer_of, count_tokens
from sandbox.claude.diagnosis import diagnose
from sandbox.claude.request import CreateMessage, InputMessage
from sandbox.claude.usage import Exchange, Exchanges
from sandbox.state import SandboxState
from sandbox.story import Story

_SEEDED = 10
_MODEL = "claude-sonnet-5-5"
_MAX_TOKENS = 1024


def seed(state: SandboxState, story: Story) -> None:
    """Let some repairs have been diagnosed when they came in."""
    for number, repair in enumerate(story.repairs[:_SEEDED], 1):
        asked = InputMessage(role="user", content=repair.text)
        message = CreateMessage(model=_MODEL, max_tokens=_MAX_TOKENS, messages=[asked])
        diagnosis = diagnose(message.text())
        answer = answer_of(message, diagnosis, count_tokens(message, []))
        answer["id"] = f"msg_{number:024x}"
        state.store(Exchanges).add(
            Exchange(message, diagnosis, answer, f"req_{number:024x}", repair.asked_at)
        )
