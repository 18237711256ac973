from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from connectors._http.retry import RetryPolicy
from connectors.twilio.client import TwilioClient
from sandbox.twilio.store import Texts
from tests.contract.cases import Case

ANN = "+16135550123"


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> TwilioClient:
    return TwilioClient(
        base_url=f"{stand_ins.url}/twilio",
        account_sid="AC" + "0" * 32,
        auth_token=SecretStr("sandbox-secret"),
        sender="+16135550100",
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


async def written(stand_ins: Any) -> int:
    return len(stand_ins.sandbox.state.store(Texts).all())


CASES = {
    "twilio": Case(
        service="twilio",
        make=make,
        read=lambda twilio: anext(twilio.list_messages()),
        read_path="/Messages.json",
        write=lambda twilio: twilio.send_message(ANN, "Hello"),
        write_path="/Messages.json",
        written=written,
    )
}
