"""Supabase's stand-in, driven from the contracts of Auth and of the management API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.server import Sandbox
from sandbox.supabase.project import REF, Project
from sandbox.windows import RateLimit
from tests.contract.contracts.openapi import OpenApiContract
from tests.contract.contracts.supabase import CONTRACTS
from tests.contract.driving import Known, drive, seeded_sandbox

pytestmark = pytest.mark.thorough

KEY = {"apikey": "sandbox-key", "Authorization": "Bearer sandbox-key"}
TOKEN = {"Authorization": "Bearer sandbox-token"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with seeded_sandbox() as running:
        running.state.store(Project).limit = RateLimit(1_000_000, 1.0)
        yield running


@pytest.mark.parametrize("operation", ["GET /health", "GET /settings", "GET /admin/users"])
def test_what_auth_allows_is_answered_by_its_contract(sandbox: Sandbox, operation: str) -> None:
    contract = CONTRACTS["supabase_auth"]
    assert isinstance(contract, OpenApiContract)
    drive(contract, operation, f"{sandbox.url}/supabase/auth/v1", headers=KEY)


@pytest.mark.parametrize(
    "operation", ["v1-list-all-projects", "v1-get-project", "v1-get-services-health"]
)
def test_what_management_allows_is_answered_by_its_contract(
    sandbox: Sandbox, operation: str
) -> None:
    contract = CONTRACTS["supabase_management"]
    assert isinstance(contract, OpenApiContract)
    url = f"{sandbox.url}/supabase/management"
    known = Known(path={"ref": [REF]}, query={"services": [["auth"], ["db", "rest"]]})
    drive(contract, operation, url, headers=TOKEN, known=known)
