"""Which parts can stand in for others, and how that is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.errors import InvalidInputError
from hotrod.parts.models import EvidenceKind, Part, PartSubstitute

_WEIGHT = {EvidenceKind.CATALOGUE: 1, EvidenceKind.COMPATIBILITY: 2, EvidenceKind.TRIED: 3}


@dataclass(frozen=True)
class Evidence:
    """What says that a part can stand in for another, or that it can't."""

    kind: EvidenceKind
    works: bool
    at: datetime
    by: str
    ticket: str = ""
    note: str = ""

    @property
    def words(self) -> str:
        """Who says so, e.g. "tried on NL-1042"."""
        return {
            EvidenceKind.CATALOGUE: "a catalogue says so",
            EvidenceKind.COMPATIBILITY: "a service that checks fit says so",
            EvidenceKind.TRIED: f"tried on {self.ticket}",
        }[self.kind]


@dataclass(frozen=True)
class Substitute:
    """A part that may stand in for another; the evidence that outweighs the rest comes first."""

    part: Part
    evidence: tuple[Evidence, ...]

    @property
    def works(self) -> bool:
        """Whether it can stand in, as far as is known."""
        return self.evidence[0].works


def weigh(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """Return evidence with what outweighs the rest first.

    What we tried outweighs a compatibility service, and that a catalogue; of the same kind the
    newer outweighs the older, and at the same moment a "no" a "yes".
    """
    return tuple(
        sorted(evidence, key=lambda one: (_WEIGHT[one.kind], one.at, not one.works), reverse=True)
    )


async def substitutes(session: AsyncSession, part_id: UUID) -> list[Substitute]:
    """Return the active parts of which it is known whether they can stand in for a part, by SKU.

    Those that can't are among them, with the evidence.
    """
    return (await substitutes_of(session, [part_id])).get(part_id, [])


async def substitutes_of(
    session: AsyncSession, part_ids: Collection[UUID]
) -> dict[UUID, list[Substitute]]:
    """Return for each of some parts what ``substitutes`` does; parts without any are left out."""
    rows = await session.exec(
        select(PartSubstitute).where(col(PartSubstitute.part_id).in_(part_ids))
    )
    known: dict[UUID, dict[UUID, list[Evidence]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        known[row.part_id][row.substitute_id].append(_evidence(row))
    wanted = {other for part_id in part_ids for other in known.get(part_id, ())}
    parts = await session.exec(
        select(Part).where(Part.active, col(Part.id).in_(wanted)).order_by(col(Part.sku))
    )
    standing_in = parts.all()
    found = {
        part_id: [
            Substitute(part, weigh(known[part_id][part.id]))
            for part in standing_in
            if part.id in known[part_id]
        ]
        for part_id in part_ids
        if part_id in known
    }
    return {part_id: listed for part_id, listed in found.items() if listed}


async def evidence_of(session: AsyncSession, part: Part, other: Part) -> tuple[Evidence, ...]:
    """Return what says whether another part, active or not, can stand in for a part.

    What outweighs the rest comes first.
    """
    rows = await session.exec(
        select(PartSubstitute).where(
            PartSubstitute.part_id == part.id, PartSubstitute.substitute_id == other.id
        )
    )
    return weigh([_evidence(row) for row in rows])


async def record_evidence(
    session: AsyncSession, part: Part, other: Part, evidence: Evidence, *, both_ways: bool
) -> None:
    """Write down what says that another part can stand in for a part, or can't.

    Of the same kind, for the same parts in this order, and ticket, the last one stays.

    Args:
        session: to write with.
        part: in whose place.
        other: the part that stands in, or doesn't.
        evidence: what says so.
        both_ways: it says the same of ``part`` in the place of ``other``.

    Raises:
        InvalidInputError: they are the same part.
    """
    if part.id == other.id:
        raise InvalidInputError("substitute", f"it is {part.sku} itself.", "Name another part.")
    await _record(session, part, other, evidence)
    if both_ways:
        await _record(session, other, part, evidence)


async def _record(session: AsyncSession, part: Part, other: Part, evidence: Evidence) -> None:
    row = PartSubstitute(part_id=part.id, substitute_id=other.id, **asdict(evidence))
    values = row.model_dump()
    same = ("part_id", "substitute_id", "kind", "ticket")
    await session.exec(
        insert(PartSubstitute)
        .values(**values)
        .on_conflict_do_update(
            index_elements=same,
            set_={name: value for name, value in values.items() if name not in {"id", *same}},
        )
    )


def _evidence(row: PartSubstitute) -> Evidence:
    return Evidence(EvidenceKind(row.kind), row.works, row.at, row.by, row.ticket, row.note)
