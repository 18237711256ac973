"""What the endpoints work with; put together once per process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from hotrod.company.models import Company
from hotrod.db.engine import Database
from hotrod.links import CustomerLinks, LinkSigner
from hotrod.objects import ObjectStore
from hotrod.settings import Settings


@dataclass(frozen=True)
class Context:
    """Settings, company, and the ways to database, photos and links."""

    settings: Settings
    company: Company
    database: Database
    objects: ObjectStore
    signer: LinkSigner

    @property
    def links(self) -> CustomerLinks:
        """The links that customers get."""
        return CustomerLinks(self.signer, self.settings.public_url)


async def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


InContext = Annotated[Context, Depends(_context)]
