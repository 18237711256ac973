"""How inbox and ledger stand, in Prometheus' text format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from gateway.auth import Caller, ops
from gateway.context import InContext
from hotrod.durable.models import DeliveryState, EffectState
from hotrod.durable.open_effects import count_open_effects
from hotrod.durable.search import FINISHED, DeliveryFilter, tally
from hotrod.durable.summary import WINDOWS, InboxSummary, accepted_total, summary

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, eq=False)
class _Reading(Collector):
    """What one look at the database found."""

    inbox: InboxSummary
    accepted: int
    finished: Mapping[DeliveryState, int]
    effects: Mapping[EffectState, int]

    def collect(self) -> Iterable[Metric]:
        deliveries = GaugeMetricFamily(
            "hotrod_inbox_deliveries",
            "Deliveries that aren't finished, and dead letters; of each kind 10000 at most.",
            labels=["state", "lane", "business"],
        )
        counts: Counter[tuple[str, str, str]] = Counter()
        for group in self.inbox.groups:
            counts[group.state, group.lane, group.business] += group.count
        for labels, count in counts.items():
            deliveries.add_metric(labels, count)
        yield deliveries
        oldest = GaugeMetricFamily(
            "hotrod_inbox_oldest_seconds",
            "Time since the oldest delivery in a state was accepted.",
            labels=["state"],
        )
        for state, seconds in self.inbox.oldest_seconds.items():
            oldest.add_metric([state], seconds)
        yield oldest
        yield CounterMetricFamily(
            "hotrod_inbox_accepted", "Deliveries accepted so far.", value=self.accepted
        )
        finished = GaugeMetricFamily(
            "hotrod_inbox_finished",
            "Deliveries that stand finished; fewer after a redrive.",
            labels=["state"],
        )
        for state in sorted(FINISHED):
            finished.add_metric([state], self.finished.get(state, 0))
        yield finished
        recent = GaugeMetricFamily(
            "hotrod_inbox_recent",
            "Deliveries of the last minute, hour and day; 10000 at most.",
            labels=["what", "window"],
        )
        for what in ("accepted", "done", "dead"):
            for window in WINDOWS:
                recent.add_metric([what, window], getattr(getattr(self.inbox, what), window))
        yield recent
        effects = GaugeMetricFamily(
            "hotrod_effects",
            "Outward acts under way, and those whose outcome a person must find out.",
            labels=["state"],
        )
        for effect_state, count in self.effects.items():
            effects.add_metric([effect_state], count)
        yield effects


@router.get("/metrics")
async def metrics(context: InContext, _caller: Annotated[Caller, Depends(ops)]) -> Response:
    """Return the metrics as they are now."""
    async with context.database.transaction() as session:
        reading = _Reading(
            inbox=await summary(session),
            accepted=await accepted_total(session),
            finished=await tally(session, DeliveryFilter(states=tuple(FINISHED))),
            effects=await count_open_effects(session),
        )
    registry = CollectorRegistry()
    registry.register(reading)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
