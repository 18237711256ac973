"""Devices that we know by name."""

from __future__ import annotations

from dataclasses import dataclass

from hotrod.repairs.facts import DeviceFacts
from hotrod.repairs.vocabulary import Phrase, Text, phrases

DEVICE_TYPES = ("console", "laptop", "phone", "tablet", "audio", "board", "controller", "other")


@dataclass(frozen=True)
class KnownDevice:
    """A device or family of devices; ``loose`` names mean it only where a model is asked for."""

    label: str
    type: str
    names: tuple[Phrase, ...]
    loose: tuple[Phrase, ...] = ()


_KNOWN = (
    KnownDevice(
        "DualSense",
        "controller",
        phrases("dualsense", "dual sense", "ps5 controller", "playstation 5 controller"),
    ),
    KnownDevice("DualShock", "controller", phrases("dualshock", "ps4 controller")),
    KnownDevice("Xbox controller", "controller", phrases("xbox controller", "xbox elite")),
    KnownDevice("Joy-Con", "controller", phrases("joy-con*", "joycon*", "joy con*")),
    KnownDevice("PS5", "console", phrases("ps5", "ps 5", "playstation 5", "playstation5")),
    KnownDevice("PS4", "console", phrases("ps4", "ps 4", "playstation 4", "playstation4")),
    KnownDevice("Xbox Series X", "console", phrases("xbox series x"), phrases("series x")),
    KnownDevice("Xbox Series S", "console", phrases("xbox series s"), phrases("series s")),
    KnownDevice("Xbox One", "console", phrases("xbox one")),
    KnownDevice(
        "Switch",
        "console",
        phrases("nintendo switch", "switch oled", "switch lite", "my switch"),
        phrases("switch"),
    ),
    KnownDevice("Steam Deck", "console", phrases("steam deck", "steamdeck")),
    KnownDevice("MacBook", "laptop", phrases("macbook*", "mac book")),
    KnownDevice("ThinkPad", "laptop", phrases("thinkpad*")),
    KnownDevice("iPhone", "phone", phrases("iphone*")),
    KnownDevice("iPad", "tablet", phrases("ipad*")),
    KnownDevice("Galaxy Tab", "tablet", phrases("galaxy tab*")),
    KnownDevice("Galaxy", "phone", phrases("samsung galaxy"), phrases("galaxy*")),
    KnownDevice("Pixel", "phone", phrases("google pixel"), phrases("pixel")),
    KnownDevice(
        "Guitar amp",
        "audio",
        phrases("guitar amp*", "tube amp*", "bass amp*"),
        phrases("fender", "marshall"),
    ),
    KnownDevice("Mixer", "audio", phrases("mixing desk", "mixing console"), phrases("mixer*")),
    KnownDevice(
        "Synth", "audio", phrases("synth*", "minilogue"), phrases("korg", "moog", "juno*")
    ),
    KnownDevice(
        "Audio interface",
        "audio",
        phrases("audio interface"),
        phrases("scarlett*", "focusrite"),
    ),
)  # fmt: skip


def known_device(model: str, problem: str = "") -> KnownDevice | None:
    """Return the device that a brand and model name, else one that the problem names for sure."""
    named, told = Text.read(model), Text.read(problem)
    return next(
        (known for known in _KNOWN if named.mentions((*known.names, *known.loose))), None
    ) or next((known for known in _KNOWN if told.mentions(known.names)), None)


def kind_of(device: DeviceFacts) -> str:
    """Return the type of a device: by its name when we know it, else as the customer chose."""
    known = known_device(f"{device.brand} {device.model}")
    return known.type if known is not None else device.type
