"""What is posted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Message:
    """Words for people.

    Args:
        text: plain; what is too long for a channel comes as several messages.
        title: shown above, where the channel has titles.
        kind: channels give each a color or sign, as they can.
    """

    text: str
    title: str = ""
    kind: Literal["info", "success", "warning", "failure"] = "info"
