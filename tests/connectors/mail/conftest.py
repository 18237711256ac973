"""A mail server that answers, refuses or vanishes at a chosen command."""

# ruff: noqa: N802 - how aiosmtpd calls its hooks

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HANG_UP = "hang up"
GARBLED = "what?"


@dataclass
class Post:
    """An aiosmtpd handler; ``replies`` holds the next replies by command, taken once each."""

    port: int = 0
    connections: int = 0
    taken: list[Envelope] = field(default_factory=list)
    over_tls: list[bool] = field(default_factory=list)
    replies: dict[str, list[str]] = field(default_factory=dict)

    def reply(self, server: SMTP, command: str, usual: str) -> str:
        planned = self.replies.get(command)
        reply = planned.pop(0) if planned else usual
        if reply == HANG_UP:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return reply

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self.reply(server, "MAIL", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.reply(server, "RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        reply = self.reply(server, "DATA", "250 OK")
        if reply.startswith("250") or reply in (HANG_UP, GARBLED):
            self.taken.append(envelope)
            self.over_tls.append(session.ssl is not None)
        return reply

    async def handle_NOOP(
        self, server: SMTP, session: Session, envelope: Envelope, arg: str
    ) -> str:
        return self.reply(server, "NOOP", "250 OK")

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, how: str, given: LoginPassword
    ) -> AuthResult:
        if self.replies.get("AUTH"):
            return AuthResult(success=False, handled=False, message=self.replies["AUTH"].pop())
        return AuthResult(success=given == LoginPassword(b"us", b"hunter2"), handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's TLS, with a certificate that nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = Path(tmp_path_factory.mktemp("tls"), "server.pem")
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


Open = Callable[..., Awaitable[Post]]


@pytest.fixture
async def open_post() -> AsyncIterator[Open]:
    """Starts a server; ``tls`` offers STARTTLS, and logins only after it."""
    listeners: list[asyncio.Server] = []
    servers: list[SMTP] = []

    async def open_post(tls: ssl.SSLContext | None = None, *, utf8: bool = True) -> Post:
        post = Post()

        def accept() -> SMTP:
            post.connections += 1
            server = SMTP(
                post,
                hostname="post.example.com",
                loop=asyncio.get_running_loop(),
                enable_SMTPUTF8=utf8,
                tls_context=tls,
                require_starttls=tls is not None,
                authenticator=post.authenticate,
                auth_require_tls=True,
            )
            servers.append(server)
            return server

        listener = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
        listeners.append(listener)
        post.port = listener.sockets[0].getsockname()[1]
        return post

    yield open_post
    for listener in listeners:
        listener.close()
    for server in servers:
        if server.transport is not None:
            server.transport.close()


@pytest.fixture
async def post(open_post: Open) -> Post:
    return await open_post()
