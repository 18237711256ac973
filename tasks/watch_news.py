"""Steps that tell people what watches have found."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from prefect import task

from connectors.slack.blocks import plain
from connectors.slack.client import SlackClient
from hotrod.db.columns import now
from hotrod.durable.effects import harmless_to_repeat, perform
from hotrod.keys import mail_key, slack_key
from hotrod.mail.office import NewsView, WatchNewsContext, WatchView, compose_office
from hotrod.mail.rules import Address, sender_for
from hotrod.money import money
from hotrod.watches.digests import NewsItem, Recipient, note_told, read_digest, recipient_of
from tasks._letters import Letter, send_once
from tasks._policy import OUTWARD, REFUSED
from tasks._resources import resources

KIND = "watch_news"
_MOST_SHOWN = 20  # listings of a watch in one message


@task(name="tell news", **OUTWARD)
async def tell_news(digest: UUID) -> None:
    """Tell a person what their watches have found, once: by mail, on Slack, or both.

    Where there is no Slack, what was to be told there is mailed.
    """
    kit = resources()
    async with kit.database.transaction() as session:
        news = await read_digest(session, digest)
    if not news:
        return
    person = recipient_of(kit.company, news[0].watch.recipient)
    by_slack = [one for one in news if one.watch.by_slack and kit.slack]
    by_mail = [one for one in news if one.watch.by_mail or not kit.slack]
    if by_mail:
        await _mail(digest, person, by_mail)
    if by_slack and kit.slack:
        await _post(digest, person, by_slack, kit.slack)
    async with kit.database.transaction() as session:
        await note_told(session, digest, now())


async def _mail(digest: UUID, person: Recipient, news: Sequence[NewsItem]) -> None:
    kit = resources()
    business = kit.company.business_of(news[0].watch.business_key)
    context = WatchNewsContext(
        brand=business.brand,
        zone=kit.company.zone,
        person_name=person.name,
        reply_address=kit.company.ops_mailbox,
        watches=_by_watch(news),
    )
    letter = Letter(
        key=mail_key(KIND, digest),
        kind=KIND,
        sender=sender_for(business, ""),
        recipient=Address(person.name, person.email),
        reply_to=kit.company.ops_mailbox,
    )
    await send_once(letter, lambda: compose_office(context))


async def _post(
    digest: UUID, person: Recipient, news: Sequence[NewsItem], slack: SlackClient
) -> None:
    kit = resources()
    lines = []
    for watch in _by_watch(news):
        lines.append(f"*{plain(watch.name)}*")
        lines += [
            f"- {one.why}: <{one.link}|{plain(one.title)}>, {one.price} at the door"
            for one in watch.news
        ]
        if watch.more:
            lines.append(f"- and {watch.more} more")

    async def act() -> dict[str, str]:
        posted = await slack.post_message(
            person.slack or kit.settings.slack.channel, "\n".join(lines)
        )
        return {"channel": posted.channel, "ts": posted.ts}

    await perform(kit.database, slack_key(KIND, digest), act, harmless_to_repeat, refused=REFUSED)


def _by_watch(news: Sequence[NewsItem]) -> tuple[WatchView, ...]:
    views = []
    for name, items in groupby(news, key=lambda one: one.watch.name):
        found = list(items)
        shown = tuple(_view(one) for one in found[:_MOST_SHOWN])
        views.append(WatchView(name=name, news=shown, more=len(found) - len(shown)))
    return tuple(views)


def _view(one: NewsItem) -> NewsView:
    sighting, watch = one.sighting, one.watch
    price = sighting.price
    return NewsView(
        why=sighting.news,
        title=sighting.title,
        seller=sighting.seller,
        price="cost unknown" if price is None else money(price, watch.currency),
        link=sighting.url,
        ends_at=sighting.ends_at,
    )
