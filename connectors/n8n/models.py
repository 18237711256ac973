"""What n8n's public API shows: only the fields that are used."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Fields(BaseModel):
    """Some fields of n8n; its versions write some ids as numbers, others as text."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, coerce_numbers_to_str=True
    )


Item = TypeVar("Item", bound=Fields)


class Listed(Fields, Generic[Item]):
    """A page of a list, and the cursor of the next one."""

    data: list[Item]
    next_cursor: str | None = None


class Tag(Fields):
    """A word by which workflows are sorted."""

    name: str


class Workflow(Fields):
    """A workflow; only an active one is started by its webhook or clock."""

    id: str
    name: str
    active: bool = False
    tags: list[Tag] = []
    updated_at: datetime | None = None


class Execution(Fields):
    """One time that a workflow ran.

    Args:
        status: ``success``, ``error``, ``running``, ``waiting``, ``canceled``, or ``crashed``.
        mode: what started it, e.g. ``webhook``.
        retry_of: id of the execution that it repeats.
        retry_success_id: id of the execution that repeated it, and succeeded.
        data: what went through it, as n8n keeps it; None: it wasn't asked for.
    """

    id: str
    workflow_id: str | None = None
    status: str | None = None
    mode: str | None = None
    finished: bool = False
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    retry_of: str | None = None
    retry_success_id: str | None = None
    data: dict[str, Any] | None = None
