"""What ops are told when something needs a person: on Slack, or by mail where there is none."""

from __future__ import annotations

from datetime import datetime
from email.utils import make_msgid
from html import escape
from typing import Any
from uuid import UUID

from prefect import task

from hotrod.db.columns import now
from hotrod.durable.effects import harmless_to_repeat, perform
from hotrod.keys import alert_key, lasting_alert_key
from hotrod.mail.mime import build_mime
from hotrod.mail.rules import Address
from hotrod.purchasing.abandoned import mails_in_doubt
from hotrod.purchasing.store import read_round, wanted_of
from tasks._policy import OUTWARD, REFUSED
from tasks._resources import resources


async def tell_of_dead_letter(delivery_id: int, event: str, title: str) -> None:
    """Tell ops that a delivery was given up; at most once a minute for each event.

    Args:
        delivery_id: its row in the inbox.
        event: what it was about.
        title: of its run.

    Raises:
        ConnectorError: Slack or the mail service can't be reached.
    """
    moment = now()
    text = (
        f"Dead letter {delivery_id} ({event}): {title}. Look with `hotrod inbox show "
        f"{delivery_id}`; all of them: `hotrod inbox list --state dead`."
    )
    await _tell(alert_key("dead", event, moment), f"Dead letter: {title}", text, moment)


@task(name="tell of abandoned round", **OUTWARD)
async def tell_of_abandoned_round(sourcing_round: UUID) -> None:
    """Tell ops once that a round of sourcing was agreed to, and its run has ended.

    Args:
        sourcing_round: its id.

    Raises:
        ConnectorError: Slack or the mail service can't be reached.
    """
    async with resources().database.transaction() as session:
        wanted = wanted_of(await read_round(session, sourcing_round))
        doubts = await mails_in_doubt(session, sourcing_round)
    unknown = "".join(
        f" Whether the order {number} was mailed isn't known: find out first, then "
        f"`hotrod effects confirm {key}` or `hotrod effects repeat {key}`."
        for number, key in doubts.items()
    )
    parts = ", ".join(one.sku for one in wanted)
    text = (
        f"A manager has agreed to buy {parts}, but the run of it has ended. See what was ordered "
        f"with `hotrod purchases list`.{unknown} Then retry the run (`hotrod inbox list --state "
        f"dead`), or free the parts: `hotrod purchases drop {sourcing_round}`."
    )
    await _tell(
        lasting_alert_key("round", str(sourcing_round)), "Agreed, but not bought", text, now()
    )


@task(name="tell that prices never hold", **OUTWARD)
async def tell_that_prices_never_hold(sourcing_round: UUID) -> None:
    """Tell ops that managers have said yes again and again, and nothing could be bought by it.

    Args:
        sourcing_round: its id.

    Raises:
        ConnectorError: Slack or the mail service can't be reached.
    """
    async with resources().database.transaction() as session:
        current = await read_round(session, sourcing_round)
    parts = ", ".join(one.sku for one in wanted_of(current))
    text = (
        f"Managers have agreed to buy {parts} again and again, and each time it was no longer as "
        f"they were told. {current.why_again} What is still low is looked for again in the morning."
    )
    await _tell(
        lasting_alert_key("prices", str(sourcing_round)), "Agreed, but not bought", text, now()
    )


async def _tell(key: str, subject: str, text: str, moment: datetime) -> None:
    kit = resources()
    slack = kit.slack

    async def act() -> dict[str, Any]:
        if slack is not None:
            await slack.post_message(kit.settings.slack.channel, f":rotating_light: {text}")
            return {}
        hub, ops = str(kit.company.hub_mailbox), str(kit.company.ops_mailbox)
        mime = build_mime(
            sender=Address(kit.company.name, hub),
            reply_to=None,
            recipient=Address(kit.company.name, ops),
            subject=subject,
            text=text,
            html=f"<p>{escape(text)}</p>",
            message_id=make_msgid(domain=Address(kit.company.name, hub).domain),
            references=[],
            headers={},
            date=moment,
        )
        await kit.mail.send(mime, mailbox=hub, sender=hub, recipients=[ops])
        return {}

    await perform(kit.database, key, act, harmless_to_repeat, refused=REFUSED)
