"""What all processes share that use the same accounts: pace, breakers, records and tokens."""

from __future__ import annotations

from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.limits import Rate
from hotrod.db.engine import Database
from hotrod.services.breakers import SharedBreakers
from hotrod.services.limiter import SharedLimiter
from hotrod.services.recorder import CallRecorder
from hotrod.services.tokens import SharedTokens

_UNLIMITED = Rate(2**31 - 1, 3600.0)


class Accounts:
    """What the users of each account share, by way of the database."""

    def __init__(self, database: Database, secret_key: SecretStr) -> None:
        self._database = database
        self._breakers = SharedBreakers(database)
        self._recorder = CallRecorder(database)
        self._tokens = SharedTokens(database, secret_key)

    def __call__(self, account: str, rate: Rate | None) -> Shared:
        """Return what the users of an account share; without a rate, the waits it tells."""
        return Shared(
            limiter=SharedLimiter(self._database, account, rate or _UNLIMITED),
            breakers=self._breakers,
            recorder=self._recorder,
            tokens=self._tokens,
        )

    async def aclose(self) -> None:
        """Write down what was called."""
        await self._recorder.aclose()
