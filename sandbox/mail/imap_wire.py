"""IMAP's commands as they come over the wire: atoms, strings, lists, literals (RFC 9051, 4)."""

from __future__ import annotations

import re
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass
from typing import TypeAlias

MAX_LINE_BYTES = 65_536
MAX_LITERAL_BYTES = 25_000_000

Token: TypeAlias = "bytes | list[Token]"  # noqa: S105
"""An atom or a string, without its quotes; or a list in parentheses."""

_WORD = re.compile(
    rb'\s+|(?P<open>\()|(?P<close>\))|"(?P<quoted>(?:[^"\\]|\\["\\])*)"'
    rb'|(?P<atom>(?:[^\s()"\[\]]|\[[^\]]*\])+)'
)
_LITERAL = re.compile(rb"~?\{(\d{1,10})(\+?)\}\r?\n\Z")
_ESCAPED = re.compile(rb"\\(.)")


class RefusedError(Exception):
    """A command that isn't done.

    Args:
        text: for people, with a response code in brackets where RFC 5530 has one.
        status: ``NO``; ``BAD`` when the command can't be understood.
    """

    def __init__(self, text: str, status: str = "NO") -> None:
        self.text = text
        self.status = status
        super().__init__(text)


class BadCommandError(RefusedError):
    """A command that can't be understood."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "BAD")


class UnreadableError(Exception):
    """A line that is no command; ``tag`` is what stands where a tag would."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        super().__init__(tag)


class HungUpError(Exception):
    """The client is gone, or sends what nobody would read to its end."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command.

    Args:
        tag: that its answer carries.
        name: in upper case; ``UID FETCH`` and the like are names.
        arguments: what follows.
    """

    tag: str
    name: str
    arguments: list[Token]


async def read_command(reader: StreamReader, writer: StreamWriter) -> Command:
    """Read the next command; literals are asked for, unless the client doesn't wait for that.

    Raises:
        UnreadableError: it can't be understood; the next one may be.
        HungUpError: there is no next one.
    """
    tokens: list[Token] = []
    stack = [tokens]
    broken = False
    while True:
        line = await read_line(reader)
        literal = _LITERAL.search(line)
        text = line[: literal.start()] if literal else line
        broken |= not _read_into(stack, text)
        if literal is None:
            break
        stack[-1].append(await _read_literal(reader, writer, literal))
    tag, name = (token if isinstance(token, bytes) else b"" for token in (*tokens, b"", b"")[:2])
    if broken or len(stack) > 1 or not name:
        raise UnreadableError(tag.decode("ascii", "replace") or "*")
    return _command(tag.decode("ascii", "replace"), name, tokens[2:])


def _command(tag: str, word: bytes, rest: list[Token]) -> Command:
    name = word.upper().decode("ascii", "replace")
    if name == "UID" and rest and isinstance(rest[0], bytes):
        name, rest = f"UID {rest[0].upper().decode('ascii', 'replace')}", rest[1:]
    return Command(tag, name, rest)


async def read_line(reader: StreamReader) -> bytes:
    """Read a line with its end.

    Raises:
        HungUpError: there is none, or it has no end.
    """
    try:
        line = await reader.readline()
    except (ValueError, OSError) as error:
        raise HungUpError from error
    if not line.endswith(b"\n"):
        raise HungUpError
    return line


def text_of(token: Token) -> str:
    """Return an atom or a string as text.

    Raises:
        BadCommandError: it is a list.
    """
    if isinstance(token, list):
        raise BadCommandError("a list is not expected here")
    return token.decode("utf-8", "replace")


def quoted(text: str) -> bytes:
    """Write a string; as a literal when it can't be quoted."""
    raw = text.encode()
    if not raw.isascii() or re.search(rb"[\r\n\0]", raw):
        return literal(raw)
    return b'"' + re.sub(rb'(["\\])', rb"\\\1", raw) + b'"'


def literal(raw: bytes) -> bytes:
    """Write bytes as a literal."""
    return b"{%d}\r\n%b" % (len(raw), raw)


async def _read_literal(
    reader: StreamReader, writer: StreamWriter, announced: re.Match[bytes]
) -> bytes:
    size = int(announced[1])
    if size > MAX_LITERAL_BYTES:
        raise HungUpError
    if not announced[2]:
        writer.write(b"+ Ready for literal data\r\n")
    try:
        return await reader.readexactly(size)
    except (EOFError, OSError) as error:
        raise HungUpError from error


def _read_into(stack: list[list[Token]], text: bytes) -> bool:
    """Add the tokens of a line; False: it can't be read."""
    position = 0
    while position < len(text):
        match = _WORD.match(text, position)
        if match is None:
            return False
        position = match.end()
        if match["open"]:
            inner: list[Token] = []
            stack[-1].append(inner)
            stack.append(inner)
        elif match["close"]:
            if len(stack) == 1:
                return False
            stack.pop()
        elif match["quoted"] is not None:
            stack[-1].append(_ESCAPED.sub(rb"\1", match["quoted"]))
        elif match["atom"]:
            stack[-1].append(match["atom"])
    return True
