"""``hotrod bench sourcing``: from parts that run low to a proposal, and from there to orders.

Ten parts run low at once, by uses on tickets. Three suppliers that take orders by mail, and eBay,
offer them; each call of eBay takes as long as is said. Then a manager follows the mail, approves,
and pays eBay's checkout, and what a person must click until all is ordered is counted.

The baseline is what no proposal can do without: the calls that were made of eBay, made again by
plain httpx, one after another.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar
from uuid import uuid4

import httpx
from pydantic import BaseModel, TypeAdapter

from bench.chaos_kills import StackWatch
from bench.figures import Result, Row, in_words, quantile
from bench.person import Person, until
from bench.records import fetch
from bench.stack import BenchStack, bench_stack
from connectors.ebay.auth import PUBLIC, TOKEN_PATH, Buyer, headers_of
from hotrod.company.load import SAMPLE
from hotrod.db.columns import now
from hotrod.db.engine import Database
from hotrod.parts.ledger import post
from hotrod.parts.models import MovementKind
from hotrod.parts.movements import NewMovement
from hotrod.parts.store import find_part, lock_parts, position
from hotrod.purchasing.models import PurchaseState
from hotrod.settings import Settings

LISTED = (
    "HDMI-XSX",
    "FAN-PS5",
    "STICK-DS-HALL",
    "HDMI-IC-PS5",
    "CAP-KIT-AUDIO",
    "JACK-TRS-635",
    "LCD-IP13",
    "BAT-IP13",
)
"""Parts of the sample company that one of its three suppliers lists."""

AT_EBAY = {
    "PSU-XSX": ("Power supply for Xbox Series X, tested", Decimal("54.00")),
    "TIM-LM-1G": ("Liquid metal 1 g for console or laptop", Decimal("10.50")),
}
"""Parts that none of them lists, and what eBay sells them as."""

_MOST_CLICKS = 3
_WITHIN_SECONDS = 120.0
_BROWSE = "/buy/browse/"
_NEWEST = "(SELECT id FROM sourcing_rounds ORDER BY opened_at DESC LIMIT 1)"
_OFFERS = f"SELECT count(*) AS offers FROM found_offers WHERE round_id = {_NEWEST}"  # noqa: S608 - ours
_PURCHASES = f"SELECT state, ordered_at FROM purchases WHERE round_id = {_NEWEST}"  # noqa: S608 - ours
_BY_PAGE = re.compile(r'order_by = "url"\norder_at = "https://([^/"]+)[^"]*"')

_AWAITED = """
    SELECT sku, order_reference, quantity - received AS quantity
    FROM parts_on_order JOIN parts ON parts.id = part_id WHERE received < quantity
