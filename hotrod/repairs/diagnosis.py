"""What a diagnosis must look like, whoever makes it, and what is believed of it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Category = Literal[
    "power", "display", "board", "storage", "audio", "connector",
    "input", "thermal", "battery", "liquid", "other",
]  # fmt: skip
Line = Annotated[str, Field(min_length=1, max_length=300)]

_UNFOUNDED = 0.3
_CONFIDENT = 0.35
_THIN_WORDS = 4
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f<>]")


class Evidence(BaseModel):
    """Why something is believed: the customer's own words, or what a photo shows."""

    model_config = ConfigDict(extra="forbid")

    quote: str = Field(
        min_length=1,
        max_length=300,
        description="Verbatim words of the customer; for a photo, what is seen in it.",
    )
    source: str = Field(pattern=r"^(request|photo \d+)$", description="'request' or 'photo 1' ...")
    why: str = Field(max_length=300, description="What it tells about the fault.")


class DiagnosisDraft(BaseModel):
    """A diagnosis as its maker gives it."""

    model_config = ConfigDict(extra="forbid")

    fault: str = Field(min_length=1, max_length=200, description="Most likely fault, one phrase.")
    category: Category = Field(description="Area of the fault.")
    confidence: float = Field(ge=0, le=1, description="0 is a guess, 1 is certain.")
    labour_hours: float = Field(ge=0.25, le=12, description="Bench time of the repair, in hours.")
    evidence: list[Evidence] = Field(max_length=8, description="What the diagnosis rests on.")
    likely_parts: list[Line] = Field(max_length=6, description="Parts that will be needed.")
    questions: list[Line] = Field(
        max_length=5, description="What must be asked before a quote; empty when nothing."
    )
    plan: list[Line] = Field(max_length=12, description="Steps of the repair, in order.")


def ground(draft: DiagnosisDraft, request_text: str, photo_count: int) -> DiagnosisDraft:
    """Return the draft with only what can be checked: quotes that were really said.

    Evidence that isn't in the request, or comes from a photo that doesn't exist, is dropped;
    when none is left the confidence is lowered. Markup and control characters are removed.
    """
    said = _squeeze(request_text)
    evidence = [
        item.model_copy(update={"quote": _plain(item.quote), "why": _plain(item.why)})
        for item in draft.evidence
        if _holds(item, said, photo_count)
    ]
    return draft.model_copy(
        update={
            "fault": _plain(draft.fault) or "unknown fault",
            "evidence": evidence,
            "confidence": draft.confidence if evidence else min(draft.confidence, _UNFOUNDED),
            "likely_parts": _plain_lines(draft.likely_parts),
            "questions": _plain_lines(draft.questions),
            "plan": _plain_lines(draft.plan),
        }
    )


def is_underspecified(confidence: float, questions: list[str], problem: str) -> bool:
    """Tell whether questions must be answered before a quote makes sense."""
    thin = len(problem.split()) <= _THIN_WORDS
    return bool(questions) and (thin or confidence < _CONFIDENT)


def _holds(item: Evidence, said: str, photo_count: int) -> bool:
    if item.source == "request":
        return _squeeze(item.quote) in said
    return 1 <= int(item.source.removeprefix("photo ")) <= photo_count


def _squeeze(text: str) -> str:
    return " ".join(text.lower().replace("\u2019", "'").split())


def _plain(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", text).split())


def _plain_lines(lines: list[str]) -> list[str]:
    return [plain for line in lines if (plain := _plain(line))]
