"""The businesses of the story, as Anymail Finder knows them."""

from __future__ import annotations

import hashlib

from sandbox.anymailfinder.store import Finder, Mailbox, Status
from sandbox.state import SandboxState
from sandbox.story import Story

_LOTS: tuple[Status | None, ...] = (*("valid",) * 7, "risky", "blacklisted", None)
"""Of ten people seven are found for sure, and one is not found at all."""


def seed(state: SandboxState, story: Story) -> None:
    """Let the contacts of businesses be found, most of them, and each one's front desk."""
    finder = state.store(Finder)
    for business in story.businesses:
        contact = business.contact
        if (status := status_of(contact.email)) is not None:
            finder.add(Mailbox(contact.email, contact.name, business.name, status))
        finder.add(Mailbox(f"info@{business.domain}", "", business.name, "valid"))


def status_of(email: str) -> Status | None:
    """Return what becomes of an address, always the same; None: it isn't found."""
    return _LOTS[hashlib.sha256(email.encode()).digest()[0] % len(_LOTS)]