"""


class SourcingResult(Result):
    """From low stock to a proposal, and from the proposal to orders; medians over the rounds."""

    title: ClassVar[str] = "sourcing: parts that run low, until they are ordered"

    rounds: int
    killed: bool
    parts_low: int
    sources: int
    offers: int
    ebay_seconds_per_call: float
    ebay_calls: int
    ebay_calls_per_day: int
    plain_seconds: float
    proposal_seconds: float
    ordered_seconds: float
    clicks: int
    clicks_at_ebay: int

    def rows(self) -> list[Row]:
        """Return the figures, each with what was promised of it."""
        clicks, share = self.clicks, self.ebay_calls / self.ebay_calls_per_day
        ratio = self.proposal_seconds / self.plain_seconds
        return [
            Row("rounds", str(self.rounds)),
            Row(
                "killed while the manager thinks", "Prefect, workers" if self.killed else "nothing"
            ),
            Row("parts that run low, in each", str(self.parts_low)),
            Row("sources", str(self.sources)),
            Row("offers found", str(self.offers)),
            Row("a call of eBay takes", in_words(self.ebay_seconds_per_call)),
            Row("low -> mail with the proposal", in_words(self.proposal_seconds)),
            Row("the calls of eBay by plain httpx", in_words(self.plain_seconds)),
            Row("ratio", f"{ratio:.2f}"),
            Row("calls of eBay until ordered", str(self.ebay_calls)),
            Row("share of the day's calls", f"{share:.2%} of {self.ebay_calls_per_day}"),
            Row("approved -> all ordered", in_words(self.ordered_seconds)),
            Row("clicks until ordered", str(clicks), f"<= {_MOST_CLICKS}", clicks <= _MOST_CLICKS),
            Row("in eBay's window besides", str(self.clicks_at_ebay)),
        ]


class _Call(BaseModel):
    path: str
    query: str


_CALLS = TypeAdapter(list[_Call])


@dataclass(frozen=True)
class _Round:
    offers: int
    ebay_calls: int
    plain_seconds: float
    proposal_seconds: float
    ordered_seconds: float
    clicks: int
    clicks_at_ebay: int


def measure_sourcing(
    *,
    rounds: int = 3,
    ebay_seconds_per_call: float = 0.3,
    killed: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> SourcingResult:
    """Measure on a fresh stack.

    Args:
        rounds: how often all of it is done.
        ebay_seconds_per_call: how long eBay's stand-in takes to answer.
        killed: Prefect and the workers are killed while the manager thinks.
        tell: called with what is being done now.

    Raises:
        HotrodError: something came to no end.
        StackError: a part could not be started.
    """
    with TemporaryDirectory() as folder:
        company = Path(folder) / "company.toml"
        company.write_text(_company(SAMPLE.read_text(encoding="utf-8")), encoding="utf-8")
        tell("starting the stack")
        with bench_stack(sandbox__services="mail,claude,slack,ebay", company_file=company) as stack:
            _sell(stack.settings, ebay_seconds_per_call)
            done = []
            for number in range(1, rounds + 1):
                tell(f"round {number} of {rounds}")
                done.append(_round(stack, killed=killed))
            calls_per_day = stack.settings.ebay.calls_per_day
    return SourcingResult(
        rounds=rounds,
        killed=killed,
        parts_low=len(LISTED) + len(AT_EBAY),
        sources=4,
        offers=int(quantile([one.offers for one in done], 0.5)),
        ebay_seconds_per_call=ebay_seconds_per_call,
        ebay_calls=int(quantile([one.ebay_calls for one in done], 0.5)),
        ebay_calls_per_day=calls_per_day,
        plain_seconds=round(quantile([one.plain_seconds for one in done], 0.5), 3),
        proposal_seconds=round(quantile([one.proposal_seconds for one in done], 0.5), 3),
        ordered_seconds=round(quantile([one.ordered_seconds for one in done], 0.5), 3),
        clicks=max(one.clicks for one in done),
        clicks_at_ebay=max(one.clicks_at_ebay for one in done),
    )


def _company(sample: str) -> str:
    """Return the sample company, with suppliers that take orders by mail, and no time to gather."""
    by_mail = _BY_PAGE.sub(r'order_by = "mail"\norder_at = "orders@\1"', sample)
    return by_mail.replace("gather_minutes = 10", "gather_minutes = 0")


def _sell(settings: Settings, seconds: float) -> None:
    with httpx.Client(base_url=settings.sandbox_url, trust_env=False) as control:
        for title, price in AT_EBAY.values():
            listing = {"title": title, "price": str(price), "quantity": 40}
            control.post("/_control/ebay/listings", json=listing).raise_for_status()
        slow = {"service": "ebay", "kind": "slow", "probability": 1, "seconds": seconds}
        control.post("/_control/faults", json=slow).raise_for_status()


def _round(stack: BenchStack, *, killed: bool) -> _Round:
    """Let the parts run low, have them ordered, and receive them."""
    settings = stack.settings
    before = len(_ebay_calls(settings))
    with Person(settings) as manager:
        low_at = asyncio.run(_run_low(settings))
        mail = manager.wait_for("Approve", _WITHIN_SECONDS)
        calls = _ebay_calls(settings)[before:]
        if killed:
            asyncio.run(_kill(stack))
        manager.open(mail.link)
        manager.press(mail.link, {"choice": "approve"})
        approved_at = now()
        manager.pay(mail.link, _WITHIN_SECONDS)
        ordered_at = until(lambda: _ordered(settings), _WITHIN_SECONDS, "the last order")
    asyncio.run(_receive(settings, fetch(settings, _AWAITED)))
    (found,) = fetch(settings, _OFFERS)
    return _Round(
        offers=found["offers"],
        ebay_calls=len(_ebay_calls(settings)) - before,
        plain_seconds=asyncio.run(_again(settings, calls)),
        proposal_seconds=(mail.received_at - low_at).total_seconds(),
        ordered_seconds=(ordered_at - approved_at).total_seconds(),
        clicks=manager.clicks,
        clicks_at_ebay=manager.clicks_at_ebay,
    )


async def _kill(stack: BenchStack) -> None:
    """Kill Prefect's server and all workers; the supervisor starts them anew."""
    watch = StackWatch(stack)
    for part in stack.pids():
        if part == "prefect" or part.startswith("worker-"):
            await watch.kill(part)


