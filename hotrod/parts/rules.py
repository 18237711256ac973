"""Which stocked parts a repair needs: they fit the device, and the diagnosis asks for them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from hotrod.repairs.devices import DEVICE_TYPES, kind_of, known_device
from hotrod.repairs.facts import DeviceFacts
from hotrod.repairs.vocabulary import fold, word_set

_SAME = 80
_ALIKE = 65
_MOST = 3
_WORD = re.compile(r"[^\W\d_]+|\d+")
_VARIANTS = word_set("pro max mini plus ultra lite oled slim air fe xl se s x e a b c fat neo one")
_SYNONYMS = {
    "connector": "port", "socket": "port", "jack": "port", "receptacle": "port",
    "psu": "supply", "screen": "display", "lcd": "display", "oled": "display",
    "drive": "ssd", "disk": "ssd", "joystick": "stick", "thumbstick": "stick", "analog": "stick",
    "cap": "capacitor", "caps": "capacitor", "capacitors": "capacitor", "batteries": "battery",
    "sticks": "stick", "ports": "port", "displays": "display", "mosfets": "mosfet",
    "chip": "ic", "encoder": "retimer", "opamp": "op-amp",
}  # fmt: skip
_FILLING = word_set("of for the a and new replacement module modules assembly kit set")


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
    quantity: int = 1


@dataclass(frozen=True)
class BillLine:
    """A part that a common fault takes, on a device type or model."""

    device: str
    category: str
    sku: str
    quantity: int = 1


def fits_device(part: PartFacts, device: DeviceFacts) -> bool:
    """Tell whether a part fits a device: made for its type, or for exactly its model.

    A part for the iPhone 13 fits neither an iPhone 12 nor an iPhone 13 Pro, and a part for the
    PS5 doesn't fit a PS5 controller.
    """
    return any(_names_device(name, device) for name in part.fits)


def bill_of(category: str, device: DeviceFacts, lines: Sequence[BillLine]) -> dict[str, int]:
    """Return how many of which SKU a fault takes: as its model's bill says, else its type's."""
    own = [
        line for line in lines if line.category == category and _names_device(line.device, device)
    ]
    of_model = [line for line in own if fold(line.device) not in DEVICE_TYPES]
    return {line.sku: line.quantity for line in of_model or own}


def match_parts(
    likely_parts: Sequence[str],
    category: str,
    device: DeviceFacts,
    catalogue: Sequence[PartFacts],
    bills: Sequence[BillLine] = (),
) -> list[PartMatch]:
    """Return the stocked parts for what a diagnosis asks for, at most one each, three in all.

    A part must fit the device and bear the name that the diagnosis gives, loosely so when it is
    for the fault's category; among those, one of the fault's bill comes first, then the one named
    most alike, the one of the category, the one in stock. A diagnosis that names no part gets the
    bill.
    """
    bill = bill_of(category, device, bills)
    left = [part for part in catalogue if part.sku in bill or fits_device(part, device)]
    if not likely_parts:
        billed = [_match(part, part.name, device, bill) for part in left if part.sku in bill]
        return billed[:_MOST]
    matches: list[PartMatch] = []
    for wanted in likely_parts:
        rated = [
            (part.sku in bill, likeness, part.category == category, part.available > 0, part)
            for part in left
            if (likeness := _likeness(wanted, part))
            >= (_ALIKE if part.category == category else _SAME)
        ]
        if rated:
            part = min(
                rated, key=lambda row: (not row[0], -row[1], not row[2], not row[3], row[4].sku)
            )[-1]
            left.remove(part)
            matches.append(_match(part, wanted, device, bill))
    return matches[:_MOST]


def _match(part: PartFacts, wanted: str, device: DeviceFacts, bill: Mapping[str, int]) -> PartMatch:
    why = f"is on the fault's bill for the {device.label}"
    if part.sku not in bill:
        why = f"fits the {device.label}"
    reason = f"'{wanted}' is {part.name}, which {why}"
    return PartMatch(part.sku, wanted, part.available, reason, bill.get(part.sku, 1))


def name_words(text: str, fits: Sequence[str]) -> list[str]:
    """Return the words that name a part, synonyms made one, without the devices it fits."""
    devices = {word for name in fits for word in _part_words(name)}
    return [word for word in _part_words(text) if word not in devices]


def _names_device(name: str, device: DeviceFacts) -> bool:
    kind = kind_of(device)
    if (folded := fold(name)) in DEVICE_TYPES:
        return folded == kind
    return _is_model(folded, kind, _model_words(f"{device.brand} {device.model}"))


def _is_model(name: str, kind: str, model: Sequence[str]) -> bool:
    """Tell whether a name stands in a model's words, with no variant such as "Pro" behind it."""
    known = known_device(name)
    if known is not None and known.type != kind:
        return False
    words = _model_words(name)
    size = len(words)
    return any(
        model[start : start + size] == words and not _VARIANTS & set(model[start + size :][:1])
        for start in range(len(model) - size + 1)
    )


def _model_words(text: str) -> list[str]:
    """Return a model's words, letters and digits apart: PS5 is PlayStation 5."""
    words = _WORD.findall(fold(text).replace("play station", "playstation"))
    return ["playstation" if word == "ps" else word for word in words]


def _likeness(wanted: str, part: PartFacts) -> float:
    asked = name_words(wanted, part.fits)
    return fuzz.token_set_ratio(" ".join(asked), " ".join(_part_words(part.name)))


def _part_words(text: str) -> list[str]:
    words = re.findall(r"[\w-]+", fold(text))
    return [_SYNONYMS.get(word, word) for word in words if word not in _FILLING]
