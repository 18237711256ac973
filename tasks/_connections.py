"""The connectors by the settings, put together here and only here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from pydantic import SecretStr

from connectors._http.calls import Shared
from connectors._http.limits import Rate
from connectors.claude.client import ClaudeClient
from connectors.mail.client import MailTransport
from connectors.mail.graph import GraphMail
from connectors.mail.smtp import SmtpMail
from connectors.postgres.client import PostgresClient
from connectors.slack.client import SlackClient
from hotrod.db.engine import Database
from hotrod.services.breakers import SharedBreakers
from hotrod.services.limiter import SharedLimiter
from hotrod.services.recorder import CallRecorder
from hotrod.services.tokens import SharedTokens
from hotrod.settings import Settings

Account = Callable[[str, Rate | None], Shared]
"""From an account and its usual rate to what its users share."""


class Client(Protocol):
    """What every connector's client can do."""

    async def ping(self) -> None:
        """Check that the service is reached and takes our credentials."""

    async def aclose(self) -> None:
        """Close all connections."""


class Accounts:
    """What all processes share that use the same accounts: by way of the database."""

    def __init__(self, database: Database, secret_key: SecretStr) -> None:
        self._database = database
        self._breakers = SharedBreakers(database)
        self._recorder = CallRecorder(database)
        self._tokens = SharedTokens(database, secret_key)

    def __call__(self, account: str, rate: Rate | None) -> Shared:
        """Return what the users of an account share."""
        return Shared(
            limiter=SharedLimiter(self._database, account, rate) if rate else None,
            breakers=self._breakers,
            recorder=self._recorder,
            tokens=self._tokens,
        )

    async def aclose(self) -> None:
        """Write down what was called."""
        await self._recorder.aclose()


def alone(_account: str, _rate: Rate | None) -> Shared:
    """Share nothing: for a command that makes one call."""
    return Shared()


def mail_transport(settings: Settings, account: Account = alone) -> MailTransport:
    """Return the transport that ``mail.transport`` names."""
    timeout = settings.mail.timeout_seconds
    if settings.mail.transport == "graph":
        graph = settings.graph
        return GraphMail(
            base_url=graph.base_url,
            login_url=graph.login_url,
            tenant=graph.tenant,
            client_id=graph.client_id,
            client_secret=graph.client_secret,
            timeout_seconds=timeout,
            shared=account("mail", None),
        )
    smtp = settings.smtp
    return SmtpMail(
        host=smtp.host,
        port=smtp.port,
        security=smtp.security,
        username=smtp.username,
        password=smtp.password,
        timeout_seconds=timeout,
    )


def claude_client(settings: Settings, _account: Account = alone) -> ClaudeClient | None:
    """Return the client of Claude; None: there is no key."""
    claude = settings.claude
    if not _given(claude.api_key):
        return None
    return ClaudeClient(
        base_url=claude.base_url,
        api_key=claude.api_key,
        model=claude.model,
        timeout_seconds=claude.timeout_seconds,
    )


def postgres_client(settings: Settings, account: Account = alone) -> PostgresClient | None:
    """Return the client of somebody else's PostgreSQL; None: there is none."""
    postgres = settings.postgres
    if not _given(postgres.url):
        return None
    return PostgresClient(
        url=postgres.url,
        timeout_seconds=postgres.timeout_seconds,
        shared=account("postgres", None),
    )


def slack_client(settings: Settings, _account: Account = alone) -> SlackClient | None:
    """Return the client of Slack; None: there is no token."""
    slack = settings.slack
    if not _given(slack.bot_token):
        return None
    return SlackClient(
        base_url=slack.base_url,
        bot_token=slack.bot_token,
        timeout_seconds=slack.timeout_seconds,
    )


CONNECTIONS: dict[str, Callable[[Settings, Account], Client | None]] = {
    "mail": mail_transport,
    "claude": claude_client,
    "postgres": postgres_client,
    "slack": slack_client,
}
"""From a connector's name to what makes its client; None: it has no credentials."""


def _given(secret: SecretStr) -> bool:
    return bool(secret.get_secret_value())
