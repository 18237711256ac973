"""What waits for a person: dead letters, and outward acts of unknown outcome."""

from __future__ import annotations

from dataclasses import dataclass

from hotrod.durable.inbox import COUNTED_AT_MOST
from hotrod.durable.models import EffectState
from hotrod.settings import Settings


@dataclass(frozen=True)
class Attention:
    """How many wait for a person; of dead letters, ``COUNTED_AT_MOST`` are counted at most."""

    dead_letters: int
    unknown_effects: int

    @property
    def lines(self) -> list[str]:
        """What there is, each with the command that shows it; empty when there is nothing."""
        dead, unknown = self.dead_letters, self.unknown_effects
        more = "+" if dead >= COUNTED_AT_MOST else ""
        found = []
        if dead:
            letters = "dead letter" if dead == 1 else "dead letters"
            found.append(f"{dead}{more} {letters}: `hotrod inbox list --state dead`")
        if unknown:
            acts = "act" if unknown == 1 else "acts"
            found.append(f"{unknown} {acts} of unknown outcome: `hotrod effects list`")
        return found


async def read_attention(settings: Settings) -> Attention:
    """Count what waits for a person."""
    from hotrod.db.engine import Database
    from hotrod.durable import inbox
    from hotrod.durable.open_effects import count_open_effects

    database = Database.connect(settings)
    try:
        async with database.transaction() as session:
            counts = await inbox.count(session)
            effects = await count_open_effects(session)
    finally:
        await database.close()
    return Attention(counts.dead, effects[EffectState.UNKNOWN])