async def _run_low(settings: Settings) -> datetime:
    """Use as many pieces of each part on tickets as make it low, at once; return when."""
    database = Database.connect(settings)
    async with database.transaction() as session:
        skus = [*LISTED, *AT_EBAY]
        await lock_parts(session, skus)
        for sku in skus:
            part = await find_part(session, sku)
            pieces = await position(session, part.id) - part.reorder_point
            use = NewMovement(
                key=str(uuid4()),
                sku=sku,
                kind=MovementKind.USE,
                quantity=pieces,
                actor="bench",
                ticket="NL-1",
            )
            await post(session, use)
    low_at = now()
    await database.close()
    return low_at


def _ordered(settings: Settings) -> datetime | None:
    """Return when the last purchase of the round was ordered; None: not all are."""
    rows = fetch(settings, _PURCHASES)
    if any(row["state"] != PurchaseState.ORDERED for row in rows):
        return None
    return max((row["ordered_at"] for row in rows), default=None)


async def _receive(settings: Settings, awaited: Sequence[Mapping[str, Any]]) -> None:
    """Take in what was ordered."""
    database = Database.connect(settings)
    async with database.transaction() as session:
        await lock_parts(session, [row["sku"] for row in awaited])
        for row in awaited:
            arrival = NewMovement(key=str(uuid4()), kind=MovementKind.RECEIVE, actor="bench", **row)
            await post(session, arrival)
    await database.close()


def _ebay_calls(settings: Settings) -> list[_Call]:
    """Return the calls of eBay's Browse API that the stand-in has answered."""
    with httpx.Client(base_url=settings.sandbox_url, trust_env=False, timeout=30) as control:
        answer = control.get("/_control/calls", params={"service": "ebay"}).raise_for_status()
    return [call for call in _CALLS.validate_json(answer.content) if _BROWSE in call.path]


async def _again(settings: Settings, calls: Sequence[_Call]) -> float:
    """Make the same calls by plain httpx, one after another; return the seconds that it took."""
    ebay = settings.ebay
    async with httpx.AsyncClient(base_url=ebay.base_url, trust_env=False, timeout=30) as client:
        token = await client.post(
            TOKEN_PATH,
            auth=(ebay.client_id, ebay.client_secret.get_secret_value()),
            data={"grant_type": "client_credentials", "scope": PUBLIC},
        )
        client.headers["Authorization"] = (
            f"Bearer {token.raise_for_status().json()['access_token']}"
        )
        client.headers.update(headers_of(ebay.marketplace, Buyer()))
        begin = time.perf_counter()
        for call in calls:
            (await client.get(f"{settings.sandbox_url}{call.path}?{call.query}")).raise_for_status()
        return time.perf_counter() - begin
