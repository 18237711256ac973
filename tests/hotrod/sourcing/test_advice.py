"""The model is shown all that it is asked to judge."""

from __future__ import annotations

from decimal import Decimal

from hotrod.sourcing.advice import advice_prompt
from tests.hotrod.purchasing.kit import order_for, proposal_for
from tests.hotrod.sourcing.kit import offer, scored


def test_price_at_the_door_and_delivery_of_every_offer_are_shown() -> None:
    order = order_for("FAN-X").model_copy(
        update={"shipping": Decimal(4), "total": Decimal(40)},
    )
    other = scored(offer("12.00", reference="v1|2|0"), sku="FAN-X")
    unsaid = scored(offer("12.00", reference="v1|3|0", delivery=None), sku="FAN-X")
    proposal = proposal_for("FAN-X").model_copy(
        update={"orders": (order,), "alternatives": (other, unsaid)}
    )
    _, question = advice_prompt(proposal)
    chosen, second, third = (line for line in question.splitlines() if line.startswith("["))
    assert "4 pieces at 10.00 CAD each at the door, arrives 2026-11-20 to 2026-11-26" in chosen
    assert "12.00 CAD each at the door, arrives 2026-11-20 to 2026-11-26" in second
    assert "12.00 CAD each at the door, delivery unknown" in third
