"""Drive's search (``q``): the operators of names, kinds, times, folders and the trash.

Source: Drive API, "Search query terms and operators".
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime

from sandbox.google.errors import invalid
from sandbox.google.files import ROOT, DriveFile

Test = Callable[[DriveFile], bool]

_TOKEN = re.compile(r"\s*(?:'((?:[^'\\]|\\.)*)'|([A-Za-z]+)|(<=|>=|!=|[=<>()]))\s*", re.DOTALL)
_DEEPEST = 30
_COMPARE: dict[str, Callable[[datetime, datetime], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TEXTS: dict[str, Callable[[DriveFile], str]] = {
    "name": lambda file: file.name,
    "mimeType": lambda file: file.mime_type,
}
_MOMENTS: dict[str, Callable[[DriveFile], datetime]] = {
    "modifiedTime": lambda file: file.modified_at,
    "createdTime": lambda file: file.created_at,
}
_FLAGS: dict[str, Callable[[DriveFile], bool]] = {
    "trashed": lambda file: file.trashed,
    "starred": lambda file: file.starred,
}


def parse_query(text: str) -> Test:
    """Read a search; an empty one finds all.

    Raises:
        GoogleError: it can't be read, or names what is not played here.
    """
    return _Reader(text).read() if text.strip() else lambda _file: True


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise self._wrong()
            if found[1] is not None:
                self._tokens.append(("value", re.sub(r"\\(.)", r"\1", found[1])))
            else:
                self._tokens.append(("word", found[2] or found[3]))
            place = found.end()

    def read(self) -> Test:
        test = self._any(0)
        if self._tokens:
            raise self._wrong()
        return test

    def _any(self, depth: int) -> Test:
        tests = [self._all(depth)]
        while self._take("or"):
            tests.append(self._all(depth))
        return lambda file: any(test(file) for test in tests)

    def _all(self, depth: int) -> Test:
        tests = [self._one(depth)]
        while self._take("and"):
            tests.append(self._one(depth))
        return lambda file: all(test(file) for test in tests)

    def _one(self, depth: int) -> Test:
        if depth > _DEEPEST:
            raise self._wrong()
        if self._take("not"):
            test = self._one(depth + 1)
            return lambda file: not test(file)
        if self._take("("):
            test = self._any(depth + 1)
            if not self._take(")"):
                raise self._wrong()
            return test
        kind, word = self._next()
        if kind == "value":
            return self._in_folder(word)
        return self._term(word)

    def _in_folder(self, folder: str) -> Test:
        if not (self._take("in") and self._take("parents")):
            raise self._wrong()
        wanted = ROOT if folder == "root" else folder
        return lambda file: wanted in file.parents

    def _term(self, name: str) -> Test:
        _, sign = self._next()
        kind, value = self._next()
        if name in _FLAGS and sign in ("=", "!=") and value in ("true", "false"):
            flag, wanted = _FLAGS[name], (value == "true") == (sign == "=")
            return lambda file: flag(file) == wanted
        if kind != "value":
            raise self._wrong()
        if name in _TEXTS:
            return self._about_text(_TEXTS[name], sign, value)
        if name in _MOMENTS and sign in _COMPARE:
            moment, compare, since = _MOMENTS[name], _COMPARE[sign], self._moment(value)
            return lambda file: compare(moment(file), since)
        if name == "fullText" and sign == "contains":
            return lambda file: _has(file.name, value) or _has(file.content, value)
        raise self._wrong()

    def _about_text(self, text: Callable[[DriveFile], str], sign: str, value: str) -> Test:
        match sign:
            case "=":
                return lambda file: text(file) == value
            case "!=":
                return lambda file: text(file) != value
            case "contains":
                return lambda file: _has(text(file), value)
        raise self._wrong()

    def _moment(self, value: str) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise self._wrong() from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise self._wrong()
        return self._tokens.pop(0)

    def _take(self, word: str) -> bool:
        if self._tokens[:1] == [("word", word)]:
            self._tokens.pop(0)
            return True
        return False

    def _wrong(self) -> Exception:
        return invalid("q", self._text)


def _has(text: str | bytes, part: str) -> bool:
    """Tell whether words of a text begin with a part; Drive looks for beginnings, not anywhere."""
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return re.search(rf"(?:^|[\W_]){re.escape(part)}", shown, re.IGNORECASE) is not None
