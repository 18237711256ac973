"""Which event starts which deployment: data, read by the dispatcher.

An accepted delivery carries the name of an event. A trigger says which deployment it starts
and which fields of the payload become the run's parameters.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from prefect.tasks import Task

from tasks.mail import acknowledge_request
from tasks.records import flag_for_review


@dataclass(frozen=True)
class Trigger:
    """One event and the deployment that it starts.

    Args:
        event: name in ``Delivery.event``.
        deployment: ``flow-name/deployment-name`` as in ``prefect.yaml``.
        parameters: fields of the payload that are handed to the flow: ids only.
        tags: fields of the payload that become tags of the run, as ``field:value``.
        subject: parameter that names what a run is about; it makes the ordering key, as
            ``name:value``: runs with the same one go one after another. Empty: each for itself.
        most: of its deliveries that are worked on at a time, by all workers; None: no limit.
        first_response: a step of the flow, taking the same parameters, that is performed at once,
            beside the run and before it if need be. It goes through the effects ledger, so the
            flow finds it done; when it fails, the flow does it.
        when_dead: called with the subject when a delivery becomes a dead letter; once more when
            ops couldn't be alerted of it.
    """

    event: str
    deployment: str
    parameters: tuple[str, ...]
    tags: tuple[str, ...] = ()
    subject: str = ""
    most: int | None = None
    first_response: Task[..., Any] | None = None
    when_dead: Callable[[str], Awaitable[object]] | None = None

    def parameters_of(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Return the run's parameters.

        Raises:
            KeyError: the payload lacks a field; its writer and this trigger disagree.
        """
        return {name: payload[name] for name in self.parameters}

    def ordering_key_of(self, payload: Mapping[str, Any]) -> str | None:
        """Return the ordering key of a run with these parameters, if it has one."""
        value = payload.get(self.subject)
        return f"{self.subject}:{value}" if value is not None else None

    def tags_of(self, payload: Mapping[str, Any], business_key: str) -> list[str]:
        """Return the run's tags."""
        return [f"business:{business_key}", *(f"{name}:{payload[name]}" for name in self.tags)]


TRIGGERS: dict[str, Trigger] = {
    trigger.event: trigger
    for trigger in (
        Trigger(
            event="repair.requested",
            deployment="repair-intake/repair-intake",
            parameters=("ticket",),
            tags=("ticket",),
            subject="ticket",
            first_response=acknowledge_request,
            when_dead=flag_for_review,
        ),
        Trigger(
            event="quote.decided",
            deployment="quote-decision/quote-decision",
            parameters=("ticket", "quote"),
            tags=("ticket",),
            subject="ticket",
            when_dead=flag_for_review,
        ),
        Trigger(
            event="stock.low",
            deployment="parts-sourcing/parts-sourcing",
            parameters=("business",),
            subject="business",
        ),
        Trigger(
            event="sourcing.wanted",
            deployment="parts-sourcing/parts-sourcing",
            parameters=("business", "even_resting"),
            subject="business",
        ),
        Trigger(
            event="approval.decided",
            deployment="approval-decided/approval-decided",
            parameters=("approval",),
            tags=("approval",),
            subject="approval",
        ),
        Trigger(
            event="auction.due",
            deployment="auction-bid/auction-bid",
            parameters=("purchase",),
            tags=("purchase",),
        ),
        Trigger(
            event="checkout.paid",
            deployment="checkout-paid/checkout-paid",
            parameters=("checkout", "order", "look"),
            tags=("checkout",),
            subject="checkout",
        ),
    )
}
