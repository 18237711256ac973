"""Faults on demand: what goes wrong, with which service, how often."""

from __future__ import annotations

import random
import uuid
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from sandbox.calls import services_of

FaultKind = Literal[
    "error", "rate_limit", "timeout", "reset", "slow", "drop_after_accept", "truncate", "html"
]

BEFORE_THE_ACT: frozenset[FaultKind] = frozenset(
    {"error", "rate_limit", "timeout", "reset", "slow"}
)
UNREADABLE: frozenset[FaultKind] = frozenset({"truncate", "html"})
AFTER_THE_ACT: frozenset[FaultKind] = UNREADABLE | {"drop_after_accept"}


class Fault(BaseModel):
    """A fault that waits for its calls.

    ``mail`` means all of its protocols. ``drop_after_accept`` waits for a call that writes;
    ``truncate`` and ``html`` spoil the answer after the service has acted. Token services are
    spared unless ``path`` names them.
    """

    model_config = ConfigDict(extra="forbid")

    id: str = Field(default_factory=lambda: uuid.uuid4().hex, description="Name of this fault.")
    service: str
    kind: FaultKind
    count: int | None = Field(None, ge=1, description="How many calls fail; 1 if nothing is said.")
    probability: float | None = Field(
        None, ge=0, le=1, description="Share of calls that fail, until faults are cleared."
    )
    status: Annotated[int, Field(ge=400, le=599)] | None = Field(
        None, description="error: the status answered; unset: the service's own for a bad day."
    )
    code: str | None = Field(
        None, max_length=80, description="error, rate_limit: the service's name of the error."
    )
    seconds: float | None = Field(
        None, ge=0, le=600, description="slow: delay (2); timeout: silence before the cut (60)."
    )
    retry_after: float | None = Field(
        1, ge=0, description="rate_limit: seconds in Retry-After; null: no such header."
    )
    path: str = Field("", description="Only calls whose path contains this.")
    seed: int = Field(0, description="Start of the dice of probability: runs can be repeated.")
    _dice: random.Random = PrivateAttr()

    @model_validator(mode="after")
    def _count_or_probability(self) -> Self:
        if self.count is not None and self.probability is not None:
            raise ValueError("give count or probability, not both")
        if self.count is None and self.probability is None:
            self.count = 1
        self._dice = random.Random(self.seed)  # noqa: S311 - repeatable on purpose
        return self

    def strikes(self, service: str, path: str, kinds: frozenset[FaultKind]) -> bool:
        """Whether this fault hits a call; one that counts is used up by it."""
        if service not in services_of(self.service) or self.kind not in kinds:
            return False
        if self.path not in path:
            return False
        if self.probability is not None:
            return self._dice.random() < self.probability
        self.count = (self.count or 0) - 1
        return True

    @property
    def delay(self) -> float:
        """Seconds that a slow answer takes, or that a silent connection stays open."""
        if self.seconds is not None:
            return self.seconds
        return 60 if self.kind == "timeout" else 2

    @property
    def is_used_up(self) -> bool:
        """Whether all calls that it was ordered for have failed."""
        return self.probability is None and not self.count


class Faults:
    """The faults ordered and not used up, in the order they came."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Let a fault wait for its calls."""
        self._ordered.append(fault)

    def take(
        self, service: str, path: str, kinds: frozenset[FaultKind], *, only_named: bool = False
    ) -> Fault | None:
        """Return the fault of these kinds that hits this call, if one does.

        Args:
            service: that is called.
            path: that is called.
            kinds: that may strike this call.
            only_named: whether faults strike that name a path, and no others.
        """
        for fault in self._ordered:
            if (fault.path or not only_named) and fault.strikes(service, path, kinds):
                if fault.is_used_up:
                    self._ordered.remove(fault)
                return fault
        return None

    def waiting(self) -> list[Fault]:
        """Return the faults that are not used up."""
        return list(self._ordered)

    def clear(self) -> None:
        """Forget all faults."""
        self._ordered.clear()
