"""Finding deliveries, and redriving or discarding all that match: what operations do.

Each state is looked through by its own partial index, so that finding the few dead letters among
a million finished deliveries costs nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, cast, func, literal_column, union_all
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hotrod.db.columns import now
from hotrod.db.engine import Database
from hotrod.durable import inbox
from hotrod.durable.ages import Age
from hotrod.durable.models import Delivery, DeliveryState, Lane
from hotrod.errors import HotrodError

REDRIVABLE = frozenset({DeliveryState.DEAD, DeliveryState.DISCARDED})
DISCARDABLE = frozenset(
    {
        DeliveryState.HELD,
        DeliveryState.WAITING,
        DeliveryState.CLAIMED,
        DeliveryState.SUSPENDED,
        DeliveryState.DEAD,
    }
)
"""Of the claimed ones, those that rest: no worker holds them."""
FINISHED = frozenset({DeliveryState.DONE, DeliveryState.DEAD, DeliveryState.DISCARDED})
UNSETTLED = tuple(
    state for state in DeliveryState if state not in {DeliveryState.DONE, DeliveryState.DISCARDED}
)
"""What operations look at: deliveries that aren't finished, and dead letters."""

_LARGEST_ID = 2**63 - 1
_BATCH = 500


class DeliveryFilter(BaseModel):
    """Which deliveries are meant: those that match everything that is given; nothing given: all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: tuple[Annotated[int, Field(ge=1, le=_LARGEST_ID)], ...] = ()
    states: tuple[DeliveryState, ...] = ()
    event: str | None = Field(None, max_length=60, description="e.g. repair.requested")
    business: str | None = Field(None, max_length=31)
    lane: Lane | None = None
    ticket: str | None = Field(
        None, max_length=120, description="Number of a ticket, or another ordering key."
    )
    older_than: Age | None = Field(None, description="Accepted longer ago, e.g. 15m.")
    newer_than: Age | None = Field(None, description="Accepted less long ago, e.g. 15m.")
    error: str | None = Field(None, max_length=200, description="Part of the last error.")
    is_whole: bool = Field(
        default=False, description="Only those of which what they say hasn't been erased."
    )
    is_free: bool = Field(default=False, description="Only those that no worker holds.")

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, given: Any) -> Any:  # noqa: ANN401 - pydantic's
        """Take a field of a form that was left empty as not given."""
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if value not in ("", None, [""])}

    @model_validator(mode="after")
    def _without_control_characters(self) -> DeliveryFilter:
        for name in ("event", "business", "ticket", "error"):
            if not (getattr(self, name) or "").isprintable():
                raise ValueError(f"{name} holds control characters; leave them out")
        return self

    @property
    def is_empty(self) -> bool:
        """Whether it matches every delivery."""
        return self == DeliveryFilter()

    def to_redrive(self) -> DeliveryFilter:
        """Return what redriving means by this filter: dead letters, unless it says otherwise.

        What was erased is left out: there is nothing to be worked on any more.

        Raises:
            HotrodError: it asks for states that can't be redriven.
        """
        by_default = REDRIVABLE if self.ids else {DeliveryState.DEAD}
        whole = self.model_copy(update={"is_whole": True})
        return whole._within(REDRIVABLE, by_default, "redriven")  # noqa: SLF001 - its own copy

    def to_discard(self) -> DeliveryFilter:
        """Return what discarding means by this filter: all that no worker holds, resting ones too.

        Raises:
            HotrodError: it asks for states that can't be discarded.
        """
        free = self.model_copy(update={"is_free": True})
        return free._within(DISCARDABLE, DISCARDABLE, "discarded")  # noqa: SLF001 - its own copy

    def _within(
        self,
        allowed: Collection[DeliveryState],
        by_default: Collection[DeliveryState],
        what: str,
    ) -> DeliveryFilter:
        wrong = sorted(set(self.states) - set(allowed))
        if wrong:
            can = ", ".join(sorted(allowed))
            raise HotrodError(f"{' and '.join(wrong)} deliveries can't be {what}; only {can} ones")
        return self.model_copy(update={"states": self.states or tuple(sorted(by_default))})

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what a row must meet, but for its state."""
        found: list[ColumnElement[bool]] = []
        if self.ids:
            found.append(col(Delivery.id) == any_(cast(list(self.ids), ARRAY(BigInteger))))
        if self.event:
            found.append(col(Delivery.event) == self.event)
        if self.business:
            found.append(col(Delivery.business_key) == self.business)
        if self.lane:
            found.append(col(Delivery.lane_rank) == tuple(Lane).index(self.lane))
        if self.ticket:
            keys = (self.ticket, f"ticket:{self.ticket}")
            found.append(col(Delivery.ordering_key).in_(keys))
        if self.older_than is not None:
            found.append(col(Delivery.accepted_at) < now() - self.older_than)
        if self.newer_than is not None:
            found.append(col(Delivery.accepted_at) > now() - self.newer_than)
        if self.error:
            found.append(col(Delivery.last_error).icontains(self.error, autoescape=True))
        if self.is_whole:
            found.append(col(Delivery.redacted_at).is_(None))
        return found


