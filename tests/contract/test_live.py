"""Connectors against the live services that the environment names: reading only, never in CI.

``hotrod connectors test NAME --live`` runs them.
"""

from __future__ import annotations

import pytest

from connectors._http.calls import MemoryRecorder, Shared
from connectors._http.errors import NeedsReauthError
from connectors.registry import CONNECTORS, Connector
from hotrod.errors import SettingsError
from hotrod.services.settings import PLAYED
from hotrod.settings import load_settings
from tasks._connections import CONNECTIONS
from tests.conftest import GIVEN_ENVIRONMENT

pytestmark = pytest.mark.live


@pytest.mark.enable_socket
@pytest.mark.parametrize("connector", CONNECTORS, ids=lambda one: one.name)
async def test_the_live_service_answers_and_the_call_is_recorded(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [name for name in PLAYED if name != connector.played_by]
    monkeypatch.setenv("HOTROD_SANDBOX__SERVICES", ",".join(others))
    for variable, value in GIVEN_ENVIRONMENT.items():
        monkeypatch.setenv(variable, value)
    try:
        settings = load_settings()
    except SettingsError as error:
        pytest.skip(str(error))
    recorder = MemoryRecorder()
    client = CONNECTIONS[connector.name](
        settings, lambda _account, _rate: Shared(recorder=recorder)
    )
    if client is None:
        pytest.skip(f"no credentials for {connector.name} are set")

    try:
        await client.ping()
    except NeedsReauthError as error:
        pytest.fail(f"{error.message}. {error.cure}")
    finally:
        await client.aclose()

    assert {call.outcome for call in recorder.calls} <= {"ok"}
