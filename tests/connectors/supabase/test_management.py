from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from connectors._http.errors import NeedsReauthError, ServiceNotFoundError
from connectors._http.limits import Rate
from connectors._http.retry import RetryPolicy
from connectors.supabase.management import SupabaseManagement, read_limit
from connectors.supabase.models import SERVERS

REF = "abcdefghijklmnopqrst"


@pytest.fixture
async def management(server: Any, retry: RetryPolicy) -> AsyncIterator[SupabaseManagement]:
    management = SupabaseManagement(
        management_url=server.url,
        management_token=SecretStr("sbp-hunter2"),
        project=REF,
        timeout_seconds=5.0,
        retry=retry,
    )
    yield management
    await management.aclose()


async def test_health_is_asked_of_each_server_by_name(
    server: Any, management: SupabaseManagement
) -> None:
    server.answer(200, [{"name": "db", "healthy": False, "status": "UNHEALTHY", "error": "full"}])
    server.answer(200, [])

    (database,) = await management.services_health(["db", "rest"])
    await management.services_health()

    assert (database.name, database.is_healthy, database.error) == ("db", False, "full")
    assert server.seen[0].target == f"/v1/projects/{REF}/health?services=db&services=rest"
    assert server.seen[0].headers["authorization"] == "Bearer sbp-hunter2"
    assert server.seen[1].target.count("services=") == len(SERVERS)


async def test_ping_asks_for_the_project(server: Any, management: SupabaseManagement) -> None:
    server.answer(200, {"ref": REF, "name": "M", "region": "r", "status": "ACTIVE_HEALTHY"})

    await management.ping()

    assert server.seen[0].target == f"/v1/projects/{REF}"


@pytest.mark.parametrize(
    ("status", "kind", "setting"),
    [
        (401, NeedsReauthError, "HOTROD_SUPABASE__MANAGEMENT_TOKEN"),
        (403, NeedsReauthError, "HOTROD_SUPABASE__MANAGEMENT_TOKEN"),
        (404, ServiceNotFoundError, "HOTROD_SUPABASE__PROJECT"),
    ],
)
async def test_what_is_wrong_is_told_with_the_setting(
    server: Any, management: SupabaseManagement, status: int, kind: type, setting: str
) -> None:
    server.answer(status, {"message": "no sbp-hunter2"})

    with pytest.raises(kind, match=setting) as caught:
        await management.get_project()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("told", "rate"), [("60", Rate(60, 60.0)), ("", None), ("0", None), ("many", None)]
)
def test_the_limit_is_read_from_the_headers(told: str, rate: Rate | None) -> None:
    assert read_limit(httpx.Headers({"x-ratelimit-limit": told})) == rate
