"""Titles of tickets: made of our own words only, so they hold no personal data and no markup."""

from __future__ import annotations

from hotrod.repairs.devices import DEVICE_TYPES, known_device
from hotrod.repairs.symptoms import main_symptom


def ticket_title(device_type: str, brand: str | None, model: str | None, problem: str) -> str:
    """Return a title such as ``PS5: no picture``, at most 60 characters."""
    known = known_device(f"{brand or ''} {model or ''}", problem)
    kind = device_type if device_type in DEVICE_TYPES and device_type != "other" else "device"
    label = known.label if known is not None else kind.capitalize()
    return f"{label}: {main_symptom(problem) or 'repair'}"
