"""``hotrod purchases``: what is bought of whom, and what a person says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from getpass import getuser
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.table import Table
from rich.text import Text

from cli.console import out, print_json
from cli.database import run, transaction
from cli.exchange_rates import rate, rates
from cli.tables import Column, table_of
from hotrod.db.columns import now
from hotrod.errors import InvalidInputError
from hotrod.money import money, unit_price

if TYPE_CHECKING:
    from hotrod.purchasing.models import AuctionBid, Purchase, SourcingRound
    from hotrod.purchasing.rests import Rest
    from hotrod.purchasing.store import ItemizedPurchase

app = typer.Typer(help="What is bought for the shelf, and of whom.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Number = Annotated[str, typer.Argument(help="As `hotrod purchases list` shows it, e.g. PO-1001.")]


@app.command("list")
def list_purchases(
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the purchases that are planned, to be bought, or on their way."""
    rows = run(_list(every=every))
    if as_json:
        print_json({"purchases": [_as_json(row) for row in rows]})
        return
    out.print(_table(rows) if rows else "Nothing is being bought.")


@app.command()
def show(number: Number, *, as_json: AsJson = False) -> None:
    """Show a purchase with its lines, and the pages on which it is bought or paid."""
    found, bid = run(_show(number))
    page = _page_to_pay(found.purchase)
    if as_json:
        told = {"bid": bid.model_dump(mode="json", exclude={"purchase_id"})} if bid else {}
        print_json(_as_json(found.purchase) | {"lines": _lines(found), "pay_at": page} | told)
        return
    out.print(_table([found.purchase]))
    if bid is not None:
        out.print(Text(_bid_words(bid)), soft_wrap=True)
    for row, line in zip(found.lines, _lines(found), strict=True):
        each = unit_price(row.per_piece, found.purchase.currency)
        words = f"{row.quantity} x {line['sku']} at {each}: {row.title}"
        out.print(Text(words), Text(line["url"], style="blue"), soft_wrap=True)
    if page:
        out.print("Paid in eBay's checkout:", Text(page, style="blue"), soft_wrap=True)


