"""What is wrong with a device, from the customer's own words and photos.

The answer is made of the table of known faults and of verbatim quotes, and of nothing else:
orders inside a customer's text have nothing to act on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.claude.known_faults import Category, KnownFault, KnownFaults, known_faults
from sandbox.claude.photos import Photo
from sandbox.claude.reading import Clause, says

THIN_CONFIDENCE = 0.2
MAX_CONFIDENCE = 0.92
_SURE = 0.5
_MAX_QUOTES = 4
_FENCE = re.compile(r"^(?P<fence>[A-Z]+-[0-9a-f]{8,}|-{3,}|`{3,})$\n?", re.MULTILINE)
_TAGGED = re.compile(r"<(?P<tag>[a-z_]*(?:request|problem|customer|message)[a-z_]*)>")
_PROBLEM = re.compile(r"^(?:problem|description|message):[ \t]*\n?", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a fault is believed: words of the request, or what a photo shows."""

    quote: str
    source: str
    why: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The answer; its fields are what a request's schema may ask for by name."""

    fault: str
    category: Category
    confidence: float
    labour_hours: float
    evidence: list[Evidence] = field(default_factory=list)
    likely_parts: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    plan: list[str] = field(default_factory=list)

    def as_fields(self) -> dict[str, Any]:
        """Return the fields as plain JSON values."""
        return asdict(self)

    def as_text(self) -> str:
        """Return the answer as prose, for requests without a schema."""
        lines = [f"{self.fault} ({self.category}, confidence {self.confidence:.0%})."]
        lines += [f'- {item.source}: "{item.quote}" - {item.why}' for item in self.evidence]
        lines += [f"{number}. {step}" for number, step in enumerate(self.plan, 1)]
        lines += [f"? {question}" for question in self.questions]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Match:
    known: KnownFault
    words: int
    clauses: tuple[Clause, ...]
    score: float


def diagnose(text: str, photos: Sequence[Photo] = ()) -> Diagnosis:
    """Diagnose from the text of a request, its instructions around the customer's included."""
    table = known_faults()
    facts, problem = split_request(text)
    kinds = _device_kinds(table, facts) or _device_kinds(table, problem)
    mentioned = kinds | _device_kinds(table, problem)
    clauses = list(table.vocabulary.clauses(problem))
    matches = sorted(_matches(table, clauses, kinds, mentioned), key=lambda match: -match.score)
    if not matches:
        return _too_thin(table, kinds, photos)
    best = matches[0]
    rivals = [match for match in matches[1:] if match.score > 0.8 * best.score]
    confidence = 0.42 + 0.08 * min(best.words, 4) + 0.05 * (len(best.clauses) - 1)
    confidence += 0.12 if kinds & set(best.known.devices) else 0
    confidence += 0.04 if any(photo.is_useful for photo in photos) else 0
    confidence = min(MAX_CONFIDENCE, confidence - (0.08 if rivals else 0))
    return Diagnosis(
        fault=best.known.fault,
        category=best.known.category,
        confidence=round(confidence, 2),
        labour_hours=best.known.hours,
        evidence=[
            Evidence(clause.text, "request", best.known.why)
            for clause in best.clauses[:_MAX_QUOTES]
        ]
        + _photo_evidence(photos),
        likely_parts=list(best.known.parts),
        questions=_questions(table, kinds)[:2] if confidence < _SURE else [],
        plan=list(best.known.plan),
    )


def split_request(text: str) -> tuple[str, str]:
    """Split a prompt into what is said about the device and the customer's own description.

    The customer's text is what stands between two equal fence lines or inside a tag such as
    ``<request>``, from ``Problem:`` on when there is such a line. Without any, it is all of it.
    """
    inner = text
    for fence in _FENCE.finditer(text):
        end = text.rfind(f"\n{fence['fence']}")
        if end > fence.end():
            inner = text[fence.end() : end]
            break
    else:
        tag = _TAGGED.search(text)
        if tag and (end := text.rfind(f"</{tag['tag']}>")) > tag.end():
            inner = text[tag.end() : end]
    heading = _PROBLEM.search(inner)
    problem = inner[heading.end() :] if heading else inner
    return text.replace(problem, "", 1), problem


def _device_kinds(table: KnownFaults, text: str) -> set[str]:
    lowered = text.lower()
    return {
        kind
        for kind, names in table.devices.items()
        if any(re.search(rf"\b{re.escape(name)}s?\b", lowered) for name in (kind, *names))
    }


def _matches(
    table: KnownFaults, clauses: list[Clause], kinds: set[str], mentioned: set[str]
) -> list[_Match]:
    matches = []
    for known, phrases in table.with_phrases():
        fit = _fit(known, kinds, mentioned)
        stated = {
            clause: max((len(p) for p in phrases if says(clause, p)), default=0)
            for clause in clauses
        }
        telling = tuple(clause for clause, words in stated.items() if words)
        if fit and telling:
            words = max(stated.values())
            score = fit * known.weight * (words + 0.5 * (len(telling) - 1))
            matches.append(_Match(known, words, telling, score))
    return matches


def _fit(known: KnownFault, kinds: set[str], mentioned: set[str]) -> float:
    """How well a fault goes with the device: 1 its kind, 0 another kind."""
    devices = set(known.devices)
    if not devices or not mentioned:
        return 0.8
    if devices & kinds:
        return 1.0 if known.devices[0] in kinds else 0.95
    return 0.9 if devices & mentioned else 0.0


def _questions(table: KnownFaults, kinds: set[str]) -> list[str]:
    specific = [question for kind in sorted(kinds) for question in table.questions[kind]]
    return [*specific[:2], *table.questions["any"]]


def _photo_evidence(photos: Sequence[Photo]) -> list[Evidence]:
    return [
        Evidence(
            photo.description,
            f"photo {number}",
            "Shows the device as it is; compared at the bench before it is opened."
            if photo.is_useful
            else "Too little can be seen in it to support the diagnosis.",
        )
        for number, photo in enumerate(photos[:_MAX_QUOTES], 1)
    ]


def _too_thin(table: KnownFaults, kinds: set[str], photos: Sequence[Photo]) -> Diagnosis:
    return Diagnosis(
        fault="Not to be told from the description",
        category="other",
        confidence=THIN_CONFIDENCE,
        labour_hours=0.5,
        evidence=_photo_evidence(photos),
        questions=_questions(table, kinds),
        plan=["Ask the customer", "Inspect and measure at the bench before any quote"],
    )
