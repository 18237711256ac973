"""The diagnosis by rules: what the bench has seen often, for when Claude can't be asked.

It is honest about what it is: its confidence stays low, and a technician looks at the ticket.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from hotrod.repairs.devices import kind_of, known_device
from hotrod.repairs.diagnosis import Category, DiagnosisDraft, Evidence
from hotrod.repairs.facts import DeviceFacts, RequestFacts
from hotrod.repairs.symptoms import Sighting, find_symptoms
from hotrod.repairs.vocabulary import Text

RULES_VERSION = "rules-1"
TABLE = Path(__file__).with_name("faults.toml")

_KNOWN_MODEL = 0.6
_KNOWN_TYPE = 0.5
_ANY_DEVICE = 0.4
_HINTED = 0.3
_UNKNOWN = 0.15


class KnownFault(BaseModel):
    """One row of the fault table; without devices it fits every device."""

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
    """Return what the table knows of a device with this symptom; questions where it is unsure."""
    text = Text.read(request.problem)
    kind = kind_of(request.device)
    for seen in find_symptoms(text):
        row = _find_fault(kind, seen.label)
        if row is not None:
            return _draft(row, seen, text, request.device)
    return _unknown(text)


def _find_fault(kind: str, symptom: str) -> KnownFault | None:
    fitting = (row for row in known_faults() if symptom in row.symptoms)
    return next((row for row in fitting if not row.devices or kind in row.devices), None)


def _draft(row: KnownFault, seen: Sighting, text: Text, device: DeviceFacts) -> DiagnosisDraft:
    return DiagnosisDraft(
        fault=row.fault,
        category=row.category,
        confidence=_confidence(row, seen, device),
        labour_hours=row.labour_hours,
        evidence=[
            Evidence(
                quote=text.sentence_around(seen.place),
                source="request",
                why=f"the description matches the known symptom '{seen.label}'",
            )
        ],
        likely_parts=list(row.likely_parts),
        questions=[] if seen.is_sure else list(row.questions),
        plan=list(row.plan),
    )


def _confidence(row: KnownFault, seen: Sighting, device: DeviceFacts) -> float:
    if not seen.is_sure:
        return _HINTED
    if not row.devices:
        return _ANY_DEVICE
    return _KNOWN_MODEL if known_device(device.label) is not None else _KNOWN_TYPE


def _unknown(text: Text) -> DiagnosisDraft:
    quote = text.sentence_around(0) if text.words else ""
    return DiagnosisDraft(
        fault="not clear from the description",
        category="other",
        confidence=_UNKNOWN,
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
