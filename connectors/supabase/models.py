"""What is asked of Supabase, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

from pydantic import BaseModel, Field, RootModel

Row = dict[str, Any]
"""From the names of columns to their values, as JSON holds them."""

Operator = Literal["eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "in", "is"]


class Filter(NamedTuple):
    """A condition on rows, e.g. ``Filter("stock", "lte", 3)``.

    ``in`` takes a list of values; ``is`` takes None, True or False. Values are quoted, so that
    commas and parentheses in them mean nothing.

    Source: https://docs.postgrest.org/en/v14/references/api/tables_views.html#operators
    """

    column: str
    operator: Operator
    value: object

    def __str__(self) -> str:
        """Return it as a part of ``and=(...)``."""
        return f"{_quoted(self.column)}.{self.operator}.{self._written()}"

    def _written(self) -> str:
        if self.operator == "is":
            return _plain(self.value)
        if self.operator == "in" and isinstance(self.value, Sequence):
            return f"({','.join(_quoted(one) for one in self.value)})"
        return _quoted(self.value)


def _quoted(value: object) -> str:
    text = _plain(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _plain(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case datetime():
            return value.isoformat()
        case _:
            return str(value)


class Rows(RootModel[list[Row]]):
    """Rows of a table."""


class Result(RootModel[Any]):
    """What a function returns."""


class AuthHealth(BaseModel):
    """The Auth server that answers."""

    name: str
    version: str


class AuthSettings(BaseModel):
    """How people sign up; ``external`` tells which providers are on."""

    external: dict[str, bool] = Field(default_factory=dict)
    disable_signup: bool = False
    mailer_autoconfirm: bool = False
    phone_autoconfirm: bool = False


class User(BaseModel):
    """Somebody who signed up; without an address when by telephone, and the other way round."""

    id: str
    email: str = ""
    phone: str = ""
    created_at: datetime
    last_sign_in_at: datetime | None = None


class Users(BaseModel):
    """A page of the list of users."""

    users: list[User]


class Project(BaseModel):
    """The project as its owner sees it; ``status`` is ``ACTIVE_HEALTHY`` when all is well."""

    ref: str
    name: str
    region: str
    status: str


Server = Literal[
    "auth", "db", "db_postgres_user", "pooler", "realtime", "rest", "storage", "pg_bouncer"
]
SERVERS: tuple[Server, ...] = get_args(Server)


class ServerHealth(BaseModel):
    """How one of the project's servers is."""

    name: str
    status: Literal["COMING_UP", "ACTIVE_HEALTHY", "UNHEALTHY"]
    error: str = ""

    @property
    def is_healthy(self) -> bool:
        """Whether it answers."""
        return self.status == "ACTIVE_HEALTHY"


class Health(RootModel[list[ServerHealth]]):
    """How the servers are that were asked for."""
