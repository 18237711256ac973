"""Words of others in Markdown, as the Prefect UI shows it."""

from __future__ import annotations

from hotrod.outside import outside_url


def plain(text: str) -> str:
    """Return text that Markdown shows as it is."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>#|!" else char for char in text)


def linked(words: str, url: str) -> str:
    """Return words that lead to an address, or the words alone where it is none to be followed."""
    safe = outside_url(url)
    return f"[{plain(words)}]({safe})" if safe else plain(words)
