"""How quantities and moments are written, and how other people's words are made harmless."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from hotrod.company.models import Hours

_INVISIBLE = {"Cc", "Cf", "Co", "Cs"}
_JOINERS = "\u200c\u200d"
_LINK = re.compile(r"(?:[\w+.-]{1,20}://|\bwww\.)\S*", re.IGNORECASE)
_LETTER = r"[^\W\d_]"
_DOT_BEFORE_LETTERS = re.compile(
    rf"(?<=\S)[.\u3002\uff0e\uff61][{_JOINERS}]*(?={_LETTER}[{_JOINERS}]*{_LETTER})"
)


def quantity(value: Decimal) -> str:
    """Return a number without needless zeros: ``1``, ``1.25``."""
    return f"{value.normalize():f}"


def day(when: date) -> str:
    """Return a day such as ``Friday, December 4, 2026``."""
    return f"{when:%A, %B} {when.day}, {when:%Y}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Return a local moment such as ``Friday, December 4, 2026, 18:00``."""
    local = at.astimezone(zone)
    return f"{day(local)}, {local:%H:%M}"


def hours(open_from_to: Hours) -> str:
    """Return opening hours such as ``09:00 to 18:00``."""
    return f"{open_from_to.opens:%H:%M} to {open_from_to.closes:%H:%M}"


def mailto(address: str, subject: str) -> str:
    """Return the link that starts a mail to an address (RFC 6068)."""
    return f"mailto:{quote(address, safe='@')}?subject={quote(subject, safe='')}"


def one_line(text: str, limit: int = 200) -> str:
    """Return text as one visible line of at most ``limit`` characters.

    Line breaks become spaces. Control characters, lone surrogates and formatting characters
    (bidirectional overrides among them) are dropped, but for the joiners of scripts and emoji.
    """
    kept = (
        char
        for char in text
        if char.isspace() or char in _JOINERS or unicodedata.category(char) not in _INVISIBLE
    )
    return _shortened(" ".join("".join(kept).split()), limit)


def without_links(text: str) -> str:
    """Return text in which no mail program finds a link to underline.

    Whoever fills in our form chooses who is mailed and what is quoted: their words must not
    carry a link to others under our name.
    """
    return _DOT_BEFORE_LETTERS.sub(". ", _LINK.sub("[link removed]", text))


def said_line(text: str, limit: int = 500) -> str:
    """Return somebody's words as one line, without links."""
    return one_line(without_links(one_line(text, limit)), limit)


def said_block(text: str, limit: int = 1200, max_lines: int = 25) -> str:
    """Return somebody's words as a block of lines, without links, shortened when long."""
    lines = [said_line(line, limit) for line in text[: 4 * limit].splitlines()]
    block = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    kept = "\n".join(block.split("\n")[:max_lines])
    return _shortened(kept if kept == block else f"{kept}\n…", limit)


def quoted(block: str) -> str:
    """Return a block with the mark of a quotation before each line, as mail programs do."""
    return "\n".join(f"> {line}".rstrip() for line in block.split("\n"))


def ink_on(color: str) -> str:
    """Return black or white, whichever reads better on a ``#rrggbb`` background.

    That is the one with the higher contrast ratio (WCAG 2.2, relative luminance).
    """
    lightness = _luminance(color) + 0.05
    return "#ffffff" if 1.05 / lightness > lightness / 0.05 else "#000000"


def _luminance(color: str) -> float:
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    dark = 0.04045
    return channel / 12.92 if channel <= dark else ((channel + 0.055) / 1.055) ** 2.4


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
