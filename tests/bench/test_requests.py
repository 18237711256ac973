from __future__ import annotations

import pytest

from bench.requests import repair_request
from hotrod.repairs.facts import DeviceFacts
from hotrod.repairs.intake import RepairRequest
from hotrod.repairs.models import Route
from hotrod.repairs.triage import triage

NUMBERS = range(60)


def test_the_same_number_and_seed_give_the_same_words() -> None:
    assert repair_request(7, seed=3) == repair_request(7, seed=3)
    assert any(repair_request(n, seed=3) != repair_request(n, seed=4) for n in NUMBERS)


def test_customers_and_devices_vary() -> None:
    requests = [repair_request(number) for number in NUMBERS]
    assert len({one["customer_email"] for one in requests}) == len(NUMBERS)
    assert len({one["model"] for one in requests}) > 5


@pytest.mark.parametrize("number", NUMBERS)
def test_each_is_a_repair_that_the_gateway_takes(number: int) -> None:
    request = RepairRequest.model_validate(repair_request(number))
    verdict = triage(
        request.problem, DeviceFacts(request.device_type, request.brand or "", request.model or "")
    )
    assert verdict.route is Route.REPAIR
    assert not verdict.dangers, "it would pass the others, and isn't meant to"


def test_only_an_urgent_one_is_in_a_rush() -> None:
    assert repair_request(1)["urgency"] == "normal"
    assert repair_request(1, urgent=True)["urgency"] == "rush"
