"""SMTP submission (RFC 6409) over the same mailboxes: STARTTLS, then AUTH, then mail."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.calls import Call
from sandbox.connection import close, close_smtp
from sandbox.credentials import CREDENTIALS, same
from sandbox.faults import BEFORE_THE_ACT, Fault, FaultKind
from sandbox.mail.message import MalformedMailError, is_address
from sandbox.mail.store import MailStore
from sandbox.state import SandboxState

MAX_MESSAGE_BYTES = 25_000_000

_AFTER_DATA: frozenset[FaultKind] = frozenset({"drop_after_accept"})

_LOGGED_IN = AuthResult(success=True)
_LOGIN_REFUSED = AuthResult(
    success=False, handled=False, message="535 5.7.8 Username and password not accepted"
)


@asynccontextmanager
async def serving_smtp(listener: socket.socket, state: SandboxState) -> AsyncIterator[None]:
    """Take mail at a listening socket while the context lasts; then cut what is connected."""
    context = make_tls_context()
    submission = _Submission(state)
    sessions: WeakSet[SMTP] = WeakSet()

    def connect() -> SMTP:
        session = SMTP(
            submission,
            data_size_limit=MAX_MESSAGE_BYTES,
            enable_SMTPUTF8=True,
            hostname="sandbox.example.com",
            ident="ESMTP",
            tls_context=context,
            auth_required=True,
            auth_require_tls=True,
            authenticator=_authenticate,
            loop=asyncio.get_running_loop(),
        )
        sessions.add(session)
        return session

    # aiosmtpd warns about its own use of what it deprecates at every login.
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    server = await asyncio.get_running_loop().create_server(connect, sock=listener)
    try:
        yield
    finally:
        server.close()
        for session in list(sessions):
            if session.transport is not None:
                close(session.transport)


def make_tls_context() -> ssl.SSLContext:
    """Return a server context with a certificate of its own making, good for 30 days."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "certificate.pem")
        path.write_bytes(pem)
        context.load_cert_chain(path)
    return context


def _authenticate(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, shown: LoginPassword
) -> AuthResult:
    right = same(shown.login, CREDENTIALS.smtp_username)
    right &= same(shown.password, CREDENTIALS.smtp_password)
    return _LOGGED_IN if right else _LOGIN_REFUSED


class _Submission:
    """Hooks of aiosmtpd; faults strike at MAIL, or when the mail has been taken."""

    def __init__(self, state: SandboxState) -> None:
        self._mail = state.store(MailStore)
        self._calls = state.calls
        self._faults = state.faults

    async def handle_MAIL(  # noqa: N802 - aiosmtpd names its hooks so
        self,
        server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        mail_options: list[str],
    ) -> str:
        fault = self._faults.take("smtp", "MAIL", BEFORE_THE_ACT)
        if fault:
            answer = await self._struck(server, fault, address)
            if answer:
                return answer
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _rcpt_options: list[str],
    ) -> str:
        if not is_address(address):
            return "553 5.1.3 The recipient address is not valid"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        sender = envelope.mail_from or ""
        content = envelope.original_content or b""
        try:
            self._mail.submit(content, sender=sender, via="smtp", recipients=envelope.rcpt_tos)
        except MalformedMailError as error:
            self._record("DATA", sender, 550, len(content))
            return f"550 5.6.0 Not accepted: {error}"
        fault = self._faults.take("smtp", "DATA", _AFTER_DATA)
        self._record("DATA", sender, 250, len(content), fault)
        if fault:
            await close_smtp(server.transport)
        return "250 2.0.0 OK, delivered"

    async def _struck(self, server: SMTP, fault: Fault, sender: str) -> str | None:
        """Let a fault happen; None: go on as if nothing was."""
        match fault.kind:
            case "slow":
                await asyncio.sleep(fault.delay)
            case "error":
                status = fault.status or 451
                self._record("MAIL", sender, status, 0, fault)
                return f"{status} {status // 100}.3.0 A fault was ordered"
            case "rate_limit":
                self._record("MAIL", sender, 450, 0, fault)
                return "450 4.7.1 Too many messages, try again later"
            case "timeout":
                self._record("MAIL", sender, None, 0, fault)
                await asyncio.sleep(fault.delay)
                await close_smtp(server.transport)
            case "reset":
                self._record("MAIL", sender, None, 0, fault)
                await close_smtp(server.transport, with_reset=True)
        return None

    def _record(
        self, verb: str, sender: str, status: int | None, size: int, fault: Fault | None = None
    ) -> None:
        kind = fault.kind if fault else None
        body = {"from": sender, "bytes": size}
        call = Call(service="smtp", method=verb, path="/", status=status, fault=kind, body=body)
        self._calls.add(call)
