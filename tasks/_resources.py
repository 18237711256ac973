"""What the tasks work with: database, connectors, signer; put together here and only here."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.claude.client import ClaudeClient
from connectors.ebay.bids import EbayBids
from connectors.ebay.client import EbayClient
from connectors.ebay.orders import EbayOrders
from connectors.mail.client import MailTransport
from connectors.objects.client import ObjectsClient
from connectors.slack.client import SlackClient
from hotrod.ai.budget import SharedBudget
from hotrod.company.load import get_company
from hotrod.company.models import Company
from hotrod.db.engine import Database
from hotrod.links import CustomerLinks, LinkSigner
from hotrod.services.seals import Seal
from hotrod.settings import Settings, get_settings
from hotrod.stack.secrets import load_secrets
from tasks._accounts import Accounts
from tasks._connections import (
    claude_client,
    ebay_bids,
    ebay_client,
    ebay_orders,
    mail_transport,
    objects_client,
    slack_client,
)


@dataclass
class Resources:
    """Everything a task may reach for; None: there are no credentials."""

    settings: Settings
    company: Company
    database: Database
    objects: ObjectsClient
    links: CustomerLinks
    seal: Seal
    accounts: Accounts
    mail: MailTransport
    claude: ClaudeClient | None
    slack: SlackClient | None
    ebay: EbayClient | None
    bids: EbayBids | None
    ebay_orders: EbayOrders | None

    async def close(self) -> None:
        """Close all connections."""
        await self.mail.aclose()
        await self.objects.aclose()
        for client in (self.claude, self.slack, self.ebay, self.bids, self.ebay_orders):
            if client is not None:
                await client.aclose()
        await self.accounts.aclose()
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


def build(settings: Settings, company: Company, database: Database | None = None) -> Resources:
    """Put resources together; connections are opened when first needed.

    Args:
        settings: where everything is.
        company: whose businesses they serve.
        database: ours; None: by the settings.
    """
    secrets = load_secrets(settings)
    database = database or Database.connect(settings)
    accounts = Accounts(database, secrets.secret_key)
    return Resources(
        settings=settings,
        company=company,
        database=database,
        objects=objects_client(settings, accounts),
        links=CustomerLinks(LinkSigner(secrets.secret_key), settings.public_url),
        seal=Seal(secrets.secret_key),
        accounts=accounts,
        mail=mail_transport(settings, accounts),
        claude=claude_client(settings, accounts, SharedBudget(database, settings.claude)),
        slack=slack_client(settings, accounts),
        ebay=ebay_client(settings, accounts),
        bids=ebay_bids(settings, accounts),
        ebay_orders=ebay_orders(settings, accounts),
    )
