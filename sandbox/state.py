"""Everything that the stand-ins remember, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, Request

from sandbox.calls import Calls, Exchange
from sandbox.faults import Faults


class Store(Protocol):
    """What a stand-in remembers of one kind of things."""

    def clear(self) -> None:
        """Forget it, but for what clients hold: tokens stay good."""


Kind = TypeVar("Kind")


class SandboxState:
    """The stores of all stand-ins, by their class; calls and faults.

    Args:
        stores: one of each class; of two of a class, the later counts.
    """

    def __init__(self, stores: Iterable[Store]) -> None:
        self._stores: dict[type, Store] = {type(store): store for store in stores}
        self.calls = Calls()
        self.faults = Faults()
        self.ports: dict[str, int] = {}
        self.watchers: list[Callable[[Exchange], None]] = []

    def store(self, kind: type[Kind]) -> Kind:
        """Return the store of a class.

        Raises:
            KeyError: no stand-in has one.
        """
        return self._stores[kind]  # type: ignore[return-value]

    def reset(self) -> None:
        """Forget everything but tokens: clients hold them."""
        for store in self._stores.values():
            store.clear()
        self.calls.clear()
        self.faults.clear()


def state_of(request: Request) -> SandboxState:
    """Return the state of the application that serves a request."""
    state: SandboxState = request.app.state.sandbox
    return state


State = Annotated[SandboxState, Depends(state_of)]
