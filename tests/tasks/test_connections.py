"""Several clients of one service answer as one."""

from __future__ import annotations

import pytest

from connectors._http.errors import ConnectorError, NeedsReauthError, TransientError
from tasks._connections import Together

REFUSED = NeedsReauthError("s", "ping", "answered 401", "Renew it.")
AWAY = TransientError("s.two", "ping", "no answer", "Look there.")


class Client:
    """A client of which only the ping matters."""

    def __init__(self, error: ConnectorError | None = None) -> None:
        self.error = error
        self.is_asked = False

    async def ping(self) -> None:
        self.is_asked = True
        if self.error is not None:
            raise self.error

    async def aclose(self) -> None:
        pass


async def test_each_that_fails_is_told() -> None:
    clients = Client(REFUSED), Client(), Client(AWAY)

    with pytest.raises(NeedsReauthError) as caught:
        await Together(*clients).ping()

    assert all(client.is_asked for client in clients)
    assert caught.value.message == "s: answered 401; s.two: no answer"
    assert caught.value.cure == "Renew it. Look there."


@pytest.mark.parametrize("error", [REFUSED, AWAY])
async def test_one_that_fails_speaks_for_itself(error: ConnectorError) -> None:
    with pytest.raises(ConnectorError) as caught:
        await Together(Client(), Client(error)).ping()

    assert caught.value is error
