"""A mailbox at the IMAP stand-in, and a client that comes in by STARTTLS."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import TypeVar

from imapclient import IMAPClient

from sandbox.mail.store import MailStore, StoredMail

SHOP = "repairs@shop.example.com"
SECRET = "sandbox-secret"
Write = Callable[..., EmailMessage]
Result = TypeVar("Result")


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@contextmanager
def encrypted(port: int) -> Iterator[IMAPClient]:
    client = IMAPClient("127.0.0.1", port, ssl=False, timeout=5)
    try:
        client.starttls(unverified())
        yield client
    finally:
        client.shutdown()


Talk = Callable[[Callable[[IMAPClient], Result]], Awaitable[Result]]


def deliver(store: MailStore, mail: EmailMessage) -> StoredMail:
    return store.deliver(mail.as_bytes(), mailbox=SHOP)
