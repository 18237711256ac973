"""The table of known faults, read from ``known_faults.toml`` once."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from sandbox.claude.reading import Vocabulary

Category = Literal[
    "power", "display", "board", "storage", "audio", "connector",
    "input", "thermal", "battery", "liquid", "other",
]  # fmt: skip


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class KnownFault(_Model):
    """One fault: how it shows, and what is done about it; hours are bench time."""

    fault: str
    category: Category
    devices: list[str]
    symptoms: list[str] = Field(min_length=1)
    weight: float = 1.0
    hours: float = Field(gt=0)
    parts: list[str]
    plan: list[str] = Field(min_length=1)
    why: str


class KnownFaults(_Model):
    """The whole table: faults, the words for things, kinds of devices, questions to ask."""

    synonyms: dict[str, list[str]]
    devices: dict[str, list[str]]
    questions: dict[str, list[str]]
    faults: list[KnownFault]
    _vocabulary: Vocabulary = PrivateAttr()
    _phrases: list[list[tuple[str, ...]]] = PrivateAttr()

    def model_post_init(self, _context: object) -> None:
        """Read all symptoms with the vocabulary that they make."""
        symptoms = [symptom for fault in self.faults for symptom in fault.symptoms]
        self._vocabulary = Vocabulary(self.synonyms, symptoms)
        self._phrases = [
            [self._vocabulary.words(symptom) for symptom in fault.symptoms] for fault in self.faults
        ]

    @property
    def vocabulary(self) -> Vocabulary:
        """The words that the table knows."""
        return self._vocabulary

    def with_phrases(self) -> list[tuple[KnownFault, list[tuple[str, ...]]]]:
        """Return each fault with its symptoms as words."""
        return list(zip(self.faults, self._phrases, strict=True))


@lru_cache(maxsize=1)
def known_faults() -> KnownFaults:
    """Return the table."""
    return KnownFaults.model_validate(
        tomllib.loads(files("sandbox.claude").joinpath("known_faults.toml").read_text("utf-8"))
    )
