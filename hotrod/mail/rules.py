"""Who our mail comes from."""

from __future__ import annotations

from dataclasses import dataclass

from hotrod.company.models import Business


@dataclass(frozen=True)
class Address:
    """Someone who writes or is written to: the name that people see, and the mailbox."""

    name: str
    email: str

    @property
    def domain(self) -> str:
        """What stands behind the @; Message-IDs end in it."""
        return self.email.rpartition("@")[2]


def sender_for(business: Business, alias: str) -> Address:
    """Return the From line for a customer who wrote to ``alias``.

    Customers are answered from the address that they wrote to; when it isn't one of the
    business's, from its first alias.
    """
    own = (known for known in business.aliases if known.lower() == alias.strip().lower())
    return Address(business.brand.display_name, next(own, business.aliases[0]))
