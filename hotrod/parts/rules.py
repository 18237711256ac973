"""Which stocked parts a repair needs: they fit the device, and the diagnosis asks for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, utils

from hotrod.repairs.facts import DeviceFacts
from hotrod.repairs.titles import known_device
from hotrod.repairs.vocabulary import fold

_SAME = 80
_MOST = 3


@dataclass(frozen=True)
class PartFacts:
    """A part of the catalogue, and how many are free."""

    sku: str
    name: str
    category: str
    fits: tuple[str, ...]
    available: int


@dataclass(frozen=True)
class PartMatch:
    """A part that the repair needs; ``wanted`` is the diagnosis' word for it."""

    sku: str
    wanted: str
    available: int
    reason: str


def fits_device(part: PartFacts, device: DeviceFacts) -> bool:
    """Tell whether a part fits a device: by its type, or by a model that we know."""
    label = fold(device.label)
    ours = known_device(device.label)
    return any(
        fold(name) == device.type
        or _names(fold(name), label)
        or (ours is not None and known_device(name) == ours)
        for name in part.fits
        if not _other_generation(name, device.label)
    )


def match_parts(
    likely_parts: Sequence[str],
    category: str,
    device: DeviceFacts,
    catalogue: Sequence[PartFacts],
) -> list[PartMatch]:
    """Return the stocked parts for what a diagnosis asks for, at most one each, three in all.

    A part must fit the device and bear the name that the diagnosis gives; among equal names
    the one of the fault's category, then the one in stock, is taken.
    """
    matches: list[PartMatch] = []
    fitting = [part for part in catalogue if fits_device(part, device)]
    for wanted in likely_parts:
        rated = sorted(
            (
                (_likeness(wanted, part.name), part.category == category, part.available > 0, part)
                for part in fitting
                if part.sku not in {match.sku for match in matches}
            ),
            key=lambda row: (*(-float(value) for value in row[:3]), row[3].sku),
        )
        if rated and rated[0][0] >= _SAME:
            part = rated[0][3]
            reason = f"'{wanted}' is {part.name}, which fits the {device.label}"
            matches.append(PartMatch(part.sku, wanted, part.available, reason))
    return matches[:_MOST]


def _likeness(wanted: str, name: str) -> float:
    return fuzz.token_set_ratio(wanted, name, processor=utils.default_process)


def _names(name: str, label: str) -> bool:
    """Tell whether a device name stands in a label as whole words."""
    return f" {name} " in f" {label} "


def _other_generation(name: str, label: str) -> bool:
    """Tell whether both name a number, and not the same: iPhone 13 is not iPhone 12."""
    ours = {word for word in fold(name).split() if word.isdigit()}
    theirs = {word for word in fold(label).split() if word.isdigit()}
    return bool(ours and theirs and not ours & theirs)
