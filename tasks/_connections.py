"""The connectors by the settings, put together here and only here."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pydantic import BaseModel, SecretStr

from connectors._http.calls import Shared
from connectors._http.errors import ConnectorError
from connectors._http.limits import Limiter, Rate
from connectors.mail.client import MailTransport
from connectors.objects.client import ObjectsClient
from hotrod.settings import Settings

if TYPE_CHECKING:
    from connectors.claude.budget import Budget
    from connectors.claude.client import ClaudeClient
    from connectors.ebay.bids import EbayBids
    from connectors.ebay.client import EbayClient
    from connectors.ebay.orders import EbayOrders
    from connectors.hubspot.client import HubSpotClient
    from connectors.slack.client import SlackClient

Account = Callable[[str, Rate | None], Shared]
"""From an account and its usual rate to what its users share."""


class Client(Protocol):
    """What every connector's client can do."""

    async def ping(self) -> None:
        """Check that the service is reached and takes our credentials."""

    async def aclose(self) -> None:
        """Close all connections."""


Made = TypeVar("Made")

_LONGEST_NAME = 80
"""Of an account; a channel of Slack's may have a name as long."""

_NEEDED = {
    "gdrive": "google.refresh_token",
    "gsheets": "google.refresh_token",
    "hubspot": "hubspot.access_token",
    "claude": "claude.api_key",
    "ebay": "ebay.client_secret",
    "unleashed": "unleashed.api_key",
    "anymailfinder": "anymailfinder.api_key",
    "n8n": "n8n.api_key",
    "supabase": "supabase.api_key",
    "postgres": "postgres.url",
    "slack": "slack.bot_token",
    "channels": "channels.urls",
    "twilio": "twilio.auth_token",
    "stripe": "stripe.api_key",
}
"""The setting without which a connector isn't used; mail and the object store always are."""


def is_used(name: str, settings: Settings) -> bool:
    """Tell whether a connector has the credentials that it can't do without."""
    return name not in _NEEDED or _given(attrgetter(_NEEDED[name])(settings))


def alone(_account: str, _rate: Rate | None) -> Shared:
    """Share nothing: for a command that makes one call."""
    return Shared()


def mail_transport(settings: Settings, account: Account = alone) -> MailTransport:
    """Return the transport that ``mail.transport`` names."""
    timeout = {"timeout_seconds": settings.mail.timeout_seconds}
    match settings.mail.transport:
        case "graph":
            from connectors.mail.graph import RATE, GraphMail

            return _made(GraphMail, settings.graph, shared=account("mail", RATE), **timeout)
        case "ews":
            from connectors.mail.ews import EwsMail

            return _made(EwsMail, settings.ews, shared=account("mail", None), **timeout)
        case "gmail":
            from connectors.mail.gmail import RATE as GMAIL_RATE
            from connectors.mail.gmail import GmailMail

            shared = account("mail", GMAIL_RATE)
            return _made(GmailMail, settings.google, shared=shared, **timeout)
        case "smtp":
            from connectors.mail.imap import ImapMail
            from connectors.mail.smtp import SmtpMail

            imap = None
            if settings.imap.host:
                reading = account("mail.imap", None)
                imap = _made(ImapMail, settings.imap, shared=reading, **timeout)
            sending = account("mail.smtp", None)
            return _made(SmtpMail, settings.smtp, imap=imap, shared=sending, **timeout)


def claude_client(
    settings: Settings, account: Account = alone, budget: Budget | None = None
) -> ClaudeClient | None:
    """Return the client of Claude; None: there is no key. Without a budget, costs aren't kept."""
    if not is_used("claude", settings):
        return None
    from connectors.claude.client import RATE, ClaudeClient

    shared = account("claude", RATE)
    return _made(ClaudeClient, settings.claude, shared=shared, budget=budget)


def slack_client(settings: Settings, account: Account = alone) -> SlackClient | None:
    """Return the client of Slack; None: there is no token."""

    def limits(limited: str, rate: Rate) -> Limiter | None:
        return account(f"slack.{limited}"[:_LONGEST_NAME], rate).limiter

    if not is_used("slack", settings):
        return None
    from connectors.slack.client import SlackClient

    return _made(SlackClient, settings.slack, limits=limits, shared=account("slack", None))


def _gdrive(settings: Settings, account: Account) -> Client | None:
    if not is_used("gdrive", settings):
        return None
    from connectors.gdrive.client import RATE, DriveClient

    return _made(DriveClient, settings.google, shared=account("gdrive", RATE))


def _gsheets(settings: Settings, account: Account) -> Client | None:
    if not is_used("gsheets", settings):
        return None
    from connectors.gsheets.client import RATE, SheetsClient

    return _made(SheetsClient, settings.google, shared=account("gsheets", RATE))


def hubspot_client(settings: Settings, account: Account = alone) -> HubSpotClient | None:
    """Return the client of HubSpot; None: there is no token."""
    if not is_used("hubspot", settings):
        return None
    from connectors.hubspot.client import SEARCH_RATE, HubSpotClient

    rate = Rate(settings.hubspot.calls_per_10_seconds, 10.0)
    return _made(
        HubSpotClient,
        settings.hubspot,
        rate=rate,
        shared=account("hubspot", rate),
        searches=account("hubspot.search", SEARCH_RATE),
    )


def ebay_bids(settings: Settings, account: Account = alone) -> EbayBids | None:
    """Return what bids at eBay; None: there is no keyset, or no user's grant."""
    if not (is_used("ebay", settings) and _given(settings.ebay.refresh_token)):
        return None
    from connectors.ebay.bids import ACCOUNT, EbayBids

    return _made(EbayBids, settings.ebay, shared=account(ACCOUNT, None))


