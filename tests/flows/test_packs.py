"""What is sold in packs is approved in packs, and asked about again when the packs change."""

from __future__ import annotations

import pytest

from hotrod.purchasing.models import PurchaseState, RoundState
from sandbox.server import Sandbox
from tests.shelf_kit import Shelf, subjects

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("empty_inbox")]


@pytest.mark.thorough
@pytest.mark.usefixtures("worker")
async def test_a_yes_to_a_part_of_a_pack_does_not_count_and_other_packs_are_asked_about(
    shelf: Shelf, sandbox: Sandbox
) -> None:
    await shelf.offer("great_lakes", "8.50", pack_size=5)
    await shelf.use(8)
    question = await shelf.question()
    (line,) = question.items
    assert (line.pack_size, line.quantity % 5) == (5, 0)
    assert await shelf.answer(question, "sofia", quantities={"1": 3}) == "invalid"

    await shelf.offer("great_lakes", "8.50", pack_size=line.quantity + 1)
    assert await shelf.answer(question, "sofia") == "counted"
    again = await shelf.question(number=2)

    (other,) = again.items
    assert other.pack_size == other.quantity == line.quantity + 1
    assert f"{line.quantity} of {line.sku} can't be bought any more" in again.why_again
    assert await subjects(sandbox, "orders@greatlakes") == []
    assert await shelf.answer(again, "sofia") == "counted"
    await shelf.purchase(PurchaseState.ORDERED)
    await shelf.ends(RoundState.BOUGHT)
    assert await shelf.on_order() == other.quantity
