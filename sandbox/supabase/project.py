"""The project itself: how its servers are, who its users are, how often it may be asked."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sandbox.state import SandboxState
from sandbox.story import FIRST_DAY, Story
from sandbox.windows import RateLimit

REF = "sandboxsandboxsandbo"
CALLS_A_MINUTE = 120

Server = Literal[
    "auth", "db", "db_postgres_user", "pooler", "realtime", "rest", "storage", "pg_bouncer"
]
Health = Literal["ACTIVE_HEALTHY", "COMING_UP", "UNHEALTHY"]
SERVERS: tuple[Server, ...] = get_args(Server)
HEALTHS: tuple[Health, ...] = get_args(Health)


@dataclass(frozen=True)
class User:
    """Somebody who signed up."""

    id: str
    email: str
    phone: str
    name: str
    created_at: datetime


class Project:
    """The project's state, which its page changes."""

    def __init__(self) -> None:
        self.limit = RateLimit(CALLS_A_MINUTE, 60)
        self.clear()

    def clear(self) -> None:
        """Make all servers healthy, and forget the users and calls."""
        self.health: dict[Server, Health] = dict.fromkeys(SERVERS, "ACTIVE_HEALTHY")
        self.users: list[User] = []
        self.limit.clear()

    def is_up(self, *servers: Server) -> bool:
        """Tell whether servers answer."""
        return all(self.health[server] == "ACTIVE_HEALTHY" for server in servers)


def seed_users(state: SandboxState, story: Story) -> None:
    """Sign the people of the story up, in place of who is there."""
    state.store(Project).users = [
        User(
            id=str(uuid.uuid5(uuid.NAMESPACE_URL, person.email)),
            email=person.email,
            phone=person.phone.removeprefix("+"),
            name=person.name,
            created_at=FIRST_DAY,
        )
        for person in story.people
    ]
