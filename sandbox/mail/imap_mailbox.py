"""A mailbox as one IMAP session sees it: commands change it, answers tell of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sandbox.mail.folders import FolderError, MailboxFolder
from sandbox.mail.imap_fetch import fetched, flags_of, marks_as_read, read_items
from sandbox.mail.imap_names import chosen, find_folder, from_wire, matches, name_of, use_of
from sandbox.mail.imap_search import Numbered, Search
from sandbox.mail.imap_wire import BadCommandError, RefusedError, Token, quoted, text_of
from sandbox.mail.message import MalformedMailError
from sandbox.mail.store import SEEN, MailStore, StoredMail

DELETED = "\\Deleted"

_FLAG = re.compile(
    r"\\(?:Seen|Answered|Flagged|Deleted|Draft)|[$A-Za-z0-9_.-]{1,64}", re.IGNORECASE
)
_SYSTEM = {name.lower(): name for name in ("\\Seen", "\\Answered", "\\Flagged", DELETED, "\\Draft")}

Answer = tuple[list[bytes], str]
"""Untagged lines, and what the tagged line says after OK."""


class ImapMailbox:
    """One mailbox, with at most one folder of it selected.

    Args:
        store: of all mailboxes.
        mailbox: its address.
    """

    def __init__(self, store: MailStore, mailbox: str) -> None:
        self._store = store
        self.address = mailbox.lower()
        self.folder: MailboxFolder | None = None
        self.knows_changes = False
        """Whether the client reads numbers of changes (RFC 7162, 3.1)."""
        self._read_only = False
        self._known: dict[int, frozenset[str]] = {}
        self.commands: dict[str, Callable[[list[Token]], Answer]] = {
            "SELECT": self.select,
            "EXAMINE": lambda given: self.select(given, read_only=True),
            "CLOSE": self.close,
            "UNSELECT": self.unselect,
            "LIST": self.list_folders,
            "LSUB": self.list_folders,
            "STATUS": self.status,
            "CREATE": self.create,
            "DELETE": self.delete,
            "RENAME": self.rename,
            "SUBSCRIBE": self.note_subscription,
            "UNSUBSCRIBE": self.note_subscription,
            "APPEND": self.append,
            "EXPUNGE": self.expunge,
            "UID EXPUNGE": self.expunge,
            **self._by_number("FETCH", self.fetch),
            **self._by_number("SEARCH", self.search),
            **self._by_number("STORE", self.store_flags),
            **self._by_number("COPY", self.copy),
            **self._by_number("MOVE", self.move),
        }
        """What can be asked, by name."""

    def news(self) -> list[bytes]:
        """Return what happened in the selected folder that the client wasn't told yet."""
        if self.folder is None:
            return []
        now = {stored.uid: stored for stored in self._mails()}
        lines = []
        for place, uid in reversed(list(enumerate(self._known, 1))):
            if uid not in now:
                lines.append(b"%d EXPUNGE" % place)
                del self._known[uid]
        known = len(self._known)
        for place, (uid, flags) in enumerate(self._known.items(), 1):
            if now[uid].flags != flags:
                lines.append(self._told(place, now[uid], [flags_of(now[uid])]))
        self._known = {uid: stored.flags for uid, stored in now.items()}
        if len(self._known) > known:
            lines.append(b"%d EXISTS" % len(self._known))
        return lines

    def select(self, given: list[Token], *, read_only: bool = False) -> Answer:
        """Open a folder."""
        self.folder = None
        folder = self._folder(_one(given))
        self.folder, self._read_only = folder, read_only
        self.knows_changes |= [b"CONDSTORE"] in given
        mails = self._mails()
        self._known = {stored.uid: stored.flags for stored in mails}
        lines = [
            b"FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)",
            b"OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Kept",
            b"%d EXISTS" % len(mails),
            b"0 RECENT",
            b"OK [UIDVALIDITY %d] Numbers hold" % folder.uid_validity,
            b"OK [UIDNEXT %d] The next number" % folder.next_uid,
            b"OK [HIGHESTMODSEQ %d] The latest change" % self._highest(),
        ]
        return lines, "[READ-ONLY] Opened" if read_only else "[READ-WRITE] Opened"

    def unselect(self, _given: list[Token]) -> Answer:
        """Close the folder, and leave what is marked as deleted."""
        self.folder = None
        return [], "Closed"

    def close(self, given: list[Token]) -> Answer:
        """Close the folder, and delete what is marked so."""
        if not self._read_only:
            for stored in self._mails():
                if DELETED in stored.flags:
                    self._store.delete(stored)
        return self.unselect(given)

    def list_folders(self, given: list[Token]) -> Answer:
        """List folders that match, with their special uses (RFC 6154)."""
        words, options = list(given), list[Token]()
        if words and isinstance(words[0], list):
            options, words = words[0], words[1:]
        only_special = b"SPECIAL-USE" in options
        if len(words) < 2:  # noqa: PLR2004 - a reference, and patterns
            raise BadCommandError("LIST needs a reference and a pattern")
        reference = text_of(words[0])
        patterns = words[1] if isinstance(words[1], list) else [words[1]]
        if patterns == [b""]:
            return [b'LIST (\\Noselect) "/" ""'], "Listed"
        wanted = [reference + text_of(one) for one in patterns]
        lines = []
        for folder in self._store.folders.of(self.address):
            name, use = name_of(folder), use_of(folder)
            if (use or not only_special) and any(matches(one, name) for one in wanted):
                lines.append(f'LIST (\\HasNoChildren{" " + use if use else ""}) "/" '.encode())
                lines[-1] += quoted(name)
        return lines, "Listed"

    def status(self, given: list[Token]) -> Answer:
        """Tell numbers of a folder that need not be open."""
        if len(given) != 2 or not isinstance(given[1], list):  # noqa: PLR2004
            raise BadCommandError("STATUS needs a folder and a list")
        folder = self._folder(text_of(given[0]))
        mails = self._store.find(mailbox=self.address, folders=[folder.id])
        numbers = {
            "MESSAGES": len(mails),
            "RECENT": 0,
            "UIDNEXT": folder.next_uid,
            "UIDVALIDITY": folder.uid_validity,
            "UNSEEN": sum(not stored.is_read for stored in mails),
            "SIZE": sum(len(stored.mail.raw) for stored in mails),
            "HIGHESTMODSEQ": self._highest(),
        }
        asked = [text_of(one).upper() for one in given[1]]
        if not set(asked) <= numbers.keys():
            raise BadCommandError("an item of STATUS is not known")
        told = " ".join(f"{item} {numbers[item]}" for item in asked)
        return [b"STATUS " + quoted(name_of(folder)) + f" ({told})".encode()], "Told"

    def create(self, given: list[Token]) -> Answer:
        """Make a folder."""
        with _refusals():
            self._store.folders.make(self.address, from_wire(_one(given)))
        return [], "Made"

    def delete(self, given: list[Token]) -> Answer:
        """Delete a folder with all in it."""
        with _refusals():
            self._store.delete_folder(self.address, self._folder(_one(given)).id)
        return [], "Deleted"

    def rename(self, given: list[Token]) -> Answer:
        """Give a folder another name."""
        if len(given) != 2:  # noqa: PLR2004
            raise BadCommandError("RENAME needs two names")
        folder = self._folder(text_of(given[0]))
        with _refusals():
            self._store.folders.rename(self.address, folder.id, from_wire(text_of(given[1])))
        return [], "Renamed"

    def note_subscription(self, given: list[Token]) -> Answer:
        """Take a subscription; all folders are subscribed to anyway."""
        self._folder(_one(given))
        return [], "All folders are subscribed to"

    def append(self, given: list[Token]) -> Answer:
        """File a mail; without flags it is unread."""
        if not 2 <= len(given) <= 4 or isinstance(given[-1], list):  # noqa: PLR2004
            raise BadCommandError("APPEND needs a folder and a message")
        folder = self._folder(text_of(given[0]), "TRYCREATE")
        flags, at = frozenset[str](), None
        for option in given[1:-1]:
            if isinstance(option, list):
                flags = _flags(option)
            else:
                at = _moment(text_of(option))
        try:
            filed = self._store.append(
                given[-1],
                mailbox=self.address,
                folder=folder.id,
                via="imap",
                flags=flags,
                received_at=at,
            )
        except MalformedMailError as error:
            raise RefusedError(str(error)) from None
        return [], f"[APPENDUID {folder.uid_validity} {filed.uid}] Filed"

    def expunge(self, given: list[Token]) -> Answer:
        """Delete what is marked as deleted, or those of it that a set names."""
        self._for_writing()
        uids = [stored.uid for stored in self._mails()]
        named = chosen(_one(given), uids) if given else uids
        for stored in self._mails():
            if stored.uid in named and DELETED in stored.flags:
                self._store.delete(stored)
        return self.news(), "Deleted"

    def fetch(self, given: list[Token], *, by_uid: bool) -> Answer:
        """Tell items of mails; those changed after a number only, if asked so (RFC 7162)."""
        if len(given) < 2:  # noqa: PLR2004
            raise BadCommandError("FETCH needs a set and items")
        items = read_items(given[1])
        since = _modifier(given[2:], "CHANGEDSINCE")
        for needed in ["UID"] * by_uid + ["MODSEQ"] * (since is not None):
            items = items if needed in items else [needed, *items]
        self.knows_changes |= "MODSEQ" in items
        reads = marks_as_read(items) and not self._read_only
        lines = []
        for place, found in self._chosen(given[0], by_uid=by_uid):
            if since is not None and found.change <= since:
                continue
            stored = self._store.set_flags(found, found.flags | {SEEN}) if reads else found
            told = [*items, "FLAGS"] if stored is not found and "FLAGS" not in items else items
            self._known[stored.uid] = stored.flags
            lines.append(b"%d FETCH (%b)" % (place, fetched(stored, told)))
        return lines, "Fetched"

    def search(self, given: list[Token], *, by_uid: bool) -> Answer:
        """Find mails."""
        found = Search(self._told_mails()).find(given)
        numbers = [stored.uid if by_uid else place for place, stored in found]
        words = ["SEARCH", *map(str, numbers)]
        if found and b"MODSEQ" in [one.upper() for one in given if isinstance(one, bytes)]:
            self.knows_changes = True
            words.append(f"(MODSEQ {max(stored.change for _, stored in found)})")
        return [" ".join(words).encode()], "Searched"

    def store_flags(self, given: list[Token], *, by_uid: bool) -> Answer:
        """Change flags; not of mails changed after a number, if asked so (RFC 7162)."""
        self._for_writing()
        if len(given) < 3:  # noqa: PLR2004
            raise BadCommandError("STORE needs a set, what to do, and flags")
        unchanged = _modifier([given[1]], "UNCHANGEDSINCE")
        self.knows_changes |= unchanged is not None
        rest = given[1:] if unchanged is None else given[2:]
        action = text_of(rest[0]).upper().removesuffix(".SILENT") if rest else ""
        if action not in ("FLAGS", "+FLAGS", "-FLAGS"):
            raise BadCommandError("FLAGS, +FLAGS or -FLAGS is expected")
        silent = text_of(rest[0]).upper().endswith(".SILENT")
        flags = (
            _flags(rest[1] if isinstance(rest[1], list) else rest[1:]) if rest[1:] else _flags([])
        )
        lines, kept = [], []
        for place, found in self._chosen(given[0], by_uid=by_uid):
            if unchanged is not None and found.change > unchanged:
                kept.append(str(found.uid if by_uid else place))
                continue
            wanted = {"FLAGS": flags, "+FLAGS": found.flags | flags, "-FLAGS": found.flags - flags}
            stored = self._store.set_flags(found, wanted[action])
            self._known[stored.uid] = stored.flags
            if not silent:
                lines.append(self._told(place, stored, [flags_of(stored)]))
        return lines, f"[MODIFIED {','.join(kept)}] Not all" if kept else "Stored"

    def copy(self, given: list[Token], *, by_uid: bool) -> Answer:
        """Copy mails to a folder."""
        code = self._put(given, self._store.copy, by_uid=by_uid)
        return [], f"{code} Copied"

    def move(self, given: list[Token], *, by_uid: bool) -> Answer:
        """Move mails to a folder (RFC 6851)."""
        self._for_writing()
        code = self._put(given, self._store.move, by_uid=by_uid)
        return [f"OK {code} Moved".encode(), *self.news()], "Moved"

    def _put(
        self,
        given: list[Token],
        act: Callable[[StoredMail, str], StoredMail],
        *,
        by_uid: bool,
    ) -> str:
        if len(given) != 2:  # noqa: PLR2004
            raise BadCommandError("a set and a folder are expected")
        target = self._folder(text_of(given[1]), "TRYCREATE")
        pairs = [
            (stored.uid, act(stored, target.id).uid)
            for _, stored in self._chosen(given[0], by_uid=by_uid)
        ]
        if not pairs:
            return "[NOTSAVED]"
        sources, copies = (",".join(map(str, column)) for column in zip(*pairs, strict=True))
        return f"[COPYUID {target.uid_validity} {sources} {copies}]"

    def _chosen(self, token: Token, *, by_uid: bool) -> list[Numbered]:
        """Return the mails that a set names, with their places."""
        told = self._told_mails()
        present = [stored.uid if by_uid else place for place, stored in told]
        wanted = set(chosen(text_of(token), present))
        return [pair for pair, number in zip(told, present, strict=True) if number in wanted]

    def _told_mails(self) -> list[Numbered]:
        """Return the mails by the places that the client knows; news come after the command."""
        now = {stored.uid: stored for stored in self._mails()}
        return [(place, now[uid]) for place, uid in enumerate(self._known, 1) if uid in now]

    def _mails(self) -> list[StoredMail]:
        found = self._store.find(mailbox=self.address, folders=[self._selected().id])
        return sorted(found, key=lambda stored: stored.uid)

    def _selected(self) -> MailboxFolder:
        if self.folder is None:
            raise BadCommandError("open a folder first")
        return self.folder

    def _for_writing(self) -> None:
        self._selected()
        if self._read_only:
            raise RefusedError("[READ-ONLY] The folder is open for reading only")

    def _folder(self, name: str, code: str = "NONEXISTENT") -> MailboxFolder:
        return find_folder(self._store.folders, self.address, name, code)

    def _highest(self) -> int:
        return max(self._store.changes.last, 1)

    def _told(self, place: int, stored: StoredMail, items: Iterable[bytes]) -> bytes:
        inside = [b"UID %d" % stored.uid, *items]
        if self.knows_changes:
            inside.append(b"MODSEQ (%d)" % stored.change)
        return b"%d FETCH (%b)" % (place, b" ".join(inside))

    @staticmethod
    def _by_number(
        name: str, act: Callable[..., Answer]
    ) -> dict[str, Callable[[list[Token]], Answer]]:
        return {
            name: lambda given: act(given, by_uid=False),
            f"UID {name}": lambda given: act(given, by_uid=True),
        }


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except FolderError as error:
        raise RefusedError(f"[CANNOT] {error}") from None


def _one(given: list[Token]) -> str:
    if len(given) < 1:
        raise BadCommandError("an argument is missing")
    return text_of(given[0])


def _flags(tokens: list[Token]) -> frozenset[str]:
    names = [text_of(one) for one in tokens]
    if not all(_FLAG.fullmatch(name) for name in names):
        raise BadCommandError("that is not a flag")
    return frozenset(_SYSTEM.get(name.lower(), name) for name in names)


def _modifier(tokens: list[Token], name: str) -> int | None:
    """Return the number of a modifier in parentheses; None: it isn't there."""
    words = [text_of(one) for one in tokens[0]] if tokens and isinstance(tokens[0], list) else []
    if not words or words[0].upper() != name:
        return None
    if len(words) < 2 or not words[1].isascii() or not words[1].isdigit():  # noqa: PLR2004
        raise BadCommandError(f"{name} needs a number")
    return int(words[1])


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text.strip(), "%d-%b-%Y %H:%M:%S %z")
    except ValueError:
        raise BadCommandError("a date is expected, as in 01-Feb-2026 12:00:00 +0000") from None
