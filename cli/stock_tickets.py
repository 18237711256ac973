"""Commands for what a ticket takes of the shelf: pieces set aside for it, and its number."""

from __future__ import annotations

from getpass import getuser
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer
from rich.text import Text

from cli.console import out
from cli.database import run, transaction
from hotrod.errors import HotrodError
from hotrod.parts.models import BENCH
from hotrod.parts.movements import Override

if TYPE_CHECKING:
    from hotrod.parts.ledger import Reserved

Sku = Annotated[str, typer.Argument(help="As `hotrod stock levels` shows it.")]
Ticket = Annotated[str, typer.Option(help="Number of the ticket, e.g. NL-1042.")]
UnknownTicket = Annotated[
    str,
    typer.Option(
        "--unknown-ticket",
        metavar="WHY",
        help="Take a number that no ticket has, e.g. an old one; kept with the movement.",
    ),
]


def reserve(
    sku: Sku,
    quantity: Annotated[int, typer.Argument(min=1, help="How many pieces.")],
    *,
    ticket: Ticket,
    location: Annotated[str, typer.Option(help="Where they are.")] = BENCH,
    override: Annotated[
        str, typer.Option("--override", metavar="WHY", help="Promise what isn't free.")
    ] = "",
    key: Annotated[
        str | None, typer.Option(help="Of your own: with it, the same is set aside once.")
    ] = None,
) -> None:
    """Set pieces aside for a ticket: nobody else may take them."""
    reason = Override(f"cli:{getuser()}", override) if override else None
    held = run(_reserved(sku, quantity, ticket, location, key or f"cli:{uuid4()}", reason))
    if held.is_repeated:
        out.print(Text(f"{held.reservation.key} was set aside before; nothing was changed."))
        return
    out.print(Text(f"{quantity} of {sku} at {location} are set aside for {ticket}."))
    if held.became_low:
        out.print(Text(f"{sku} is low now.", style="yellow"))


def release(
    sku: Sku,
    quantity: Annotated[
        int | None, typer.Argument(min=1, help="How many pieces at most; else all.")
    ] = None,
    *,
    ticket: Annotated[str, typer.Option(help="For which they are set aside.")],
) -> None:
    """Let others take what is set aside for a ticket."""
    pieces = run(_released(sku, quantity, ticket))
    out.print(Text(f"{pieces} of {sku} are free again." if pieces else f"{ticket} holds no {sku}."))


def numbered(ticket: str, unknown: str, reason: str) -> tuple[str, str]:
    """Return the number of a ticket as we write it, and the reason that is kept.

    Args:
        ticket: as it was written.
        unknown: why a number that no ticket has is taken; empty: it isn't.
        reason: of the movement.

    Raises:
        HotrodError: there is no such ticket, and nothing says why it is taken.
    """
    from hotrod.repairs.errors import UnknownTicketError

    try:
        return run(_number(ticket)), reason
    except UnknownTicketError as error:
        if not unknown:
            cure = "an old number is taken with --unknown-ticket WHY"
            raise HotrodError(f"{error}; {cure}".replace("?;", "? Else")) from error
        return ticket, "; ".join(filter(None, (f"unknown ticket: {unknown}", reason)))


async def _number(ticket: str) -> str:
    from hotrod.repairs.store import known_number

    async with transaction() as session:
        return await known_number(session, ticket)


async def _reserved(
    sku: str, quantity: int, ticket: str, location: str, key: str, override: Override | None
) -> Reserved:
    from hotrod.parts import ledger
    from hotrod.repairs.store import known_number

    async with transaction() as session:
        return await ledger.reserve(
            session,
            sku,
            quantity,
            await known_number(session, ticket),
            key=key,
            actor=f"cli:{getuser()}",
            location=location,
            override=override,
        )


async def _released(sku: str, quantity: int | None, ticket: str) -> int:
    from hotrod.parts import ledger

    async with transaction() as session:
        return await ledger.release(session, ticket.strip().upper(), sku, quantity)
