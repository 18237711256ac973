"""What can be wrong with a wish about tickets."""

from __future__ import annotations

from collections.abc import Sequence

from hotrod.errors import NotFoundError


class UnknownTicketError(NotFoundError):
    """A number that no ticket has; names those that are written alike."""

    def __init__(self, number: str, alike: Sequence[str]) -> None:
        super().__init__("ticket", number)
        self.alike = tuple(alike)

    def __str__(self) -> str:
        meant = f"; did you mean {' or '.join(self.alike)}?" if self.alike else ""
        return f"{super().__str__()}{meant}"
