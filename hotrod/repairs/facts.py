"""What the rules know of a request: plain values, without the customer's identity."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DeviceFacts:
    """A device as the customer described it; ``type`` is one of ours, the rest free text."""

    type: str
    brand: str = ""
    model: str = ""

    @property
    def label(self) -> str:
        """Brand and model, or the type when neither was given."""
        return " ".join(word for word in (self.brand, self.model) if word) or self.type


@dataclass(frozen=True)
class RequestFacts:
    """A request without name, address or phone of the customer."""

    device: DeviceFacts
    problem: str
    photo_count: int = 0
