"""``python -m bench.paced``: one of several processes that call a service as often as they may."""

from __future__ import annotations

import asyncio
import sys
import time

from pydantic import BaseModel, SecretStr

from connectors._http.auth import BearerAuth
from connectors._http.client import ServiceClient
from connectors._http.limits import Rate
from hotrod.db.engine import Database
from hotrod.settings import Settings, load_settings
from hotrod.stack.secrets import load_secrets
from tasks._accounts import Accounts

SERVICE = "paced"
PATH = "/auth.test"


class Pace(BaseModel):
    """What a process is to do.

    Args:
        calls: of the account's limit.
        seconds: of its window.
        begin: when to begin, in seconds since the epoch.
        end: when to stop.
        at_a_time: calls beside each other.
    """

    calls: int
    seconds: float
    begin: float
    end: float
    at_a_time: int = 4


def paced_client(settings: Settings, accounts: Accounts, rate: Rate | None) -> ServiceClient:
    """Return a client of Slack's stand-in with all that connectors share."""
    return ServiceClient(
        SERVICE,
        settings.slack.base_url,
        timeout_seconds=10.0,
        auth=BearerAuth(SecretStr(settings.slack.bot_token.get_secret_value())),
        shared=accounts(SERVICE, rate),
    )


async def call_on(pace: Pace) -> int:
    """Call until the end; return how often."""
    settings = load_settings()
    database = Database.connect(settings)
    accounts = Accounts(database, load_secrets(settings).secret_key)
    client = paced_client(settings, accounts, Rate(pace.calls, pace.seconds))
    await asyncio.sleep(max(pace.begin - time.time(), 0))
    made = 0

    async def loop() -> None:
        nonlocal made
        while time.time() < pace.end:
            await client.send("auth_test", "POST", PATH, safe=True)
            made += 1

    await asyncio.gather(*(loop() for _ in range(pace.at_a_time)))
    await client.aclose()
    await accounts.aclose()
    await database.close()
    return made


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(call_on(Pace.model_validate_json(sys.argv[1])))}\n")
