"""The options that say which deliveries a command is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hotrod.durable.models import DeliveryState, Lane
from hotrod.errors import InvalidInputError

if TYPE_CHECKING:
    from hotrod.durable.search import DeliveryFilter

Ids = Annotated[list[int] | None, typer.Argument(metavar="[ID]...", help="Deliveries, by id.")]
States = Annotated[
    list[DeliveryState] | None, typer.Option("--state", help="In this state; may be given again.")
]
Event = Annotated[str | None, typer.Option(help="Of this event, e.g. repair.requested.")]
Business = Annotated[str | None, typer.Option(help="Of this business.")]
InLane = Annotated[Lane | None, typer.Option("--lane", help="In this lane.")]
Ticket = Annotated[str | None, typer.Option(help="Of this ticket, or another ordering key.")]
Older = Annotated[
    str | None, typer.Option("--older-than", metavar="AGE", help="E.g. 90s, 15m, 2h or 3d.")
]
Newer = Annotated[
    str | None, typer.Option("--newer-than", metavar="AGE", help="E.g. 90s, 15m, 2h or 3d.")
]
ErrorText = Annotated[
    str | None, typer.Option("--error", metavar="TEXT", help="With this in the last error.")
]


def delivery_filter(**given: object) -> DeliveryFilter:
    """Return the filter that options make; None stands for an option that wasn't given.

    Raises:
        InvalidInputError: an option can't be used.
    """
    from pydantic import ValidationError

    from hotrod.durable.search import DeliveryFilter

    try:
        return DeliveryFilter.model_validate(given)
    except ValidationError as error:
        row = error.errors()[0]
        field = ".".join(str(part) for part in row["loc"]) or "filter"
        reason = row["msg"].removeprefix("Value error, ")
        raise InvalidInputError(
            field, f"{reason[0].upper()}{reason[1:]}.", "See --help for the options."
        ) from None
