"""What a diagnosis must look like, whoever makes it, and what is believed of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from hotrod.repairs.symptoms import find_symptoms
from hotrod.repairs.vocabulary import Text

Category = Literal[
    "power", "display", "board", "storage", "audio", "connector",
    "input", "thermal", "battery", "liquid", "other",
]  # fmt: skip
Line = Annotated[str, Field(min_length=1, max_length=300)]

_UNFOUNDED = 0.3
_CONFIDENT = 0.4
_THIN_WORDS = 4
_SHORTEST_QUOTE = 3
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")
_LINK = re.compile(r"(?:https?://|www\.)\S*|[\w.+-]{1,64}@\S+", re.IGNORECASE)


class Evidence(BaseModel):
    """Why something is believed: the customer's own words, or what a photo shows."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    quote: str = Field(
        min_length=1,
        max_length=300,
        description="Verbatim words of the customer; for a photo, what is seen in it.",
    )
    source: str = Field(
        pattern=r"^(request|photo \d{1,3})$", description="'request' or 'photo 1' ..."
    )
    why: str = Field(max_length=300, description="What it tells about the fault.")


class DiagnosisDraft(BaseModel):
    """A diagnosis as its maker gives it."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

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
    when none is left the confidence is lowered. Markup, links, addresses and control characters
    are removed: a diagnosis has no use for them, but words smuggled into it would.
    """
    said = _squeeze(request_text)
    evidence = [
        item.model_copy(update={"quote": quote, "why": _plain(item.why)})
        for item in draft.evidence
        if _holds(item, said, photo_count) and (quote := _plain(item.quote))
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


def is_underspecified(confidence: float, questions: Sequence[str], problem: str) -> bool:
    """Tell whether questions must be answered before a quote makes sense.

    That is when there are questions, and the diagnosis is unsure or rests on a few words that
    name no symptom, such as "it's broken".
    """
    return bool(questions) and (confidence < _CONFIDENT or _is_thin(problem))


def _is_thin(problem: str) -> bool:
    text = Text.read(problem)
    names_symptom = any(seen.is_sure for seen in find_symptoms(text))
    return len(text.words) <= _THIN_WORDS and not names_symptom


def _holds(item: Evidence, said: str, photo_count: int) -> bool:
    if item.source == "request":
        quote = _squeeze(item.quote)
        return len(quote) >= _SHORTEST_QUOTE and quote in said
    return 1 <= int(item.source.removeprefix("photo ")) <= photo_count


def _squeeze(text: str) -> str:
    normal = unicodedata.normalize("NFC", text).lower().replace("\u2019", "'")
    return " ".join(normal.split())


def _plain(text: str) -> str:
    visible = "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or not unicodedata.category(char).startswith("C")
    )
    unlinked = _LINK.sub(" ", _TAG.sub(" ", visible))
    return " ".join(unlinked.translate({ord("<"): None, ord(">"): None}).split())


def _plain_lines(lines: Sequence[str]) -> list[str]:
    return [plain for line in lines if (plain := _plain(line))]
