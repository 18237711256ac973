"""What can be wrong with a wish about parts."""

from __future__ import annotations

from collections.abc import Sequence

from hotrod.errors import HotrodError, NotFoundError


class UnknownPartError(NotFoundError):
    """A SKU that no part has; names those that are spelled alike."""

    def __init__(self, sku: str, alike: Sequence[str]) -> None:
        self.alike = tuple(alike)
        meant = f"did you mean {' or '.join(alike)}? " if alike else ""
        super().__init__("part", sku, f"{meant}`hotrod parts list` shows all")


class StockShortageError(HotrodError):
    """More pieces are wanted than are free at a location; ``own`` of those reserved are theirs."""

    def __init__(
        self, sku: str, location: str, *, wanted: int, on_hand: int, reserved: int, own: int = 0
    ) -> None:
        self.sku = sku
        self.location = location
        self.free = on_hand - reserved
        already = f", {own} for this ticket already" * bool(own)
        super().__init__(
            f"{wanted} of {sku} can't be taken from {location}: {on_hand} on hand, "
            f"{reserved - own} reserved for others{already}; count the shelf, release a "
            "reservation, or override it with a reason"
        )


class ReturnExcessError(HotrodError):
    """More pieces are to come back from a ticket than were used on it and are still out."""

    def __init__(self, sku: str, ticket: str, *, wanted: int, out: int) -> None:
        self.sku = sku
        self.ticket = ticket
        self.out = out
        some = f"return at most {out}, and " if out else ""
        cure = f"hotrod stock adjust {sku} {wanted - out} --reason ..."
        super().__init__(
            f"{wanted} of {sku} can't come back from {ticket}: {out} out on it; {some}"
            f"put what else was found in with `{cure}`"
        )


class KeyConflictError(HotrodError):
    """An idempotency key that was used before, for something else."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"the key {key!r} was used for something else before; use a new one")
