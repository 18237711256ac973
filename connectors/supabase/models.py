"""What is asked of Supabase, and what it answers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple, get_args
from uuid import UUID

from pydantic import BaseModel, Field, RootModel

Row = dict[str, Any]
"""From the names of columns to their values, as JSON holds them."""

Operator = Literal["eq", "neq", "gt", "gte", "lt", "lte", "like", "ilike", "in", "is"]


class Filter(NamedTuple):
    """A condition on rows, e.g. ``Filter("stock", "lte", 3)``.

    ``in`` takes a list or tuple of values; ``is`` alone takes None, and True, False or a word of
    PostgREST's. Values are quoted, so that commas and parentheses in them mean nothing. One that
    has no text of its own is a ValueError when the filter is written.

    Source: https://docs.postgrest.org/en/v14/references/api/tables_views.html#operators
    """

    column: str
    operator: Operator
    value: object

    def __str__(self) -> str:
        """Return it as a part of ``and=(...)``."""
        return f"{_quoted(self.column)}.{self.operator}.{self._written()}"

    def _written(self) -> str:
        match self.operator, self.value:
            case "is", None:
                return "null"
            case "is", value:
                return self._plain(value)
            case "in", list() | tuple() as values:
                return f"({','.join(map(self._quoted, values))})"
            case _, value:
                return self._quoted(value)

    def _quoted(self, value: object) -> str:
        return _quoted(self._plain(value))

    def _plain(self, value: object) -> str:
        match value:
            case bool():
                return str(value).lower()
            case date():
                return value.isoformat()
            case str() | int() | float() | Decimal() | UUID():
                return str(value)
            case _:
                kind = type(value).__name__
                reason = f"{self.operator} of {self.column} takes no {kind}"
                raise ValueError(reason)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


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
