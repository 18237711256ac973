"""IMAP4rev1 (RFC 3501) over the same mailboxes: STARTTLS, then login, then a mailbox.

With it: LITERAL+ (7888), SASL-IR (4959), ID (2971), ENABLE (5161), NAMESPACE (2342), UIDPLUS
(4315), UNSELECT (3691), IDLE (2177), MOVE (6851), SPECIAL-USE (6154), CONDSTORE (7162).

An address logs in with the stand-in's password and opens its own mailbox. The login of the
settings opens everybody's, as a proxy does: it names the mailbox as the authorization identity
of AUTHENTICATE PLAIN (RFC 4616, 2). Without one it is in, but in no mailbox.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import socket
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from weakref import WeakSet

from sandbox.calls import Call
from sandbox.connection import close
from sandbox.credentials import CREDENTIALS, same
from sandbox.faults import BEFORE_THE_ACT, Fault, FaultKind
from sandbox.mail.imap_mailbox import ImapMailbox
from sandbox.mail.imap_wire import (
    MAX_LINE_BYTES,
    BadCommandError,
    Command,
    HungUpError,
    RefusedError,
    UnreadableError,
    read_command,
    read_line,
    text_of,
)
from sandbox.mail.message import is_address
from sandbox.mail.smtp import make_tls_context
from sandbox.mail.store import MailStore
from sandbox.state import SandboxState

_ALWAYS = "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE"
_LOGGED_IN = f"{_ALWAYS} NAMESPACE UIDPLUS UNSELECT IDLE MOVE SPECIAL-USE CONDSTORE"
_READS = frozenset({"SELECT", "EXAMINE", "LIST", "LSUB", "STATUS", "IDLE"})
_READ_KINDS: frozenset[FaultKind] = BEFORE_THE_ACT | {"truncate"}
_WRITE_KINDS: frozenset[FaultKind] = BEFORE_THE_ACT | {"truncate", "drop_after_accept"}
_STATUSES = {"OK": 200, "NO": 409, "BAD": 400}


@asynccontextmanager
async def serving_imap(listener: socket.socket, state: SandboxState) -> AsyncIterator[None]:
    """Show mailboxes at a listening socket while the context lasts; then cut what is connected."""
    context = make_tls_context()
    writers: WeakSet[StreamWriter] = WeakSet()

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        writers.add(writer)
        try:
            await _Session(reader, writer, state, context).talk()
        except (HungUpError, OSError):
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(connected, sock=listener, limit=MAX_LINE_BYTES)
    try:
        yield
    finally:
        server.close()
        for writer in list(writers):
            close(writer.transport)


class _Session:
    """One connection; faults strike at commands on folders and mails, unless they name another."""

    def __init__(
        self, reader: StreamReader, writer: StreamWriter, state: SandboxState, tls: ssl.SSLContext
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._state = state
        self._tls = tls
        self._is_encrypted = False
        self._is_logged_in = False
        self._mailbox: ImapMailbox | None = None
        self._commands = {
            "CAPABILITY": self._capability,
            "NOOP": self._nothing,
            "CHECK": self._nothing,
            "ID": self._id,
            "ENABLE": self._enable,
            "NAMESPACE": self._namespace,
            "STARTTLS": self._start_tls,
            "LOGIN": self._log_in,
            "AUTHENTICATE": self._authenticate,
            "IDLE": self._idle,
        }

    async def talk(self) -> None:
        """Answer commands until the client leaves."""
        self._send(f"* OK [CAPABILITY {self._capabilities}] Ready".encode())
        while True:
            try:
                command = await read_command(self._reader, self._writer)
            except UnreadableError as error:
                self._send(f"{error.tag} BAD That is no command".encode())
                continue
            if command.name == "LOGOUT":
                self._send(b"* BYE See you", f"{command.tag} OK Logged out".encode())
                await self._writer.drain()
                return
            await self._answer(command)
            await self._writer.drain()

    async def _answer(self, command: Command) -> None:
        fault = self._fault(command.name)
        if fault and fault.kind in BEFORE_THE_ACT:
            refusal = await self._struck(command, fault)
            if refusal:
                self._send(f"{command.tag} NO {refusal}".encode())
                return
        try:
            lines, text = await self._done(command)
            status = "OK"
        except RefusedError as error:
            lines, text, status = [], error.text, error.status
        self._record(command, _STATUSES[status], fault)
        answer = [*(b"* " + line for line in lines), f"{command.tag} {status} {text}".encode()]
        if fault and fault.kind == "truncate":
            whole = b"\r\n".join(answer)
            self._writer.write(whole[: len(whole) // 2])
            await self._writer.drain()
        if fault and fault.kind != "slow":
            raise HungUpError
        self._send(*answer)
        if command.name == "STARTTLS" and status == "OK":
            await self._writer.drain()
            await self._writer.start_tls(self._tls)
            self._is_encrypted = True

    async def _done(self, command: Command) -> tuple[list[bytes], str]:
        own = self._commands.get(command.name)
        if own is not None:
            return await own(command)
        if not self._is_logged_in:
            raise BadCommandError("log in first")
        if self._mailbox is None:
            raise RefusedError("[CANNOT] Name a mailbox when you log in")
        act = self._mailbox.commands.get(command.name)
        if act is None:
            raise BadCommandError("that command is not known")
        lines, text = act(command.arguments)
        news = [] if command.name in ("FETCH", "STORE", "SEARCH") else self._mailbox.news()
        return [*lines, *news], text

    @property
    def _capabilities(self) -> str:
        if self._is_logged_in:
            return _LOGGED_IN
        return f"{_ALWAYS} {'AUTH=PLAIN' if self._is_encrypted else 'STARTTLS LOGINDISABLED'}"

    async def _capability(self, _command: Command) -> tuple[list[bytes], str]:
        return [f"CAPABILITY {self._capabilities}".encode()], "Told"

    async def _nothing(self, _command: Command) -> tuple[list[bytes], str]:
        return self._mailbox.news() if self._mailbox else [], "Nothing done"

    async def _id(self, _command: Command) -> tuple[list[bytes], str]:
        return [b'ID ("name" "Stand-in")'], "Told"

    async def _enable(self, command: Command) -> tuple[list[bytes], str]:
        enabled = "CONDSTORE" in [text_of(one).upper() for one in command.arguments]
        if enabled and self._mailbox:
            self._mailbox.knows_changes = True
        return [b"ENABLED CONDSTORE" if enabled else b"ENABLED"], "Enabled"

    async def _namespace(self, _command: Command) -> tuple[list[bytes], str]:
        return [b'NAMESPACE (("" "/")) NIL NIL'], "Told"

    async def _start_tls(self, _command: Command) -> tuple[list[bytes], str]:
        if self._is_encrypted:
            raise BadCommandError("the connection is encrypted already")
        return [], "Go ahead"

    async def _log_in(self, command: Command) -> tuple[list[bytes], str]:
        if len(command.arguments) != 2:  # noqa: PLR2004
            raise BadCommandError("LOGIN needs a name and a password")
        name, password = map(text_of, command.arguments)
        return self._enter("", name, password)

    async def _authenticate(self, command: Command) -> tuple[list[bytes], str]:
        if not command.arguments or text_of(command.arguments[0]).upper() != "PLAIN":
            raise RefusedError("Only PLAIN is offered")
        if len(command.arguments) > 1:
            shown = text_of(command.arguments[1]).encode()
        else:
            self._send(b"+ ")
            shown = (await read_line(self._reader)).strip()
        try:
            parts = base64.b64decode(shown, validate=True).decode().split("\0")
        except (binascii.Error, UnicodeDecodeError):
            parts = []
        if len(parts) != 3:  # noqa: PLR2004
            raise BadCommandError("that is not PLAIN")
        return self._enter(*parts)

    def _enter(self, mailbox: str, name: str, password: str) -> tuple[list[bytes], str]:
        if not self._is_encrypted:
            raise RefusedError("[PRIVACYREQUIRED] Encrypt the connection first")
        if self._is_logged_in:
            raise BadCommandError("you are logged in already")
        opens_all = same(name, CREDENTIALS.smtp_username)
        right = (opens_all or is_address(name)) & same(password, CREDENTIALS.smtp_password)
        if not right:
            raise RefusedError("[AUTHENTICATIONFAILED] Name and password were not accepted")
        if mailbox and not is_address(mailbox):
            raise RefusedError("[AUTHORIZATIONFAILED] There is no such mailbox")
        if mailbox and not opens_all and mailbox.lower() != name.lower():
            raise RefusedError("[AUTHORIZATIONFAILED] That mailbox is not yours")
        self._is_logged_in = True
        address = mailbox or ("" if opens_all else name)
        self._mailbox = ImapMailbox(self._state.store(MailStore), address) if address else None
        return [], f"[CAPABILITY {self._capabilities}] Welcome"

    async def _idle(self, _command: Command) -> tuple[list[bytes], str]:
        """Push what happens in the selected folder until the client says DONE."""
        mailbox = self._mailbox
        if mailbox is None:
            raise BadCommandError("log in to a mailbox first")
        self._send(b"+ idling")
        changed = asyncio.Event()
        done = asyncio.ensure_future(read_line(self._reader))
        try:
            with self._state.store(MailStore).changes.watched(lambda _change: changed.set()):
                while not done.done():
                    changed.clear()
                    self._send(*(b"* " + line for line in mailbox.news()))
                    waiting = asyncio.ensure_future(changed.wait())
                    await asyncio.wait({done, waiting}, return_when=asyncio.FIRST_COMPLETED)
                    waiting.cancel()
        finally:
            done.cancel()
        if (await done).strip().upper() != b"DONE":
            raise BadCommandError("DONE is expected")
        return [], "Idled"

    def _fault(self, name: str) -> Fault | None:
        reads = name in _READS or "FETCH" in name or "SEARCH" in name
        return self._state.faults.take(
            "imap",
            name,
            _READ_KINDS if reads else _WRITE_KINDS,
            only_named=name in self._commands and name != "IDLE",
        )

    async def _struck(self, command: Command, fault: Fault) -> str | None:
        """Let a fault happen; None: go on as if nothing was."""
        if fault.kind == "slow":
            await asyncio.sleep(fault.delay)
            return None
        limited, failed = fault.kind == "rate_limit", fault.kind == "error"
        self._record(command, 429 if limited else 503 if failed else None, fault)
        if limited or failed:
            denied = fault.status == HTTPStatus.UNAUTHORIZED
            usual = "AUTHENTICATIONFAILED" if denied else "UNAVAILABLE"
            code = fault.code or ("THROTTLED" if limited else usual)
            return f"[{code}] A fault was ordered"
        if fault.kind == "timeout":
            with suppress(TimeoutError, OSError, ValueError):
                async with asyncio.timeout(fault.delay):
                    while await self._reader.read(MAX_LINE_BYTES):
                        pass
        close(self._writer.transport, with_reset=fault.kind == "reset")
        raise HungUpError

    def _record(self, command: Command, status: int | None, fault: Fault | None) -> None:
        mailbox = self._mailbox
        folder = mailbox.folder.id if mailbox and mailbox.folder else ""
        self._state.calls.add(
            Call(
                service="imap",
                method=command.name,
                path=command.name,
                status=status,
                fault=fault.kind if fault else None,
                body={"mailbox": mailbox.address if mailbox else "", "folder": folder},
            )
        )

    def _send(self, *lines: bytes) -> None:
        self._writer.write(b"".join(line + b"\r\n" for line in lines))
