"""Titles of tickets: made of our own words only, so they hold no personal data and no markup."""

from __future__ import annotations

from hotrod.repairs.vocabulary import Phrase, any_of, find, phrases, tokens

DEVICE_TYPES = ("console", "laptop", "phone", "tablet", "audio", "board", "controller", "other")

_DEVICES: tuple[tuple[str, tuple[Phrase, ...]], ...] = (
    ("DualSense", phrases("dualsense", "dual sense", "ps5 controller")),
    ("PS5", phrases("playstation 5", "ps5", "play station 5")),
    ("PS4", phrases("playstation 4", "ps4")),
    ("Xbox Series X", phrases("xbox series x", "series x")),
    ("Xbox Series S", phrases("xbox series s", "series s")),
    ("Xbox One", phrases("xbox one")),
    ("Switch", phrases("nintendo switch", "switch oled", "switch lite", "switch")),
    ("Steam Deck", phrases("steam deck")),
    ("Joy-Con", phrases("joy-con*", "joycon*", "joy con*")),
    ("MacBook", phrases("macbook*", "mac book")),
    ("ThinkPad", phrases("thinkpad*")),
    ("iPhone", phrases("iphone*")),
    ("iPad", phrases("ipad*")),
    ("Galaxy", phrases("galaxy*")),
    ("Pixel", phrases("pixel*")),
    ("Guitar amp", phrases("guitar amp*", "tube amp*", "fender", "marshall")),
    ("Mixer", phrases("mixer", "mixing desk", "mixing console")),
    ("Synth", phrases("synth*", "korg", "moog", "minilogue")),
    ("Audio interface", phrases("audio interface", "scarlett", "focusrite")),
)

SYMPTOMS: tuple[tuple[str, tuple[Phrase, ...]], ...] = (
    ("liquid damage", phrases("spill*", "water damage", "got wet", "coffee", "renverse*")),
    (
        "no picture",
        phrases(
            "no picture", "no video", "no display", "no image", "no signal", "black screen",
            "blank screen", "screen black", "screen stays black", "hdmi", "pas image",
            "ecran noir", "without picture",
        ),
    ),
    ("cracked screen", phrases("crack* screen", "screen crack*", "broken glass", "shattered")),
    ("overheats", phrases("overheat*", "gets hot", "too hot", "fan loud", "fan jet", "surchauffe")),
    ("swollen battery", phrases("battery swollen", "swollen battery", "batterie gonfle*")),
    (
        "battery",
        phrases("battery", "won't charge", "doesn't charge", "not charging", "no charge"),
    ),
    (
        "no power",
        phrases(
            "won't turn on", "not turn on", "doesn't turn on", "no power", "dead", "won't start",
            "won't power", "turns off", "shuts off", "shuts down", "ne s'allume", "blue light",
        ),
    ),
    ("stick drift", phrases("drift*", "stick moves")),
    ("buttons", phrases("button* stuck", "button* don't work", "buttons", "keys stuck",
                          "keyboard")),
    ("storage", phrases("ssd", "hard drive", "corrupt*", "disk error", "storage")),
    ("disc drive", phrases("disc drive", "won't read disc*", "eject*", "disc stuck")),
    (
        "no sound",
        phrases("no sound", "no audio", "crackl*", "distort*", "hum", "noise", "pas de son"),
    ),
    ("connector", phrases("usb-c", "usb port", "jack", "port loose", "loose port", "connector")),
)  # fmt: skip


def known_device(text: str) -> str | None:
    """Return the short name of a device that we know, or None."""
    words = tokens(text)
    return next((label for label, names in _DEVICES if any_of(words, names, negated=True)), None)


def known_symptom(problem: str) -> str | None:
    """Return the symptom that is named first in a description, or None."""
    words = tokens(problem)
    found: list[tuple[int, str]] = []
    for label, signs in SYMPTOMS:
        places = [place for sign in signs if (place := find(words, sign)) is not None]
        if places:
            found.append((min(places), label))
    return min(found)[1] if found else None


def ticket_title(device_type: str, brand: str | None, model: str | None, problem: str) -> str:
    """Return a title such as ``PS5: no picture``, at most 60 characters."""
    device = known_device(f"{brand or ''} {model or ''}") or known_device(problem)
    kind = device_type if device_type in DEVICE_TYPES and device_type != "other" else "device"
    return f"{device or kind.capitalize()}: {known_symptom(problem) or 'repair'}"
