"""Object storage, played."""

from __future__ import annotations

import secrets

from sandbox.objects import api, pages
from sandbox.objects.errors import S3Error, error_answer, fault_answer
from sandbox.objects.store import FIRST_BUCKET, Buckets
from sandbox.stand_in import Api, StandIn
from sandbox.state import SandboxState
from sandbox.story import Story


def _seed(state: SandboxState, story: Story) -> None:
    """Put the story's files of leads into the first bucket."""
    bucket = state.store(Buckets).get(FIRST_BUCKET)
    if bucket is not None:
        for file in story.lead_files:
            bucket.put(f"leads/{file.name}", file.content, {"content-type": "text/csv"})


def _new_id() -> str:
    return secrets.token_hex(8).upper()


def _summary(state: SandboxState) -> str:
    buckets = state.store(Buckets).all()
    return f"{sum(len(one.objects) for one in buckets)} files in {len(buckets)} buckets"


OBJECTS = StandIn(
    name="objects",
    title="Objects",
    apis=(
        Api(
            service="s3",
            prefix="/s3",
            routers=(("", api.router),),
            error=S3Error,
            error_answer=error_answer,
            fault_answer=fault_answer,
            id_header="x-amz-request-id",
            new_id=_new_id,
        ),
    ),
    stores=lambda: (Buckets(),),
    pages=pages.router,
    summary=_summary,
    seed=_seed,
)
