"""Dangers that a message tells of, and what the customer must do about them now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hotrod.repairs.models import Danger
from hotrod.repairs.vocabulary import Phrase, Text, phrases


@dataclass(frozen=True)
class _Sign:
    """Phrases that tell of a danger, unless their sentence is about something else."""

    danger: Danger
    phrases: tuple[Phrase, ...]
    unless: tuple[Phrase, ...] = ()


_SIGNS = (
    _Sign(
        Danger.SWOLLEN_BATTERY,
        phrases("batter* swollen", "swollen batter*", "batter* swell*", "swelling batter*",
                "batter* swelled", "batter* bulg*", "bulg* batter*", "batter* puff*",
                "puff* batter*", "batter* expand*", "expand* batter*", "batter* bloat*",
                "bloated batter*", "batter* balloon*", "batter* inflat*", "batter* pushing",
                "batter* pushed", "spicy pillow", "batter* pillow*", "batterie gonfl*",
                "gonfl* batterie", "batterie bombe*", "batterie enfl*", "pile gonfl*", gap=6),
    ),
    _Sign(
        Danger.SWOLLEN_BATTERY,
        phrases("swollen", "swelling", "bulging", "bulged", "bloated", "bulges", "puffed",
                "puffy", "gonfle", "gonflee"),
        unless=phrases("capacitor*", "cap", "caps", "condensateur*"),
    ),
    _Sign(
        Danger.SWOLLEN_BATTERY,
        phrases("screen lift*", "screen separat*", "screen popping out", "screen popped out",
                "screen pushed up", "screen pushed out", "screen pushing out", "screen bulg*",
                "screen coming off", "display lift*", "back lift*", "back cover lift*",
                "back glass lift*", "back popped off", "trackpad raised", "trackpad lift*",
                "trackpad bulg*", "ecran souleve*", "ecran decolle*", gap=3),
    ),
    _Sign(
        Danger.MAINS,
        phrases("electric* shock*", "got shock", "got shocked", "get shocked", "get shock",
                "getting shocked", "gave me shock", "gives me shock", "gives shock*",
                "giving shock*", "shocks me", "shocked me", "shocked when touch*", "shock touch*",
                "touch* shock*", "zapped", "zaps", "zapping", "electrocut*", "choc electrique",
                "decharge electrique", "pris decharge"),
        unless=phrases("static", "price*", "quote*", "bill", "invoice", "cost*", "service"),
    ),
    _Sign(
        Danger.MAINS,
        phrases("tingl*", "picote*"),
        unless=phrases("sound*", "noise*", "music", "tone"),
    ),
    _Sign(
        Danger.MAINS,
        phrases("trip* breaker*", "breaker* trip*", "trip* circuit", "circuit trip*", "trip* gfci",
                "gfci trip*", "trip* rcd", "trip* house", "trip* power", "knocks out power",
                "disjoncteur saute*", "saut* disjoncteur", "disjonct*", "bare wire*", "live wire*",
                "exposed wire*", "wire* exposed", "bare mains", "exposed mains", "open mains",
                "mains lead open", "mains lead fray*", "mains lead cut", "mains lead damaged",
                "mains cable damaged", "mains cable cut", "fray* cord", "cord fray*",
                "fray* cable", "cable fray*", "fray* lead", "lead fray*", "cord damaged",
                "damaged cord", "cut cord", "cord cut", "chewed cord", "chewed power",
                "chewed through", "chassis live", "live chassis", "case live", "case is live",
                "fil* denude*", "cordon denude*", gap=3),
    ),
    _Sign(
        Danger.SMOKE,
        phrases("smoke", "smoked", "smokes", "smoking", "smokey", "smoky", "fumes", "fumee",
                "ca fume", "fumait"),
        unless=phrases("smoke free", "smoke-free", "i smoke", "we smoke", "smoking home",
                       "smoking house*", "smoker*", "cigarette*", "smoking room", gap=0),
    ),
    _Sign(
        Danger.SMOKE,
        phrases("burn* smell*", "burnt smell*", "smell* burn*", "smell* like burn*",
                "smell* like fire", "burn* plastic", "burnt plastic", "burn mark*",
                "scorch*", "charred", "sparks", "sparked", "sparking", "a spark", "arcing",
                "on fire", "caught fire", "catch* fire", "flame", "flames", "melted", "melting",
                "melts", "exploded", "exploding", "explosion", "odeur brule*", "odeur de brule*",
                "sent brule*", "senti brule*", "sentait brule*", "roussi", "etincelle*",
                "pris feu", "prend feu", "en feu", "flammes", "fondu", "fondue"),
        unless=phrases("spark amp*"),
    ),
)  # fmt: skip

_LIQUIDS = (
    "water", "coffee", "tea", "beer", "wine", "juice", "soda", "coke", "cola", "milk", "soup",
    "rain", "eau", "cafe", "biere", "vin", "jus",
)  # fmt: skip
_POOLS = ("water", "pool", "toilet", "sink", "bath", "tub", "lake", "river", "ocean", "puddle")
_SOMEWHERE = ("over", "on", "into", "inside", "got", "went", "sur", "dans")
_MOVED = ("into", "dans", "knocked", "poured", "dumped")
_WET = (
    *phrases("spill*", "spilt", "got wet", "is wet", "still wet", "soaked", "soaking wet",
             "liquid damage*", "water damage*", "liquid inside", "liquid got", "flooded",
             "rained on", "renverse*", "mouille*", "degat* eau", gap=3),
    *phrases(*(f"{how} {pool}" for how in ("fell", "dropped") for pool in _POOLS), gap=3),
    *phrases(*(f"{liquid} {where}" for liquid in _LIQUIDS for where in _SOMEWHERE), gap=1),
    *phrases(*(f"{how} {liquid}" for how in _MOVED for liquid in _LIQUIDS), gap=1),
)  # fmt: skip
_POWERED = phrases(
    "still on", "still plugged", "plugged in", "still connected", "still running", "still works",
    "still working", "still charging", "is charging", "it's charging", "was charging",
    "while charging", "on charge", "on the charger", "while on", "it is on", "it's on", "it was on",
    "was running", "is running", "keeps running", "turned on", "turned it on", "switched it on",
    "switched on", "powered on", "while playing", "while using", "was playing", "was using",
    "branche", "branchee", "allume", "allumee", "en marche", "en charge", gap=1,
)  # fmt: skip
_MADE_SAFE = phrases(
    "unplugged", "unplug", "switched off", "switched it off", "turned off", "turned it off",
    "powered off", "powered it off", "shut it down", "shut it off", "is off", "it's off",
    "took out the battery", "battery out", "removed the battery", "disconnected", "debranche*",
    "eteint*", gap=1,
)  # fmt: skip
_LONG_AGO = phrases(
    "weeks ago", "months ago", "month ago", "years ago", "year ago", "last month", "last year",
    "last summer", "last winter", "long ago", "il y a mois", "il y a semaines",
)  # fmt: skip

_SAFETY: dict[Danger, str] = {
    Danger.SWOLLEN_BATTERY: (
        "A swollen battery can catch fire. Switch the device off, don't charge it, don't press or "
        "open it, and keep it outdoors or on stone, away from anything that burns."
    ),
    Danger.MAINS: (
        "Mains voltage can kill. Don't touch the device; switch off its circuit at the breaker, "
        "then pull the plug. After an electric shock, see a doctor even if you feel well."
    ),
    Danger.SMOKE: (
        "Smoke or a burning smell can turn into fire. If it is safe, pull the plug, and leave the "
        "device unplugged. If it is still smoking, leave the room and call 911."
    ),
    Danger.LIQUID: (
        "Liquid in a device under power is dangerous. Don't touch it while it is plugged in: "
        "switch off its circuit at the breaker, unplug it, and don't turn it on or charge it."
    ),
}


def find_dangers(text: Text) -> tuple[Danger, ...]:
    """Return the dangers that a text tells of; what is denied ("no smoke") doesn't count."""
    found = {sign.danger for sign in _SIGNS if _holds(sign, text)}
    if _is_wet_under_power(text):
        found.add(Danger.LIQUID)
    return tuple(danger for danger in Danger if danger in found)


def safety_text(dangers: Sequence[Danger]) -> tuple[str, ...]:
    """Return what the customer must do now, a paragraph per danger."""
    return tuple(_SAFETY[danger] for danger in dangers)


def _holds(sign: _Sign, text: Text) -> bool:
    told = {
        text.sentences[at[0]] for phrase in text.begun(sign.phrases) for at in text.claims(phrase)
    }
    if not told:
        return False
    return bool(
        told - {text.sentences[at[0]] for other in sign.unless for at in text.places(other)}
    )


def _is_wet_under_power(text: Text) -> bool:
    """Tell whether there is liquid in a device that was last said to be under power."""
    if not text.says(_WET) or text.mentions(_LONG_AGO):
        return False
    return _last(text, _POWERED) > _last(text, _MADE_SAFE)


def _last(text: Text, wanted: Sequence[Phrase]) -> int:
    """Return the last word that claims one of the phrases; -1 when none does."""
    return max((at[-1] for phrase in text.begun(wanted) for at in text.claims(phrase)), default=-1)
