"""What can be told of an order that somebody placed, and what can't be meant."""

from __future__ import annotations

from datetime import date, timedelta

from hotrod.errors import InvalidInputError

_LONGEST_NUMBER = 80
_LONGEST_DELIVERY = timedelta(days=366)


def check_order_number(number: str) -> None:
    """See that a text can be a seller's number of an order; an empty one says that none is told.

    Raises:
        InvalidInputError: it is too long, or has angle brackets or characters nobody can see.
    """
    if len(number) > _LONGEST_NUMBER:
        raise InvalidInputError(
            "order_number", f"it has over {_LONGEST_NUMBER} characters.", "Give the number only."
        )
    if not number.isprintable() or set("<>") & set(number):
        raise InvalidInputError(
            "order_number", f"{number!r} is no number of an order.", "Copy it as the seller shows."
        )


def check_delivery_day(day: date, today: date) -> None:
    """See that a delivery can be expected on a day.

    Args:
        day: on which it should come.
        today: at the company.

    Raises:
        InvalidInputError: it is past, or over a year away.
    """
    if today <= day <= today + _LONGEST_DELIVERY:
        return
    raise InvalidInputError(
        "expected_on",
        f"{day} is past." if day < today else f"{day} is over a year away.",
        "Give a day that is to come within a year, or leave it out.",
    )
