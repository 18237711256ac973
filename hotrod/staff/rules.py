"""Who takes a ticket: by skill, then by load; nobody absent, nobody full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class TechnicianFacts:
    """A technician as the choice sees one; absences are (first day, last day), both included."""

    key: str
    skills: frozenset[str]
    capacity: int
    open_tickets: int
    absences: tuple[tuple[date, date], ...] = ()

    def is_absent(self, on: date) -> bool:
        """Tell whether the technician is away on a day."""
        return any(first <= on <= last for first, last in self.absences)


@dataclass(frozen=True)
class Choice:
    """Who was chosen, and why; nobody when ``key`` is None."""

    key: str | None
    reason: str


def choose_technician(
    candidates: Sequence[TechnicianFacts], device_type: str, category: str, on: date
) -> Choice:
    """Choose who takes a repair.

    Skill for the device and the kind of fault counts most, then the smaller share of capacity in
    use, then the key, so that the same facts give the same choice. Somebody without either skill
    is not chosen.
    """
    skilled = [person for person in candidates if _skill(person, device_type, category)]
    if not skilled:
        return Choice(None, f"nobody has the skill {device_type} or {category}")
    free = [
        person
        for person in skilled
        if not person.is_absent(on) and person.open_tickets < person.capacity
    ]
    if not free:
        return Choice(None, "everybody with the skill is absent or has no capacity left")
    best = min(
        free,
        key=lambda person: (
            -_skill(person, device_type, category),
            person.open_tickets / person.capacity,
            person.key,
        ),
    )
    knows = sorted(best.skills & {device_type, category})
    return Choice(
        best.key,
        f"knows {' and '.join(knows)}; carries {best.open_tickets} of {best.capacity} tickets",
    )


def _skill(person: TechnicianFacts, device_type: str, category: str) -> int:
    return len(person.skills & {device_type, category})
