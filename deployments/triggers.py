"""Which event starts which deployment: data, read by the dispatcher.

An accepted delivery carries the name of an event. A trigger says which deployment it starts
and which fields of the payload become the run's parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from prefect.tasks import Task

from tasks.mail import acknowledge_request


@dataclass(frozen=True)
class Trigger:
    """One event and the deployment that it starts.

    Args:
        event: name in ``Delivery.event``.
        deployment: ``flow-name/deployment-name`` as in ``prefect.yaml``.
        parameters: fields of the payload that are handed to the flow: ids only.
        tags: fields of the payload that become tags of the run, as ``field:value``.
        first_response: a step of the flow, taking the same parameters, that is performed the
            moment the delivery is claimed. It goes through the effects ledger, so the flow finds
            it done; when it fails, the flow does it.
    """

    event: str
    deployment: str
    parameters: tuple[str, ...]
    tags: tuple[str, ...] = ()
    first_response: Task[..., Any] | None = None

    def parameters_of(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Return the run's parameters.

        Raises:
            KeyError: the payload lacks a field; its writer and this trigger disagree.
        """
        return {name: payload[name] for name in self.parameters}

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
            first_response=acknowledge_request,
        ),
        Trigger(
            event="quote.decided",
            deployment="quote-decision/quote-decision",
            parameters=("ticket", "quote"),
            tags=("ticket",),
        ),
    )
}
