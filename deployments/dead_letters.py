"""People learn of deliveries that were given up, even if a worker died right after it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from prefect.client.orchestration import PrefectClient
from prefect.exceptions import ObjectNotFound

from deployments.adoption import EVENT, trigger_of
from deployments.apply import Applied
from deployments.away import go_on_after
from deployments.triggers import Trigger
from hotrod.db.engine import Database
from hotrod.durable.dead_letters import mark_told, untold
from hotrod.durable.models import Delivery
from tasks.alerts import tell_of_dead_letter

_AT_A_TIME = 100
_PAUSE_SECONDS = 30.0


class DeadLetters:
    """Tells whom a dead letter concerns, and remembers that they know.

    Args:
        database: where the inbox is.
        client: of the Prefect API.
        deployments: what can be started, by ``flow-name/deployment-name``.
        triggers: by event.
    """

    def __init__(
        self,
        database: Database,
        client: PrefectClient,
        deployments: Mapping[str, Applied],
        triggers: Mapping[str, Trigger],
    ) -> None:
        self._database = database
        self._client = client
        self._deployments = deployments
        self._triggers = triggers

    async def run(self) -> None:
        """Tell of those that nobody was told of yet, every half a minute, until cancelled."""
        while True:
            with go_on_after("dead_letters.failed"):
                await self.tell_all()
            await asyncio.sleep(_PAUSE_SECONDS)

    async def tell_all(self) -> None:
        """Tell of the oldest dead letters that nobody was told of yet."""
        async with self._database.transaction() as session:
            found = await untold(session, limit=_AT_A_TIME)
        for delivery in found:
            with go_on_after("alert.failed", delivery=delivery.id):
                await self.tell(delivery)

    async def tell(self, delivery: Delivery) -> None:
        """Let the trigger of a dead letter act on it, and alert ops.

        There is one alert a minute for each event at most; it says where all are found. When it
        can't be sent, both are done again later.
        """
        await self._act_on(delivery)
        await tell_of_dead_letter(delivery.identity, delivery.event, delivery.title)
        async with self._database.transaction() as session:
            await mark_told(session, delivery.identity)

    async def _act_on(self, delivery: Delivery) -> None:
        """Do what the trigger says; what goes wrong there is logged, and ops are told anyway."""
        trigger = await self._trigger_of(delivery)
        subject = delivery.payload.get(trigger.subject) if trigger else None
        if trigger is None or trigger.when_dead is None or subject is None:
            return
        with go_on_after("when_dead.failed", delivery=delivery.id):
            await trigger.when_dead(str(subject))

    async def _trigger_of(self, delivery: Delivery) -> Trigger | None:
        """Return the trigger of a delivery's event, or of the deployment that its run is of."""
        if delivery.event != EVENT or delivery.run_id is None:
            return self._triggers.get(delivery.event)
        try:
            flow_run = await self._client.read_flow_run(delivery.run_id)
        except ObjectNotFound:
            return None
        return trigger_of(flow_run.deployment_id, self._deployments, self._triggers)
