"""Symptoms by the words that customers use for them, in English and French."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from hotrod.repairs.vocabulary import Phrase, Text, phrases


@dataclass(frozen=True)
class Symptom:
    """Something that is wrong with a device.

    ``sure`` phrases tell of the fault by themselves; ``hints`` only name what it may be about.
    """

    label: str
    sure: tuple[Phrase, ...]
    hints: tuple[Phrase, ...] = ()


@dataclass(frozen=True)
class Sighting:
    """A symptom in a text; ``place`` is the word where it stands."""

    label: str
    place: int
    is_sure: bool


SYMPTOMS = (
    Symptom(
        "swollen battery",
        phrases("batter* swollen", "swollen batter*", "batter* swell*", "batter* bulg*",
                "bulging batter*", "batter* puff*", "batter* expand*", "batterie gonfle*", gap=4),
    ),
    Symptom(
        "smoke",
        phrases("smoke", "smoked", "smokes", "smoking", "burn* smell", "burnt smell",
                "smell* burn*", "caught fire", "sparks", "sparked", "sparking", "melted",
                "fumee", "ca fume", "etincelle*", "odeur brule", "sent brule"),
    ),
    Symptom(
        "liquid damage",
        phrases("spill*", "spilt", "water damage*", "liquid damage*", "got wet", "got soaked",
                "fell water", "fell toilet", "dropped water", "dropped toilet", "dropped pool",
                "dropped bath", "water inside", "renverse*", "tombe* eau", "degat* eau"),
        phrases("water", "liquid", "coffee"),
    ),
    Symptom(
        "cracked screen",
        phrases("crack* screen", "screen crack*", "screen broke*", "broken screen", "smash* screen",
                "screen smash*", "shatter*", "screen shatter*", "crack* glass", "glass crack*",
                "broken glass", "ecran casse*", "ecran fissure*", "ecran brise*", "vitre casse*",
                gap=3),
    ),
    Symptom(
        "no picture",
        phrases("no picture", "no video", "no display", "no image", "no signal", "black screen",
                "blank screen", "white screen", "screen black", "screen goes black",
                "screen stays black", "nothing on screen", "nothing on tv", "without picture",
                "no hdmi", "bent hdmi", "broken hdmi", "hdmi broken", "hdmi loose", "hdmi damaged",
                "hdmi doesn't", "hdmi not work*", "flicker*", "lines on screen", "artifact*",
                "green screen death", "backlight out", "no backlight", "pas d'image",
                "ecran noir", "aucune image", "ecran clignote"),
        phrases("hdmi", "screen", "display", "ecran"),
    ),
    Symptom(
        "overheats",
        phrases("overheat*", "over heat*", "gets hot", "get hot", "getting hot", "too hot",
                "very hot", "runs hot", "super hot", "fan loud", "loud fan", "fan jet",
                "sounds like jet", "fan doesn't", "fan not spin*", "surchauffe*", "chauffe trop",
                "thermal shutdown"),
        phrases("fan", "hot", "ventilateur"),
    ),
    Symptom(
        "battery",
        phrases("won't charge", "wont charge", "doesn't charge", "doesnt charge", "don't charge",
                "not charging", "isn't charging", "isnt charging", "no charge", "not charge",
                "stopped charging", "can't charge", "cant charge", "won't hold charge",
                "doesn't hold charge", "battery dies", "battery dead", "battery drain*",
                "drains fast", "dies fast", "dies quickly", "battery worn", "bad battery",
                "charge pas", "charge plus", "ne charge", "batterie morte", "se decharge"),
        phrases("battery", "batterie"),
    ),
    Symptom(
        "no power",
        phrases("won't turn on", "wont turn on", "not turn* on", "doesn't turn on",
                "doesnt turn on", "can't turn on", "cant turn on", "cannot turn on",
                "never turns on", "no power", "won't start", "wont start", "doesn't start",
                "doesnt start", "won't power", "wont power", "doesn't power", "doesnt power",
                "not power* on", "won't boot", "wont boot", "doesn't boot", "doesnt boot",
                "not boot*", "is dead", "completely dead", "totally dead", "dead as",
                "went dead", "it died", "just died", "turns off", "turns itself off",
                "turning itself off", "keeps turning off", "shuts off", "shuts down",
                "shuts itself", "shutting off", "shutting down", "shutting itself", "powers off",
                "powering off", "keeps restarting",
                "boot loop*", "bootloop*", "no lights", "no led", "blue light death",
                "blows fuse*", "blown fuse", "s'allume pas", "s'allume plus", "demarre pas",
                "demarre plus", "s'eteint", "morte", "beep* then off", "no sign life"),
        phrases("power", "boot", "dead"),
    ),
    Symptom(
        "stick drift",
        phrases("drift*", "stick moves", "moves by itself", "analog stick", "joystick",
                "thumbstick*"),
    ),
    Symptom(
        "buttons",
        phrases("button* stuck", "button* sticks", "sticky button*", "button* don't",
                "button* doesn't", "button* not work*", "button* dead", "keys stuck", "key stuck",
                "sticky keys", "keys don't", "keys dont", "keys not work*", "keyboard not work*",
                "keyboard doesn't", "keyboard dead", "keyboard broken", "trackpad not work*",
                "trackpad doesn't", "touch not work*", "touch doesn't", "touchscreen not work*",
                "knob* crackl*", "scratchy pot*", "scratchy knob*", "missing key*",
                "touches bloquees", "bouton* marche*", "clavier marche*", gap=3),
        phrases("button*", "keyboard", "trackpad", "knob*", "fader*", "key", "keys"),
    ),
    Symptom(
        "disc drive",
        phrases("won't read disc*", "wont read disc*", "doesn't read disc*", "doesnt read disc*",
                "not read* disc*", "won't take disc*", "disc* stuck", "disk stuck", "won't eject",
                "wont eject", "doesn't eject", "unrecognized disc", "disc drive broken",
                "grinding disc"),
        phrases("disc", "disc drive", "eject*"),
    ),
    Symptom(
        "storage",
        phrases("corrupt*", "disk error*", "drive error*", "ssd fail*", "ssd dead", "ssd died",
                "drive fail*", "drive dead", "drive click*", "clicking drive", "no bootable",
                "ssd not detected", "drive not detected", "lost files", "rebuilding database",
                "safe mode loop", "disque dur mort"),
        phrases("ssd", "hard drive", "storage", "disque dur"),
    ),
    Symptom(
        "no sound",
        phrases("no sound", "no audio", "without sound", "crackl*", "distort*", "humming", "hums",
                "loud hum", "hum noise", "buzz*", "static noise", "hiss*", "cuts out",
                "channel dead", "channel is out", "one side only", "speaker* not work*",
                "speaker* doesn't", "blown speaker", "mic not work*", "microphone not work*",
                "mic doesn't", "can't hear", "pas de son", "aucun son", "gresille*",
                "dead channel"),
        phrases("sound", "noise", "hum", "speaker*", "microphone", "volume", "son"),
    ),
    Symptom(
        "connector",
        phrases("port loose", "loose port", "port broken", "broken port", "port bent", "bent pin*",
                "bent port", "port damaged", "jack loose", "loose jack", "jack broken",
                "broken jack", "connector broken", "broken connector", "port not work*",
                "port doesn't", "usb not work*", "usb-c loose", "cable falls out",
                "only charges at angle", "charges angle", "prise cassee", "port casse",
                gap=3),
        phrases("usb-c", "usb", "headphone jack", "connector", "charging port"),
    ),
)  # fmt: skip


@lru_cache(maxsize=16)
def find_symptoms(text: Text) -> tuple[Sighting, ...]:
    """Return the symptoms of a text: the sure ones in its order, then the hinted ones."""
    found: list[Sighting] = []
    for symptom in SYMPTOMS:
        for is_sure, signs in ((True, symptom.sure), (False, symptom.hints)):
            places = [
                place[0]
                for sign in text.begun(signs)
                for place in text.claims(sign)
                if not all(text.praised[word] for word in place)
            ]
            if places:
                found.append(Sighting(symptom.label, min(places), is_sure))
                break
    return tuple(sorted(found, key=lambda seen: (not seen.is_sure, seen.place)))


def main_symptom(problem: str) -> str | None:
    """Return the symptom that a description tells of first, or None."""
    found = find_symptoms(Text.read(problem))
    return found[0].label if found else None
