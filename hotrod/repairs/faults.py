"""The diagnosis by rules: what the bench has seen often, for when Claude can't be asked.

It is honest about what it is: its confidence stays low, and a technician looks at the ticket.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from hotrod.repairs.diagnosis import Category, DiagnosisDraft, Evidence
from hotrod.repairs.facts import RequestFacts
from hotrod.repairs.titles import known_symptom

RULES_VERSION = "rules-1"
TABLE = Path(__file__).with_name("faults.toml")

_MATCHED = 0.5
_UNMATCHED = 0.2
_MAX_QUOTE = 200


class KnownFault(BaseModel):
    """One row of the fault table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    devices: tuple[str, ...]
    symptoms: tuple[str, ...]
    fault: str
    category: Category
    labour_hours: float
    likely_parts: tuple[str, ...]
    plan: tuple[str, ...]
    questions: tuple[str, ...]


@lru_cache(maxsize=1)
def known_faults() -> tuple[KnownFault, ...]:
    """Return the shipped fault table."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))["faults"]
    return tuple(KnownFault.model_validate(row) for row in rows)


def diagnose_by_rules(request: RequestFacts) -> DiagnosisDraft:
    """Return what the table knows of a device with this symptom; questions where it doesn't."""
    symptom = known_symptom(request.problem)
    device = request.device.type
    row = next(
        (
            row
            for row in known_faults()
            if symptom in row.symptoms and (not row.devices or device in row.devices)
        ),
        None,
    )
    if row is None or symptom is None:
        return _unknown(request)
    return DiagnosisDraft(
        fault=row.fault,
        category=row.category,
        confidence=_MATCHED,
        labour_hours=row.labour_hours,
        evidence=[
            Evidence(
                quote=_first_words(request.problem),
                source="request",
                why=f"the description matches the known symptom '{symptom}'",
            )
        ],
        likely_parts=list(row.likely_parts),
        questions=list(row.questions),
        plan=list(row.plan),
    )


def _unknown(request: RequestFacts) -> DiagnosisDraft:
    quote = _first_words(request.problem)
    return DiagnosisDraft(
        fault="not clear from the description",
        category="other",
        confidence=_UNMATCHED,
        labour_hours=1.0,
        evidence=[Evidence(quote=quote, source="request", why="no known symptom is named")]
        if quote
        else [],
        likely_parts=[],
        questions=[
            "What exactly happens, and what doesn't, when you use it?",
            "When did it start, and what happened before: a fall, a spill, an update, a storm?",
            "Which brand and model is it?",
        ],
        plan=["Inspect the device", "Reproduce the fault", "Report to the customer"],
    )


def _first_words(text: str) -> str:
    return " ".join(text.split())[:_MAX_QUOTE].strip()
