"""The arguments that say which deliveries a command is about."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Signature, signature
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from hotrod.durable.models import DeliveryState, Lane
from hotrod.durable.search import DeliveryFilter
from hotrod.errors import InvalidInputError

_AGE = "E.g. 90s, 15m, 2h or 3d."


def filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the arguments of a filter; it is called with the filter that they make.

    Args:
        command: takes the filter first, then options of its own by keyword.
    """
    options = signature(delivery_filter, eval_str=True).parameters
    _, *own = signature(command, eval_str=True).parameters.values()

    @wraps(command)
    def with_filter(**values: Any) -> None:  # noqa: ANN401 - of the command's options
        given = delivery_filter(**{name: values.pop(name) for name in options})
        command(given, **values)

    parameters = [*options.values(), *own]
    with_filter.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    with_filter.__annotations__ = {each.name: each.annotation for each in parameters}
    return with_filter


def delivery_filter(
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="ID", help="Deliveries, by id.")
    ] = None,
    *,
    state: Annotated[
        list[DeliveryState] | None, typer.Option(help="In this state; may be given again.")
    ] = None,
    event: Annotated[str | None, typer.Option(help="Of this event: repair.requested.")] = None,
    business: Annotated[str | None, typer.Option(help="Of this business.")] = None,
    lane: Annotated[Lane | None, typer.Option(help="In this lane.")] = None,
    ticket: Annotated[str | None, typer.Option(help="Of this ticket or ordering key.")] = None,
    older_than: Annotated[str | None, typer.Option(metavar="AGE", help=_AGE)] = None,
    newer_than: Annotated[str | None, typer.Option(metavar="AGE", help=_AGE)] = None,
    error: Annotated[
        str | None, typer.Option(metavar="TEXT", help="With this in its last error.")
    ] = None,
) -> DeliveryFilter:
    """Return the filter that these arguments make.

    Raises:
        InvalidInputError: one of them can't be used.
    """
    try:
        return DeliveryFilter.model_validate(
            {
                "ids": ids or (),
                "states": state or (),
                "event": event,
                "business": business,
                "lane": lane,
                "ticket": ticket,
                "older_than": older_than,
                "newer_than": newer_than,
                "error": error,
            }
        )
    except ValidationError as invalid:
        row = invalid.errors()[0]
        field = str(row["loc"][0]) if row["loc"] else "filter"
        reason = row["msg"].removeprefix("Value error, ")
        raise InvalidInputError(field, f"{reason}.", "See --help.") from None
