"""Which parts can stand in for others, and how that is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

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
    found = await session.exec(
        select(Part, PartSubstitute)
        .join(
            PartSubstitute,
            or_(
                and_(
                    col(PartSubstitute.part_id) == part_id,
                    col(PartSubstitute.substitute_id) == Part.id,
                ),
                and_(
                    col(PartSubstitute.both_ways),
                    col(PartSubstitute.substitute_id) == part_id,
                    col(PartSubstitute.part_id) == Part.id,
                ),
            ),
        )
        .where(Part.active)
        .order_by(col(Part.sku))
    )
    parts: dict[UUID, Part] = {}
    known: dict[UUID, list[Evidence]] = defaultdict(list)
    for part, row in found:
        parts[part.id] = part
        known[part.id].append(
            Evidence(EvidenceKind(row.kind), row.works, row.at, row.by, row.ticket, row.note)
        )
    return [Substitute(part, weigh(known[key])) for key, part in parts.items()]


async def record_substitute(session: AsyncSession, row: PartSubstitute) -> None:
    """Write down evidence; of the same kind, for the same parts and ticket, the last one stays."""
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
