"""What the endpoints work with; put together once per process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from connectors.slack.client import SlackClient
from hotrod.company.models import Company
from hotrod.db.engine import Database
from hotrod.links import CustomerLinks, LinkSigner
from hotrod.objects import ObjectStore
from hotrod.services.seals import Seal
from hotrod.settings import Settings


@dataclass(frozen=True)
class Context:
    """Settings, company, and the ways to database, photos, links and Slack."""

    settings: Settings
    company: Company
    database: Database
    objects: ObjectStore
    signer: LinkSigner
    slack: SlackClient
    seal: Seal

    @property
    def links(self) -> CustomerLinks:
        """The links that customers get."""
        return CustomerLinks(self.signer, self.settings.public_url)


async def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


InContext = Annotated[Context, Depends(_context)]
