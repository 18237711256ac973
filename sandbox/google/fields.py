"""Partial answers: ``fields=nextPageToken,files(id,name)``; Drive's "Return specific fields"."""

from __future__ import annotations

import re
from typing import Any

from sandbox.google.errors import invalid

Mask = dict[str, Any]
"""Wanted names, each with the mask of what lies below; an empty one wants all."""

_TOKEN = re.compile(r"\s*([A-Za-z0-9_\-@]+|\*|[(),/.])\s*")
_DEEPEST = 20


def parse_fields(text: str) -> Mask:
    """Read a mask.

    Raises:
        GoogleError: it is malformed.
    """
    tokens, place = [], 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise invalid("fields", text)
        tokens.append(found[1])
        place = found.end()
    mask = _list(tokens, text, 0)
    if tokens:
        raise invalid("fields", text)
    return mask


def pick(mask: Mask, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return what a mask wants of a value."""
    if not mask or "*" in mask:
        return value
    match value:
        case dict():
            return {name: pick(mask[name], part) for name, part in value.items() if name in mask}
        case list():
            return [pick(mask, item) for item in value]
        case _:
            return value


def _list(tokens: list[str], text: str, depth: int) -> Mask:
    mask: Mask = {}
    while True:
        if not tokens or tokens[0] in "(),/." or depth > _DEEPEST:
            raise invalid("fields", text)
        name = tokens.pop(0)
        mask[name] = {**mask.get(name, {}), **_below(tokens, text, depth)}
        if not tokens or tokens[0] != ",":
            return mask
        tokens.pop(0)


def _below(tokens: list[str], text: str, depth: int) -> Mask:
    if tokens and tokens[0] in "/.":
        tokens.pop(0)
        if not tokens or tokens[0] in "(),/." or depth > _DEEPEST:
            raise invalid("fields", text)
        name = tokens.pop(0)
        return {name: _below(tokens, text, depth + 1)}
    if tokens and tokens[0] == "(":
        tokens.pop(0)
        mask = _list(tokens, text, depth + 1)
        if not tokens or tokens.pop(0) != ")":
            raise invalid("fields", text)
        return mask
    return {}
