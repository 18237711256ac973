"""Stripe's forms: trees as names in brackets. Source: docs.stripe.com/api, "Request bodies"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

Value = str | int | bool | None | Mapping[str, "Value"] | Sequence["Value"]


def encode(tree: Mapping[str, Value]) -> dict[str, str]:
    """Write a tree as a form; None and empty trees are left out.

    ``{"a": {"b": [1, True]}}`` becomes ``a[b][0]=1`` and ``a[b][1]=true``.
    """
    return {path: text for name, value in tree.items() for path, text in _leaves(name, value)}


def _leaves(path: str, value: Value) -> Iterator[tuple[str, str]]:
    match value:
        case None:
            return
        case bool():
            yield path, str(value).lower()
        case str() | int():
            yield path, str(value)
        case Mapping():
            for name, inner in value.items():
                yield from _leaves(f"{path}[{name}]", inner)
        case _:
            for place, inner in enumerate(value):
                yield from _leaves(f"{path}[{place}]", inner)
