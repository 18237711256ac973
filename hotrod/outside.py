"""Web addresses that others tell us: they are shown as links, and never fetched by us."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

OutsideUrl = Annotated[
    str,
    Field(
        max_length=2000,
        pattern=r"^((https://|http://127\.0\.0\.1[:/])[^\s\"'<>()\[\]\\`|@]+)?$",
    ),
]
"""An address on the web, or of a stand-in on loopback; empty: none.

What would end a link early, in HTML, Markdown or Slack's markup, isn't in it.
"""

_URL: TypeAdapter[str] = TypeAdapter(OutsideUrl)


def outside_url(text: str) -> str:
    """Return an address that may be shown as a link; nothing of any other."""
    try:
        return _URL.validate_python(text)
    except ValidationError:
        return ""