@app.command()
def bought(
    number: Number,
    *,
    order_number: Annotated[str, typer.Option(help="The seller's number of the order.")],
    expected: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day on which it should come.")
    ] = None,
    by_link: Annotated[
        bool,
        typer.Option(
            "--by-link", help="Bought on the seller's page; eBay's checkout of it is given up."
        ),
    ] = False,
    correct: Annotated[
        bool, typer.Option("--correct", help="Put right what was told wrongly before.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say that you have bought it on the seller's page: its pieces are on order from now on.

    Of what is paid in eBay's checkout, tell eBay's number: it is on order once eBay confirms it.
    """
    if not order_number.strip():
        raise InvalidInputError("--order-number", "it is empty.", "Copy it from the seller's page.")
    day = expected.date() if expected else None
    told = order_number.strip()
    row, is_asked = run(_bought(number, told, day, by_link=by_link, correct=correct))
    if as_json:
        print_json(_as_json(row))
    elif is_asked:
        words = f"eBay is asked whether its order {told} has paid the checkout of {row.number}."
        out.print(Text(f"{words} What the checkout holds is on order once eBay says so."))
    else:
        out.print(Text(f"{row.number} is on order as {row.order_number}."))


@app.command()
def cancel(
    number: Number,
    *,
    reason: Annotated[str, typer.Option(help="Why it won't come; needed of what is ordered.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say that it isn't bought, or won't come; its parts may be looked for again.

    What is ordered, cancel at the seller first.
    """
    row = run(_cancel(number, reason))
    if as_json:
        print_json(_as_json(row))
        return
    out.print(Text(f"{row.number} is cancelled."))


@app.command()
def rounds(
    *,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, max=1000, help="Most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the rounds of sourcing, the newest first, and until when declined parts rest."""
    rows, resting = run(_rounds(limit))
    bodies = [_round_json(row, resting) for row in rows]
    if as_json:
        print_json({"rounds": bodies})
        return
    out.print(_rounds_table(bodies) if rows else "Nothing was ever low.")


@app.command()
def ask(
    skus: Annotated[list[str], typer.Argument(metavar="SKU...", help="Low parts.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Ask managers about parts now, even if they said no lately; what else is low comes with it."""
    run(_ask(skus))
    if as_json:
        print_json({"asked": skus})
        return
    out.print(Text(f"Offers for {', '.join(skus)} are looked for now; then managers are asked."))


@app.command()
def drop(
    sourcing_round: Annotated[UUID, typer.Argument(help="As `hotrod purchases rounds` shows it.")],
    *,
    as_json: AsJson = False,
) -> None:
    """End a round that goes nowhere, e.g. one whose run was given up; its parts are free again.

    Managers are asked no more, and what isn't ordered yet is cancelled.
    """
    row = run(_drop(sourcing_round))
    if as_json:
        print_json(_round_json(row, {}))
        return
    out.print("The round is over; see what is left of it with `hotrod purchases list`.")


app.command()(rate)
app.command()(rates)


async def _list(*, every: bool) -> list[Purchase]:
    from hotrod.purchasing.models import PurchaseState
    from hotrod.purchasing.store import purchases

    over = {PurchaseState.RECEIVED, PurchaseState.CANCELLED, PurchaseState.LOST}
    states = [state for state in PurchaseState if every or state not in over]
    async with transaction() as session:
        return await purchases(session, states=states)


async def _show(number: str) -> tuple[ItemizedPurchase, AuctionBid | None]:
    from hotrod.purchasing.bids import find_bid
    from hotrod.purchasing.store import find_purchase

    async with transaction() as session:
        found = await find_purchase(session, number)
        return found, await find_bid(session, found.purchase.id)


async def _bought(
    number: str, order_number: str, day: date | None, *, by_link: bool, correct: bool
) -> tuple[Purchase, bool]:
    """Note what was bought; return it, and whether eBay is asked first."""
    from hotrod.purchasing.buying import correct_order, note_ordered
    from hotrod.purchasing.checkouts import is_said_to_be_paid, tell_paid
    from hotrod.purchasing.store import find_purchase

    tell = correct_order if correct else note_ordered
    async with transaction() as session:
        purchase = (await find_purchase(session, number)).purchase
        is_at_ebay = purchase.is_to_be_paid or await is_said_to_be_paid(session, purchase)
        if is_at_ebay and not (by_link or correct):
            if day is not None:
                raise InvalidInputError(
                    "--expected",
                    "eBay hasn't confirmed yet that it is paid.",
                    "Leave it out, and tell it with --correct once it is on order.",
                )
            await tell_paid(session, purchase.round_id, order_number)
            return purchase, True
        row = await tell(
            session, purchase.id, by=getuser(), order_number=order_number, expected_on=day
        )
        return row, False


def _page_to_pay(purchase: Purchase) -> str:
    """Return the link of our page on which a purchase is paid; empty: it isn't to be paid there."""
    from hotrod.links import CustomerLinks, LinkSigner
    from hotrod.settings import load_settings
    from hotrod.stack.secrets import load_secrets

    if not purchase.is_to_be_paid:
        return ""
    settings = load_settings()
    signer = LinkSigner(load_secrets(settings).secret_key)
    return CustomerLinks(signer, settings.public_url).purchase_url(purchase.id)


async def _cancel(number: str, reason: str) -> Purchase:
    from hotrod.purchasing.buying import cancel as cancel_purchase
    from hotrod.purchasing.store import find_purchase

    async with transaction() as session:
        found = await find_purchase(session, number)
        return await cancel_purchase(session, found.purchase.id, by=getuser(), reason=reason)


async def _rounds(limit: int) -> tuple[Sequence[SourcingRound], dict[str, Rest]]:
    from hotrod.company.load import get_company
    from hotrod.purchasing.rests import rests
    from hotrod.purchasing.store import rounds as read_rounds

    async with transaction() as session:
        found = await read_rounds(session, limit=limit)
        return found, await rests(session, get_company(), now())


async def _ask(skus: list[str]) -> None:
    from hotrod.company.load import get_company
    from hotrod.purchasing.rests import ask_at_once

    async with transaction() as session:
        await ask_at_once(session, get_company(), skus, getuser())


async def _drop(sourcing_round: UUID) -> SourcingRound:
    from hotrod.purchasing.abandoned import end_round
    from hotrod.purchasing.store import read_round

    async with transaction() as session:
        found = await read_round(session, sourcing_round, lock=True)
        await end_round(session, found, "ops ended it; nothing is bought", now(), by=getuser())
        return found


def _table(rows: list[Purchase]) -> Table:
    return table_of(
        rows,
        Column("number", lambda row: row.number),
        Column("state", lambda row: row.state.replace("_", " "), wraps=True),
        Column("seller", lambda row: row.seller, wraps=True),
        Column("total", lambda row: money(row.total, row.currency), "right"),
        Column("order", lambda row: row.order_number, wraps=True),
        Column("expected", lambda row: f"{row.expected_on or ''}"),
        Column("placed by", lambda row: row.method),
    )


def _rounds_table(bodies: list[dict[str, Any]]) -> Table:
    return table_of(
        bodies,
        Column(
            "opened (UTC)", lambda body: f"{datetime.fromisoformat(body['opened_at']):%F %H:%M}"
        ),
        Column("state", lambda body: body["state"]),
        Column("total", lambda body: body["total"], "right"),
        Column("round, and its parts", _round_words),
    )


def _round_words(body: dict[str, Any]) -> str:
    resting = [f"{sku} rests until {until[:10]}" for sku, until in body["resting"].items()]
    return "\n".join([body["id"], *body["parts"], *resting])


def _bid_words(bid: AuctionBid) -> str:
    most = money(bid.most, bid.currency)
    words = f"Bid up to {most} in an auction that ends {bid.ends_at:%F %H:%M} UTC"
    if bid.why_lost:
        return f"{words}; lost: {bid.why_lost}."
    if bid.price is not None:
        return f"{words}; won for {money(bid.price, bid.currency)}."
    if bid.placed_at is not None:
        return f"{words}; it was placed at {bid.placed_at:%F %H:%M:%S} UTC."
    return f"{words}; it will be placed at {bid.place_at:%F %H:%M:%S} UTC."


def _as_json(row: Purchase) -> dict[str, Any]:
    return {"number": row.number} | row.model_dump(
        mode="json", exclude={"serial", "round_id", "late_told_at"}
    )


def _lines(found: ItemizedPurchase) -> list[dict[str, Any]]:
    return [
        {
            "sku": found.skus[line.part_id],
            "quantity": line.quantity,
            "per_piece": f"{line.per_piece.normalize():f} {found.purchase.currency}",
            "title": line.title,
            "reference": line.reference,
            "url": "" if found.purchase.is_to_be_paid else line.url,
        }
        for line in found.lines
    ]


def _round_json(row: SourcingRound, resting: Mapping[str, Rest]) -> dict[str, Any]:
    proposal = row.proposal
    return {
        "id": str(row.id),
        "state": row.state,
        "opened_at": row.opened_at.isoformat(),
        "parts": [need["wanted"]["sku"] for need in row.needs],
        "total": f"{Decimal(proposal['total']):.2f} {proposal['currency']}" if proposal else "",
        "resting": {
            sku: rest.until.isoformat() for sku, rest in resting.items() if rest.round_id == row.id
        },
    }
