"""What Anymail Finder answers."""

from __future__ import annotations

from pydantic import BaseModel

VALID = "valid"
"""The status of an address that takes mail; all others are not to be written to."""


class PersonEmail(BaseModel):
    """What was found of a person.

    Args:
        email_status: ``valid``, ``risky``, ``blacklisted``, or ``not_found``.
        valid_email: the address, when it is valid.
        credits_charged: what it cost; a query that was paid costs nothing for a year.
    """

    email_status: str
    valid_email: str | None = None
    credits_charged: float = 0


class CompanyEmails(BaseModel):
    """What was found of a company.

    Args:
        email_status: ``valid`` if an address is, or as for a person.
        valid_emails: the addresses that are valid, 20 at most.
        credits_charged: what it cost.
    """

    email_status: str
    valid_emails: list[str] = []
    credits_charged: float = 0


class Verification(BaseModel):
    """Whether an address takes mail: ``valid``, ``risky``, or ``invalid``."""

    email_status: str
    credits_charged: float = 0

    @property
    def is_valid(self) -> bool:
        """Whether it may be written to."""
        return self.email_status == VALID


class Account(BaseModel):
    """The account; ``credits_left`` may be a fraction."""

    credits_left: float
