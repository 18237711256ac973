"""Supabase, played."""

from __future__ import annotations

from sandbox.stand_in import Api, StandIn
from sandbox.state import SandboxState
from sandbox.story import Story
from sandbox.supabase import api, auth, management, pages, schema
from sandbox.supabase.project import Project, seed_users
from sandbox.supabase.refusals import (
    Refusal,
    auth_fault,
    error_answer,
    management_fault,
    rest_fault,
)
from sandbox.supabase.tables import Tables


def _seed(state: SandboxState, story: Story) -> None:
    schema.seed(state, story)
    seed_users(state, story)


def _summary(state: SandboxState) -> str:
    tables = state.store(Tables).all()
    return f"{sum(len(table.rows) for table in tables)} rows in {len(tables)} tables"


SUPABASE = StandIn(
    name="supabase",
    title="Supabase",
    apis=(
        Api(
            service="supabase",
            prefix="/supabase/rest/v1",
            routers=(("", api.router),),
            error=Refusal,
            error_answer=error_answer,
            fault_answer=rest_fault,
            id_header="sb-request-id",
        ),
        Api(
            service="supabase_auth",
            prefix="/supabase/auth/v1",
            routers=(("", auth.router),),
            error=Refusal,
            error_answer=error_answer,
            fault_answer=auth_fault,
            id_header="sb-request-id",
        ),
        Api(
            service="supabase_management",
            prefix="/supabase/management",
            routers=(("", management.router),),
            error=Refusal,
            error_answer=error_answer,
            fault_answer=management_fault,
        ),
    ),
    stores=lambda: (Tables(schema.make_tables), Project()),
    pages=pages.router,
    summary=_summary,
    seed=_seed,
)