def _ebay(settings: Settings, account: Account) -> Client | None:
    searches, bids = ebay_client(settings, account), ebay_bids(settings, account)
    return Together(searches, bids) if searches and bids else searches


def ebay_client(settings: Settings, account: Account = alone) -> EbayClient | None:
    """Return the client of eBay's searches; None: there is no keyset."""
    if not is_used("ebay", settings):
        return None
    from connectors.ebay.client import EbayClient, share_of

    shared = account("ebay", share_of(settings.ebay.calls_per_day))
    return _made(EbayClient, settings.ebay, shared=shared)


def ebay_orders(settings: Settings, account: Account = alone) -> EbayOrders | None:
    """Return the client of eBay's guest checkout; None: eBay hasn't approved us for it."""
    if not is_used("ebay", settings) or not settings.ebay.may_order:
        return None
    from connectors.ebay.orders import ACCOUNT, EbayOrders

    return _made(EbayOrders, settings.ebay, shared=account(ACCOUNT, None))


def _unleashed(settings: Settings, account: Account) -> Client | None:
    if not is_used("unleashed", settings):
        return None
    from connectors.unleashed.client import UnleashedClient

    return _made(UnleashedClient, settings.unleashed, shared=account("unleashed", None))


def _anymailfinder(settings: Settings, account: Account) -> Client | None:
    if not is_used("anymailfinder", settings):
        return None
    from connectors.anymailfinder.client import RATE, AnymailFinderClient

    shared = account("anymailfinder", RATE)
    return _made(AnymailFinderClient, settings.anymailfinder, shared=shared)


def _n8n(settings: Settings, account: Account) -> Client | None:
    if not is_used("n8n", settings):
        return None
    from connectors.n8n.client import N8nClient

    return _made(N8nClient, settings.n8n, shared=account("n8n", None))


class Together:
    """Several clients of one service, asked and closed as one."""

    def __init__(self, *clients: Client) -> None:
        self._clients = clients

    async def ping(self) -> None:
        """Ask each.

        Raises:
            ConnectorError: one fails; where several do, the first one's, and it tells of each.
        """
        asked = await asyncio.gather(*(_fault(client) for client in self._clients))
        failed = [error for error in asked if error is not None]
        if len(failed) == 1:
            raise failed[0]
        if failed:
            told = "; ".join(f"{error.service}: {error.message}" for error in failed)
            cures = " ".join(dict.fromkeys(error.cure for error in failed))
            raise type(failed[0])(failed[0].service, "ping", told, cures)

    async def aclose(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(client.aclose() for client in self._clients))


async def _fault(client: Client) -> ConnectorError | None:
    try:
        await client.ping()
    except ConnectorError as error:
        return error
    return None


def _supabase(settings: Settings, account: Account) -> Client | None:
    if not is_used("supabase", settings):
        return None
    from connectors.supabase.client import SupabaseClient
    from connectors.supabase.management import RATE, SupabaseManagement

    project = _made(SupabaseClient, settings.supabase, shared=account("supabase", None))
    if not _given(settings.supabase.management_token):
        return project
    shared = account("supabase.management", RATE)
    return Together(project, _made(SupabaseManagement, settings.supabase, shared=shared))


def _postgres(settings: Settings, account: Account) -> Client | None:
    if not is_used("postgres", settings):
        return None
    from connectors.postgres.client import PostgresClient

    return _made(PostgresClient, settings.postgres, shared=account("postgres", None))


def objects_client(settings: Settings, account: Account = alone) -> ObjectsClient:
    """Return the object store: where the settings say, or a folder of our own."""
    shared = account("objects", None)
    return _made(ObjectsClient, settings.objects, url=settings.objects_url, shared=shared)


def _channels(settings: Settings, account: Account) -> Client | None:
    if not is_used("channels", settings):
        return None
    from connectors.channels.client import ApprisePoster

    return _made(ApprisePoster, settings.channels, shared=account("channels", None))


def _twilio(settings: Settings, account: Account) -> Client | None:
    if not is_used("twilio", settings):
        return None
    from connectors.twilio.client import TwilioClient

    return _made(TwilioClient, settings.twilio, shared=account("twilio", None))


def _stripe(settings: Settings, account: Account) -> Client | None:
    if not is_used("stripe", settings):
        return None
    from connectors.stripe.client import RATE, StripeClient

    return _made(StripeClient, settings.stripe, shared=account("stripe", RATE))


CONNECTIONS: dict[str, Callable[[Settings, Account], Client | None]] = {
    "mail": mail_transport,
    "gdrive": _gdrive,
    "gsheets": _gsheets,
    "hubspot": hubspot_client,
    "claude": claude_client,
    "ebay": _ebay,
    "unleashed": _unleashed,
    "anymailfinder": _anymailfinder,
    "n8n": _n8n,
    "supabase": _supabase,
    "objects": objects_client,
    "postgres": _postgres,
    "slack": slack_client,
    "channels": _channels,
    "twilio": _twilio,
    "stripe": _stripe,
}
"""From a connector's name to what makes its client; None: it has no credentials.

Libraries of vendors are slow to import: each is imported when its connector is made,
and not at all where it has no credentials.
"""


def _made(kind: Callable[..., Made], section: BaseModel, **more: Any) -> Made:  # noqa: ANN401
    """Make a client of what a section holds under the names of the client's arguments."""
    names = inspect.signature(kind).parameters.keys() & type(section).model_fields.keys()
    return kind(**{name: getattr(section, name) for name in names} | more)


def _given(value: object) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)
