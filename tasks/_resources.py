"""What the tasks work with: database, connectors, signer; put together here and only here."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from connectors.claude.client import ClaudeClient
from connectors.mail.client import MailTransport
from connectors.mail.graph import GraphMail
from connectors.mail.smtp import SmtpMail
from connectors.slack.client import SlackClient
from hotrod.company.load import get_company
from hotrod.company.models import Company
from hotrod.db.engine import Database
from hotrod.links import CustomerLinks, LinkSigner
from hotrod.objects import ObjectStore, ObstoreObjects
from hotrod.settings import Settings, get_settings
from hotrod.stack.secrets import load_secrets


@dataclass
class Resources:
    """Everything a task may reach for. ``claude`` and ``slack`` are None without credentials."""

    settings: Settings
    company: Company
    database: Database
    objects: ObjectStore
    links: CustomerLinks
    mail: MailTransport
    claude: ClaudeClient | None
    slack: SlackClient | None

    async def close(self) -> None:
        """Close all connections."""
        await self.mail.aclose()
        for client in (self.claude, self.slack):
            if client is not None:
                await client.aclose()
        await self.database.close()


_current: Resources | None = None


def resources() -> Resources:
    """Return the resources of this process, put together by the settings when first asked."""
    global _current  # noqa: PLW0603 - one set of connections per process
    if _current is None:
        _current = build(get_settings(), get_company())
    return _current


def use(given: Resources | None) -> None:
    """Let the tasks of this process work with these resources; None: by the settings again."""
    global _current  # noqa: PLW0603 - one set of connections per process
    _current = given


def build(settings: Settings, company: Company) -> Resources:
    """Put resources together; connections are opened when first needed."""
    secrets = load_secrets(settings)
    return Resources(
        settings=settings,
        company=company,
        database=Database.connect(settings),
        objects=ObstoreObjects.connect(settings),
        links=CustomerLinks(LinkSigner(secrets.secret_key), settings.public_url),
        mail=mail_transport(settings),
        claude=claude_client(settings),
        slack=slack_client(settings),
    )


def mail_transport(settings: Settings) -> MailTransport:
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


def claude_client(settings: Settings) -> ClaudeClient | None:
    claude = settings.claude
    if not _given(claude.api_key):
        return None
    return ClaudeClient(
        base_url=claude.base_url,
        api_key=claude.api_key,
        model=claude.model,
        timeout_seconds=claude.timeout_seconds,
    )


def slack_client(settings: Settings) -> SlackClient | None:
    slack = settings.slack
    if not _given(slack.bot_token):
        return None
    return SlackClient(
        base_url=slack.base_url,
        bot_token=slack.bot_token,
        timeout_seconds=slack.timeout_seconds,
    )


def _given(secret: SecretStr) -> bool:
    return bool(secret.get_secret_value())
