from __future__ import annotations

import uuid
from typing import Any

from pydantic import SecretStr

from connectors._http.retry import RetryPolicy
from connectors.supabase.client import SupabaseClient
from connectors.supabase.management import SupabaseManagement
from sandbox.supabase.tables import Tables
from tests.contract.cases import Case


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> SupabaseClient:
    return SupabaseClient(
        base_url=f"{stand_ins.url}/supabase",
        api_key=SecretStr("sandbox-key"),
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


def make_management(
    stand_ins: Any, retry: RetryPolicy, timeout_seconds: float
) -> SupabaseManagement:
    return SupabaseManagement(
        management_url=f"{stand_ins.url}/supabase/management",
        management_token=SecretStr("sandbox-token"),
        project="sandboxsandboxsandbo",
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


async def insert(supabase: SupabaseClient) -> object:
    return await supabase.insert_rows("products", [{"sku": str(uuid.uuid4()), "name": "Fan"}])


async def written(stand_ins: Any) -> int:
    return len(stand_ins.sandbox.state.store(Tables).table("products").rows)


CASES = {
    "supabase": Case(
        service="supabase",
        make=make,
        read=lambda supabase: supabase.select_rows("products"),
        read_path="/products",
        write=insert,
        write_path="/products",
        written=written,
    ),
    "supabase auth": Case(
        service="supabase_auth",
        make=make,
        read=lambda supabase: supabase.auth_settings(),
        read_path="/settings",
    ),
    "supabase management": Case(
        service="supabase_management",
        make=make_management,
        read=lambda management: management.services_health(),
        read_path="/health",
    ),
}
