"""Listing watch: saved searches look at eBay in turn, and people are told what is new."""

from __future__ import annotations

from prefect import flow

from flows._attempt import attempt
from tasks.watch_news import tell_news
from tasks.watches import find_due_watches, gather_news, look


@flow(name="listing-watch")
async def listing_watch() -> None:
    """Let the watches look whose turn it is, within the day's calls; then tell what they found.

    Runs on a schedule. While eBay is away or out of calls nothing is lost: the next run looks. A
    message that can't be sent is tried again the next time, too. Nothing is bought.
    """
    for watch in await find_due_watches():
        if not await look(watch):
            break
    for digest in await gather_news():
        await attempt(tell_news(digest))
