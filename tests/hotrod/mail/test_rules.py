from __future__ import annotations

import pytest

from hotrod.company.models import Company
from hotrod.mail.rules import Address, sender_for


@pytest.mark.parametrize(
    ("alias", "answers_from"),
    [
        ("help@noizylab.example.com", "help@noizylab.example.com"),
        (" Help@NOIZYLAB.example.com ", "help@noizylab.example.com"),
        ("sales@hingecraft.example.com", "repairs@noizylab.example.com"),
        ("", "repairs@noizylab.example.com"),
    ],
)
def test_customers_are_answered_from_the_alias_they_wrote_to(
    company: Company, alias: str, answers_from: str
) -> None:
    business = company.business("noizylab")
    assert business is not None
    assert sender_for(business, alias) == Address("NOIZYLAB Repairs", answers_from)


def test_the_domain_of_an_address_is_what_follows_the_at_sign() -> None:
    assert Address("", "repairs@noizylab.example.com").domain == "noizylab.example.com"
