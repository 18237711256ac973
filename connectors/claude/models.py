"""What is asked of Claude and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel

Answer = TypeVar("Answer", bound=BaseModel)
ImageType = Literal["image/jpeg", "image/png", "image/gif", "image/webp"]
"""What a model can look at."""


@dataclass(frozen=True)
class TextPart:
    """A piece of text for the model to read."""

    text: str


@dataclass(frozen=True)
class ImagePart:
    """A picture for the model to look at."""

    media_type: ImageType
    data: bytes


@dataclass(frozen=True)
class Usage:
    """What a call took: the model that answered, the vendor's id of the call, and tokens."""

    model: str
    request_id: str
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class Completion(Usage, Generic[Answer]):
    """An answer in the shape that was asked for."""

    value: Answer
