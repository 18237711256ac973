from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from connectors._http.retry import RetryPolicy
from connectors.stripe.client import StripeClient
from sandbox.stripe.store import Payments
from tests.contract.cases import Case


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> StripeClient:
    return StripeClient(
        base_url=f"{stand_ins.url}/stripe",
        api_key=SecretStr("sk_test_sandbox"),
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


async def written(stand_ins: Any) -> int:
    return len(stand_ins.sandbox.state.store(Payments).all("payment_intent"))


CASES = {
    "stripe": Case(
        service="stripe",
        make=make,
        read=lambda stripe: stripe.ping(),
        read_path="/balance",
        write=lambda stripe: stripe.create_payment_intent(99, "cad", idempotency_key="one"),
        write_path="/payment_intents",
        written=written,
    )
}
