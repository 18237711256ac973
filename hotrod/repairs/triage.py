"""Triage: what a message is, and whether somebody is in danger. Danger comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hotrod.repairs.models import Danger, Route
from hotrod.repairs.titles import known_device, known_symptom
from hotrod.repairs.vocabulary import Phrase, any_of, phrases, tokens

_DANGERS: dict[Danger, tuple[Phrase, ...]] = {
    Danger.SWOLLEN_BATTERY: phrases(
        "battery swollen", "swollen battery", "battery swelling", "swelling battery",
        "battery bulg*", "bulg* battery", "battery puff*", "puff* battery", "battery expand*",
        "battery bloat*", "bloated battery", "back lifting battery", "battery pushing",
        "battery leak*", "pillow battery", "batterie gonfl*", "batterie enfl*",
    ),
    Danger.MAINS: phrases(
        "electric shock", "electrical shock", "got shocked", "shocks me", "shocked me",
        "gives shock*", "gave shock*", "a shock from", "tingl*", "live wire*", "bare wire*",
        "exposed wire*", "exposed mains", "tripp* breaker", "breaker trip*", "trips fuse",
        "trips rcd", "blew fuse", "blows fuse", "mains cable damaged", "power cord frayed",
        "frayed cord", "frayed cable", "choc electrique", "disjoncteur",
    ),
    Danger.SMOKE: phrases(
        "smoke", "smoking", "smoked", "smokes", "burning smell", "burnt smell", "smell* burn*",
        "smells like burn*", "caught fire", "on fire", "fire came", "flame*", "spark*",
        "melt*", "fumee", "odeur brule", "sent brule", "brule", "etincelle*",
    ),
}  # fmt: skip
_LIQUID = phrases(
    "spill*", "water", "coffee", "tea", "beer", "wine", "juice", "soda", "cola", "got wet",
    "is wet", "liquid", "rain", "flooded", "renverse*", "eau", "cafe",
)  # fmt: skip
_POWERED = phrases(
    "still on", "still plugged", "plugged in", "still running", "still charging", "is charging",
    "while on", "while charging", "keeps running", "while playing", "while using", "turned on",
    "was on", "still works", "powered on", "branche*", "allume*",
)  # fmt: skip
_NOT_POWERED = phrases("unplugged", "switched off", "turned off", "battery out", "debranche*")

_ROUTES: tuple[tuple[Route, tuple[Phrase, ...]], ...] = (
    (
        Route.PRIVACY_REQUEST,
        phrases(
            "delete my data", "delete my personal", "erase my",
            "erase all my", "right be forgotten",
            "gdpr", "pipeda", "loi 25", "personal information hold", "data you hold",
            "remove my account", "delete my account", "copy my data", "supprim* mes donnees",
            "delete everything you have", "forget me",
        ),
    ),
    (
        Route.JOB_APPLICATION,
        phrases(
            "my resume", "my cv", "job opening*", "are you hiring", "apply for", "apply position",
            "application position", "internship", "apprentice*", "curriculum vitae",
            "looking for work", "looking for job", "work for you", "emploi", "stage chez",
        ),
    ),
    (
        Route.COMPLAINT,
        phrases(
            "complain*", "unacceptable", "terrible service", "worst", "refund",
            "want my money back",
            "money back", "disappointed", "rip off", "ripped off", "scam", "lawyer",
            "consumer protection", "came back worse", "broke again after your", "plainte",
            "rembours*", "inacceptable", "speak manager", "very unhappy", "angry",
        ),
    ),
    (
        Route.INVOICE,
        phrases(
            "invoice", "receipt", "facture", "recu de paiement", "billing", "charged twice",
            "copy of bill", "tax receipt", "payment terms", "amount due", "remittance",
        ),
    ),
    (
        Route.STATUS_QUESTION,
        phrases(
            "is it ready", "is ready yet", "ready yet", "any news", "any update", "status of",
            "status update", "update on my", "how is my repair", "how far along", "when will ready",
            "when can pick up", "when can i pick", "still waiting", "heard nothing",
            "haven't heard", "check on my", "checking on", "my ticket", "est-ce pret", "c'est pret",
            "des nouvelles", "where is my", "progress on",
        ),
    ),
    (
        Route.OPENING_HOURS,
        phrases(
            "opening hours", "what hours", "your hours", "business hours", "store hours",
            "are you open", "when do you open", "what time do you", "open on", "open saturday*",
            "open sunday*", "open today", "do you close", "closed on", "heures d'ouverture",
            "etes-vous ouvert*", "horaire*", "where are you located", "your address",
        ),
    ),
    (
        Route.SPAM,
        phrases(
            "seo", "rank google", "first page of google", "crypto", "bitcoin", "casino", "viagra",
            "guest post", "backlink*", "lottery", "click here", "web design services",
            "increase your traffic", "unsecured loan*", "investment opportunity", "you won",
            "earn per day", "cheap followers", "inheritance", "wire transfer", "weight loss",
        ),
    ),
    (
        Route.SALES,
        phrases(
            "wholesale price*", "price list", "do you sell", "you sell", "buy console*",
            "in stock",
            "we offer", "our company", "partnership", "business proposal", "reseller*",
            "bulk order", "we supply", "distributor*", "do you buy", "sell you",
            "interested in buying",
            "want to buy", "quote for 50", "vendez-vous", "gift card*",
        ),
    ),
)  # fmt: skip
_FAULT = phrases(
    "broken", "broke", "not work*", "doesn't work", "stopped work*", "won't", "fix", "repair*",
    "crack*", "damaged", "faulty", "fault", "issue", "problem", "dropped", "fell", "brise",
    "casse", "reparer", "reparation", "fonctionne plus", "marche plus", "ne marche", "en panne",
    "error", "freez*", "crash*", "loose", "bent", "stuck", "glitch*", "flicker*", "intermittent*",
    "dead", "noise", "hum", "drift*", "leak*", "replace", "artifact*", "beep*",
)  # fmt: skip
_ASKS_ABOUT_A_REPAIR = frozenset({Route.STATUS_QUESTION, Route.COMPLAINT, Route.INVOICE})
_NOISE = frozenset({"hi", "hello", "hey", "test", "thanks", "please", "bonjour", "ok", "."})

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


@dataclass(frozen=True)
class Triage:
    """What a message turned out to be.

    Args:
        route: where it goes.
        dangers: hazards it tells of, the gravest kinds first.
        why: the reason, in words for ops.
    """

    route: Route
    dangers: tuple[Danger, ...]
    why: str


def triage(problem: str, *, device_given: bool = False) -> Triage:
    """Read a message by rules.

    Args:
        problem: the customer's words, any length, English or French.
        device_given: the form named a real device, so that a thin text is still a repair.
    """
    words = tokens(problem)
    dangers = find_dangers(words)
    if dangers:
        return Triage(Route.REPAIR, dangers, "tells of a danger")
    if not any(word not in _NOISE for word in words):
        return Triage(Route.EMPTY, (), "says nothing")
    faulty = any_of(words, _FAULT) or known_symptom(problem) is not None
    route = next((route for route, signs in _ROUTES if any_of(words, signs, negated=True)), None)
    if route is None:
        what = "describes a fault" if faulty else "nothing says that it isn't a repair"
        return Triage(Route.REPAIR, (), what)
    names_fault = faulty and (known_symptom(problem) is not None or known_device(problem))
    if names_fault and route not in _ASKS_ABOUT_A_REPAIR and route is not Route.PRIVACY_REQUEST:
        return Triage(Route.REPAIR, (), f"describes a fault, beside a {route} matter")
    if device_given and faulty and route in {Route.OPENING_HOURS, Route.SALES, Route.INVOICE}:
        return Triage(Route.REPAIR, (), f"a device with a fault, beside a {route} matter")
    return Triage(route, (), f"reads like {route}")


def find_dangers(words: Sequence[str]) -> tuple[Danger, ...]:
    """Return the hazards that a text tells of; what is denied ("no smoke") doesn't count."""
    found = [danger for danger, signs in _DANGERS.items() if any_of(words, signs)]
    wet = any_of(words, _LIQUID) and any_of(words, _POWERED)
    if wet and not any_of(words, _NOT_POWERED):
        found.append(Danger.LIQUID)
    return tuple(found)


def safety_text(dangers: Sequence[Danger]) -> tuple[str, ...]:
    """Return what the customer must do now, a paragraph per danger."""
    return tuple(_SAFETY[danger] for danger in dangers)
