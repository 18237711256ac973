"""People are told of each delivery that was given up, even if a worker died right after it."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from prefect.client.orchestration import PrefectClient
from prefect.exceptions import ObjectNotFound

from deployments.adoption import EVENT, trigger_of
from deployments.apply import Applied
from deployments.triggers import Trigger
from hotrod.db.engine import Database, is_away
from hotrod.durable.dead_letters import mark_told, untold
from hotrod.durable.models import Delivery
from tasks._policy import PASSING, REFUSED
from tasks.alerts import tell_of_dead_letter

log = structlog.get_logger()
_AT_A_TIME = 100


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

    async def tell_all(self) -> None:
        """Tell of the oldest ones that nobody was told of yet, until no alert can be sent."""
        async with self._database.transaction() as session:
            found = await untold(session, limit=_AT_A_TIME)
        for delivery in found:
            if not await self.tell(delivery):
                return

    async def tell(self, delivery: Delivery) -> bool:
        """Let the trigger act on a dead letter, and alert ops; False when that must be repeated."""
        try:
            await self._act_on(delivery)
            await tell_of_dead_letter(delivery.identity, delivery.event, delivery.title)
        except (*PASSING, *REFUSED) as error:
            log.warning("alert.postponed", delivery=delivery.id, error=type(error).__name__)
            return False
        async with self._database.transaction() as session:
            await mark_told(session, delivery.identity)
        return True

    async def _act_on(self, delivery: Delivery) -> None:
        """Do what the trigger says; an error of its own must not keep ops from being told."""
        trigger = await self._trigger_of(delivery)
        subject = delivery.payload.get(trigger.subject) if trigger else None
        if trigger is None or trigger.when_dead is None or subject is None:
            return
        try:
            await trigger.when_dead(str(subject))
        except Exception as error:
            if is_away(error):
                raise
            log.exception("when_dead.failed", delivery=delivery.id)

    async def _trigger_of(self, delivery: Delivery) -> Trigger | None:
        """Return the trigger of a delivery's event, or of the deployment that its run is of."""
        if delivery.event != EVENT or delivery.run_id is None:
            return self._triggers.get(delivery.event)
        try:
            flow_run = await self._client.read_flow_run(delivery.run_id)
        except ObjectNotFound:
            return None
        return trigger_of(flow_run.deployment_id, self._deployments, self._triggers)
