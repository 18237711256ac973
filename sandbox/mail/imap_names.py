"""How IMAP calls folders, and which numbers a set names."""

from __future__ import annotations

import base64
import binascii
import re

from sandbox.mail.folders import Folder, Folders, MailboxFolder
from sandbox.mail.imap_wire import BadCommandError, RefusedError

_NAMES: dict[Folder, tuple[str, str]] = {
    "inbox": ("INBOX", ""),
    "drafts": ("Drafts", "\\Drafts"),
    "sentitems": ("Sent", "\\Sent"),
    "deleteditems": ("Trash", "\\Trash"),
    "junkemail": ("Junk", "\\Junk"),
    "archive": ("Archive", "\\Archive"),
}
_IDS = {name: folder for folder, (name, _) in _NAMES.items()}
_SHIFTED = re.compile(r"&([^-]*)-")
_BEYOND_ASCII = re.compile(r"[^\x20-\x7e]+")
_RANGE = re.compile(r"(\d+|\*)(?::(\d+|\*))?")


def name_of(folder: MailboxFolder) -> str:
    """Return IMAP's name of a folder, written for the wire."""
    name, _ = _NAMES.get(folder.id, (folder.name, ""))
    return to_wire(name)


def use_of(folder: MailboxFolder) -> str:
    """Return the attribute of a folder that has a special use (RFC 6154); empty: it has none."""
    return _NAMES.get(folder.id, ("", ""))[1]


def find_folder(
    folders: Folders, mailbox: str, name: str, code: str = "NONEXISTENT"
) -> MailboxFolder:
    """Return the folder that IMAP calls so.

    Raises:
        RefusedError: there is none.
    """
    text = from_wire(name)
    well_known = _IDS.get("INBOX" if text.upper() == "INBOX" else text)
    if well_known:
        found = folders.get(mailbox, well_known)
    else:
        own = (one for one in folders.of(mailbox) if not one.is_well_known)
        found = next((one for one in own if one.name == text), None)
    if found is None:
        raise RefusedError(f"[{code}] There is no such folder")
    return found


def to_wire(name: str) -> str:
    """Write a name in modified UTF-7 (RFC 3501, 5.1.3)."""

    def shift(match: re.Match[str]) -> str:
        packed = base64.b64encode(match[0].encode("utf-16-be")).decode()
        return f"&{packed.rstrip('=').replace('/', ',')}-"

    return _BEYOND_ASCII.sub(shift, name.replace("&", "&-"))


def from_wire(name: str) -> str:
    """Read a name in modified UTF-7.

    Raises:
        BadCommandError: it isn't one.
    """

    def unshift(match: re.Match[str]) -> str:
        packed = match[1].replace(",", "/")
        whole = packed + "=" * (-len(packed) % 4)
        return base64.b64decode(whole).decode("utf-16-be") if packed else "&"

    try:
        return _SHIFTED.sub(unshift, name)
    except (binascii.Error, UnicodeDecodeError):
        raise BadCommandError("the name is not in modified UTF-7") from None


def matches(pattern: str, name: str) -> bool:
    """Tell whether a LIST pattern names a folder: ``*`` is anything, ``%`` stops at ``/``."""
    parts = re.split(r"([*%])", pattern)
    wild = {"*": ".*", "%": "[^/]*"}
    flags = re.IGNORECASE if name == "INBOX" else 0
    return bool(re.fullmatch("".join(wild.get(one, re.escape(one)) for one in parts), name, flags))


def chosen(names: str, present: list[int]) -> list[int]:
    """Return the numbers that a set like ``1:4,7,9:*`` names, of those there are.

    Raises:
        BadCommandError: it isn't a set.
    """
    last = max(present, default=0)
    ranges = []
    for part in names.split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise BadCommandError("that is not a set of numbers")
        first, second = match[1], match[2] or match[1]
        ends = sorted(last if end == "*" else int(end) for end in (first, second))
        ranges.append(ends)
    return [one for one in present if any(low <= one <= high for low, high in ranges)]