async def find(
    session: AsyncSession, wanted: DeliveryFilter, *, limit: int, before_id: int | None = None
) -> Sequence[Delivery]:
    """Return the newest deliveries that match, the newest first.

    Args:
        session: to read with.
        wanted: which ones.
        limit: how many at most.
        before_id: only older ones than this; the last id of a page leads to the next page.
    """
    page = [col(Delivery.id) < before_id] if before_id is not None else []
    arms = [
        select(col(Delivery.id)).where(*each, *page).order_by(col(Delivery.id).desc()).limit(limit)
        for each in _per_state(wanted).values()
    ]
    newest = union_all(*arms).subquery()
    found = await session.exec(
        select(Delivery)
        .where(col(Delivery.id).in_(select(newest.c.id)))
        .order_by(col(Delivery.id).desc())
        .limit(limit)
    )
    return found.all()


async def ids_of(session: AsyncSession, wanted: DeliveryFilter) -> list[int]:
    """Return the ids of all deliveries that match, the oldest first."""
    arms = [select(col(Delivery.id)).where(*each) for each in _per_state(wanted).values()]
    found = await session.exec(union_all(*arms))  # type: ignore[call-overload]
    return sorted(found.scalars())


async def tally(
    session: AsyncSession, wanted: DeliveryFilter, *, at_most: int | None = None
) -> dict[DeliveryState, int]:
    """Count the deliveries that match, by state; states without any are left out.

    Args:
        session: to read with.
        wanted: which ones.
        at_most: where counting stops, in each state; None: it is exact.
    """
    counts: dict[DeliveryState, int] = {}
    for state, conditions in _per_state(wanted).items():
        matching = select(col(Delivery.id)).where(*conditions).limit(at_most).subquery()
        found = await session.exec(select(func.count()).select_from(matching))
        if count := found.one():
            counts[state] = count
    return counts


async def redrive_all(database: Database, wanted: DeliveryFilter) -> int:
    """Give all dead letters that match their attempts again, a few hundred per transaction.

    Returns:
        how many there were.

    Raises:
        HotrodError: the filter asks for states that can't be redriven.
    """
    return await _in_batches(database, wanted.to_redrive(), inbox.redrive)


async def discard_all(database: Database, wanted: DeliveryFilter, reason: str) -> int:
    """Throw all deliveries away that match and that no worker holds, a few hundred at a time.

    What was held behind them is not thrown away, unless it matches, too.

    Returns:
        how many there were.

    Raises:
        HotrodError: the filter asks for states that can't be discarded.
    """

    async def discard(session: AsyncSession, ids: Sequence[int]) -> int:
        return await inbox.discard(session, ids, reason)

    return await _in_batches(database, wanted.to_discard(), discard)


async def _in_batches(
    database: Database,
    wanted: DeliveryFilter,
    change: Callable[[AsyncSession, Sequence[int]], Awaitable[int]],
) -> int:
    """Change what matches now; what comes to match on the way isn't touched."""
    async with database.transaction() as session:
        ids = await ids_of(session, wanted)
    changed = 0
    for start in range(0, len(ids), _BATCH):
        async with database.transaction() as session:
            changed += await change(session, ids[start : start + _BATCH])
    return changed


def _per_state(wanted: DeliveryFilter) -> dict[DeliveryState, list[ColumnElement[bool]]]:
    """Return the conditions for each state apart, in the words of its partial index."""
    conditions = wanted.conditions()
    resting = [col(Delivery.worker).is_(None)] if wanted.is_free else []
    return {
        state: [
            col(Delivery.state) == literal_column(f"'{state}'"),
            *([col(Delivery.finished_at).is_not(None)] if state in FINISHED else []),
            *(resting if state is DeliveryState.CLAIMED else []),
            *conditions,
        ]
        for state in wanted.states or tuple(DeliveryState)
    }
