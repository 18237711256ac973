"""Several clients of one service answer as one."""

from __future__ import annotations

import json
import subprocess
import sys

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


UNUSED = """
import json, sys
from hotrod.settings import Settings
from tasks._connections import CONNECTIONS, alone, is_used

settings = Settings(_env_file=None, sandbox={"services": ("mail",)})
unused = [name for name in CONNECTIONS if not is_used(name, settings)]
assert all(CONNECTIONS[name](settings, alone) is None for name in unused)
print(json.dumps({"unused": unused, "imported": list(sys.modules)}))
"""


def test_what_is_not_used_is_not_imported() -> None:
    told = subprocess.run([sys.executable, "-c", UNUSED], check=True, capture_output=True)

    found = json.loads(told.stdout)
    parts = [name.split(".") for name in found["imported"]]
    assert {"claude", "channels", "hubspot", "slack", "stripe"} <= set(found["unused"])
    assert {part[0] for part in parts} & {"anthropic", "apprise", "hubspot", "stripe"} == set()
    connectors = {part[1] for part in parts if part[0] == "connectors" and len(part) > 1}
    assert connectors & set(found["unused"]) == set()
