"""Calls of the management API: the project, and how its servers are."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode

import httpx
from pydantic import SecretStr

from connectors._http.auth import BearerAuth
from connectors._http.calls import Shared
from connectors._http.client import ServiceClient
from connectors._http.limits import MemoryLimiter, Rate
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors.supabase.errors import MANAGEMENT_CURES, read_problem
from connectors.supabase.models import SERVERS, Health, Project, Server, ServerHealth

SERVICE = "supabase.management"
RATE = Rate(120, 60.0)
"""Per token and project. Source: https://supabase.com/docs/reference/api/introduction"""


class SupabaseManagement:
    """One project, as its owner sees it; nothing is changed.

    Args:
        management_url: root of the API, without its version.
        management_token: personal access token.
        project: reference of the project, 20 letters.
        timeout_seconds: longest wait for an answer.
        shared: with the other processes that use the token; None: a pace of its own, see ``RATE``.
        retry: when calls are tried again.
    """

    def __init__(
        self,
        *,
        management_url: str,
        management_token: SecretStr,
        project: str,
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._path = f"/v1/projects/{quote(project, safe='')}"
        self._management = ServiceClient(
            SERVICE,
            management_url,
            timeout_seconds=timeout_seconds,
            auth=BearerAuth(management_token),
            cures=MANAGEMENT_CURES,
            read_problem=read_problem,
            redact=Redactor([management_token]),
            read_limit=read_limit,
            shared=shared or Shared(limiter=MemoryLimiter(RATE)),
            retry=retry,
        )

    async def get_project(self) -> Project:
        """Return the project.

        Raises:
            ConnectorError: as classified.
        """
        return await self._management.fetch(Project, "get_project", "GET", self._path)

    async def services_health(self, servers: Sequence[Server] = SERVERS) -> list[ServerHealth]:
        """Tell how servers of the project are; the API wants them named.

        Raises:
            ConnectorError: as classified.
        """
        query = urlencode({"services": list(servers)}, doseq=True)
        found = await self._management.fetch(
            Health, "services_health", "GET", f"{self._path}/health?{query}"
        )
        return found.root

    async def ping(self) -> None:
        """Ask for the project.

        Raises:
            ConnectorError: the API is not reached, or does not take the token.
        """
        await self.get_project()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._management.aclose()


def read_limit(headers: httpx.Headers) -> Rate | None:
    """Return the calls that are allowed in a minute; None: they aren't told."""
    calls = headers.get("x-ratelimit-limit", "")
    return Rate(int(calls), RATE.seconds) if calls.isdecimal() and int(calls) else None
