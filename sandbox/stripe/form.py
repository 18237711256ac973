"""Stripe's forms: names in brackets are the paths of a tree, e.g. ``metadata[ticket]``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from sandbox.stripe.errors import StripeError, invalid, missing

MOST_AMOUNT = 99_999_999
_PATH = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_DEEPEST = 6


class Form:
    """What a request asks, as a tree.

    Args:
        tree: names to texts, trees, and lists as trees with numbers for names.
        place: of this tree in the whole, for refusals.
    """

    def __init__(self, tree: Mapping[str, Any], place: str = "") -> None:
        self._tree = tree
        self._place = place

    def allow(self, *names: str) -> None:
        """Refuse what the endpoint doesn't know."""
        for name in self._tree.keys() - {*names, "expand"}:
            text = f"Received unknown parameter: {name[:80]}"
            raise StripeError(text, "parameter_unknown", param=name[:80])

    def text(self, name: str) -> str | None:
        """Return a text; None: it wasn't sent, or is empty."""
        found = self._tree.get(name)
        if isinstance(found, dict):
            raise invalid(self._name(name), "must be a string")
        return found or None

    def need(self, name: str) -> str:
        """Return a text that must be there."""
        found = self.text(name)
        if found is None:
            raise missing(self._name(name))
        return found

    def one_of(self, name: str, *choices: str) -> str | None:
        """Return a text that is one of a few."""
        found = self.text(name)
        if found is not None and found not in choices:
            raise invalid(self._name(name), f"must be one of {', '.join(choices)}")
        return found

    def number(self, name: str, least: int, most: int = MOST_AMOUNT) -> int | None:
        """Return a whole number in a range."""
        found = self.text(name)
        if found is None:
            return None
        if not re.fullmatch(r"-?\d{1,12}", found, re.ASCII):
            text = f"Invalid integer: {found[:40]}"
            raise StripeError(text, "parameter_invalid_integer", param=self._name(name))
        number = int(found)
        if number < least:
            code = "amount_too_small" if name == "amount" else "parameter_invalid_integer"
            raise StripeError(f"{name} must be at least {least}", code, param=self._name(name))
        if number > most:
            code = "amount_too_large" if name == "amount" else "parameter_invalid_integer"
            raise StripeError(f"{name} must be at most {most}", code, param=self._name(name))
        return number

    def inner(self, name: str) -> Form:
        """Return a tree within; an empty one if it wasn't sent."""
        found = self._tree.get(name) or {}
        if not isinstance(found, dict):
            raise invalid(self._name(name), "must be an object")
        return Form(found, self._name(name))

    def items(self, name: str) -> list[Form]:
        """Return a list of trees."""
        return [self.inner(name).inner(key) for key in self.inner(name)._tree]  # noqa: SLF001 - ours

    def texts(self, name: str) -> dict[str, str]:
        """Return a tree of texts, such as metadata."""
        inner = self.inner(name)
        return {key: inner.text(key) or "" for key in inner._tree}  # noqa: SLF001 - ours

    def _name(self, name: str) -> str:
        return f"{self._place}[{name}]" if self._place else name


def read_form(body: bytes) -> Form:
    """Read a form.

    Raises:
        StripeError: it isn't one, or its brackets don't make a tree.
    """
    tree: dict[str, Any] = {}
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        raise StripeError("The form can't be read.") from None
    for name, value in pairs:
        _put(tree, name, value)
    return Form(tree)


def _put(tree: dict[str, Any], name: str, value: str) -> None:
    path = _PATH.fullmatch(name)
    steps = [path[1], *re.findall(r"\[([^\[\]]*)\]", path[2])] if path else []
    if not 1 <= len(steps) <= _DEEPEST:
        raise StripeError(f"Invalid parameter name: {name[:80]}", "parameter_unknown")
    for step in steps[:-1]:
        tree = tree.setdefault(step or str(len(tree)), {})
        if not isinstance(tree, dict):
            raise invalid(name[:80], "must be an object")
    last = steps[-1] or str(len(tree))
    if isinstance(tree.get(last), dict):
        raise invalid(name[:80], "must be an object")
    tree[last] = value
