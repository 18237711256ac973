"""Triage: what a message is, and whether somebody is in danger. Danger comes first."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hotrod.repairs.dangers import find_dangers
from hotrod.repairs.facts import DeviceFacts
from hotrod.repairs.models import Danger, Route
from hotrod.repairs.symptoms import find_symptoms
from hotrod.repairs.vocabulary import Phrase, Text, phrases, word_set


@dataclass(frozen=True)
class Triage:
    """What a message turned out to be.

    Args:
        route: where it goes.
        dangers: hazards it tells of, in any route.
        why: the reason, in our own words for ops; free of the customer's.
    """

    route: Route
    dangers: tuple[Danger, ...]
    why: str


@dataclass(frozen=True)
class _RouteSigns:
    """Phrases of a route; ``beside_fault`` of them outweigh a fault (None: a fault always wins)."""

    route: Route
    phrases: tuple[Phrase, ...]
    beside_fault: int | None = None


_ROUTES = (
    _RouteSigns(
        Route.PRIVACY_REQUEST,
        phrases(
            "delete my data", "delete all my data", "erase my data", "delete my personal",
            "erase my personal", "remove my personal", "remove my data", "delete my account",
            "remove my account", "close my account", "my personal information",
            "my personal data", "data you hold", "data you have", "information you hold",
            "information you have", "everything you have about me", "right to be forgotten",
            "forget me", "gdpr", "pipeda", "loi 25", "law 25", "access request", "unsubscribe",
            "copy of my data", "supprim* mes donnees", "effac* mes donnees",
            "renseignements personnels", "donnees personnelles", gap=1,
        ),
        beside_fault=2,
    ),
    _RouteSigns(
        Route.JOB_APPLICATION,
        phrases(
            "my resume", "attached resume", "my cv", "attached cv", "curriculum vitae",
            "cover letter", "job opening*", "open position*", "you hiring", "you guys hiring",
            "apply for", "applying for", "application for", "position of", "technician position",
            "internship", "apprentice*", "looking for work", "looking for a job", "work for you",
            "work at your", "join your team", "years of experience", "years experience",
            "poste de technicien", "candidature", "mon cv", "embauche*", "cherche un emploi",
            "cherche un stage", gap=1,
        ),
        beside_fault=3,
    ),
    _RouteSigns(
        Route.COMPLAINT,
        phrases(
            "complain*", "unacceptable", "terrible service", "horrible service", "worst service",
            "worst shop", "worst experience", "awful service", "want my money back", "money back",
            "refund", "disappointed", "rip off", "ripped off", "ripoff", "scammed", "scammers",
            "lawyer", "small claims", "consumer protection", "chargeback", "bad review",
            "one star", "speak manager", "talk to manager", "very unhappy", "not happy",
            "very angry", "furious", "worse than before", "came back worse",
            "you broke", "you damaged", "you scratched", "you guys broke", "your technician broke",
            "your technician scratched", "still not fixed", "still broken", "still doesn't",
            "again after your", "same problem again", "same issue again", "never coming back",
            "rude", "plainte", "rembours*", "inacceptable", "decu", "decue", "arnaque*",
        ),
        beside_fault=2,
    ),
    _RouteSigns(
        Route.INVOICE,
        phrases(
            "invoice*", "receipt", "facture*", "recu de paiement", "billing", "billed twice",
            "charged twice", "charged my card", "overcharged", "copy of bill", "tax receipt",
            "payment terms", "amount due", "remittance", "accounts payable", "gst number",
            "hst number", "proof of payment", "etransfer", "e-transfer",
        ),
        beside_fault=3,
    ),
    _RouteSigns(
        Route.STATUS_QUESTION,
        phrases(
            "is ready", "is my ready", "be ready", "ready yet", "ready for pickup", "ready pick up",
            "any news", "news about", "news on", "any update*", "an update", "update on",
            "update about", "status of", "status update", "status on", "repair status",
            "how is my repair", "how's my repair", "how far along", "when can pick", "pick it up",
            "still waiting", "heard nothing", "haven't heard", "havent heard", "heard back",
            "check on my", "checking on", "checking in", "following up", "follow up",
            "ticket number", "my ticket", "repair number", "progress on", "where is my",
            "wheres my", "where's my", "dropped it off", "dropped off", "brought in last",
            "est pret", "est prete", "c'est pret", "bientot pret", "des nouvelles",
            "numero de dossier", "ou en est", "depose la semaine",
        ),
        beside_fault=2,
    ),
    _RouteSigns(
        Route.SPAM,
        phrases(
            "seo", "rank google", "rank higher", "first page google", "page one google",
            "crypto investment", "crypto trading", "bitcoin", "casino", "viagra", "cialis",
            "guest post", "backlink*", "lottery", "click here", "web design services",
            "website design", "redesign your website", "your website traffic",
            "increase your traffic", "more traffic", "more leads", "unsecured loan*",
            "business loan*", "investment opportunity", "you won", "you have won", "earn per day",
            "work from home", "followers", "inheritance", "wire transfer",
            "weight loss", "limited time offer", "act now", "hot singles", "100% free",
            "lead generation", "digital marketing", "mobile app development",
        ),
        beside_fault=2,
    ),
    _RouteSigns(
        Route.SALES,
        phrases(
            "do you sell", "you guys sell", "you sell", "vendez-vous", "vendez vous", "for sale",
            "want to buy", "like to buy", "looking to buy", "can i buy", "interested in buying",
            "purchase*", "in stock", "do you have any used", "refurbished", "second hand",
            "do you buy", "you buy", "sell you", "sell my", "trade in", "trade-in", "wholesale",
            "price list", "bulk order", "bulk price*", "gift card*", "reseller*", "distributor*",
            "partnership", "business proposal", "we supply", "acheter", "a vendre",
            "carte cadeau",
        ),
    ),
    _RouteSigns(
        Route.OPENING_HOURS,
        phrases(
            "opening hours", "what hours", "your hours", "business hours", "store hours",
            "shop hours", "holiday hours", "hours of operation", "hours on", "hours for",
            "are you open", "are you guys open", "you open", "u open", "open on", "open today",
            "open tomorrow", "open saturday*", "open sunday*", "open late", "do you close",
            "you close", "closed on", "closed today", "what time open", "heures d'ouverture",
            "vos heures", "etes vous ouvert*", "etes-vous ouvert*", "ouvert*", "ouvrez-vous",
            "fermez-vous", "horaire*", "where are you located", "your address", "your location",
            "ou etes-vous", "parking", "drop by",
        ),
    ),
)  # fmt: skip

_SAYS_BROKEN = phrases(
    "is broken", "it's broken", "its broken", "it broke", "just broke", "broke down", "broken it",
    "i broke", "got broken", "not work*", "isn't working", "isnt working", "doesn't work",
    "doesnt work", "don't work", "dont work", "won't work", "wont work", "stopped work*",
    "quit working", "problem with my", "problem with the", "issue with my", "issue with the",
    "something wrong", "trouble with my", "is damaged", "is faulty", "malfunction*", "freez*",
    "crashes", "crashing", "glitch*", "dropped my", "i dropped it", "it fell", "error code",
    "en panne", "est brise*", "est casse*", "marche pas", "marche plus", "fonctionne pas",
    "fonctionne plus", "probleme avec", gap=1,
)  # fmt: skip
_SAYS_NOTHING = word_set(
    "hi hello hey yo dear sir madam test testing thanks thank you please bonjour salut allo merci "
    "ok okay na n a none nothing asdf qwerty . x"
)
_TICKET_NUMBER = re.compile(r"[a-z]{2,4}-\d{4,6}")


def triage(problem: str, device: DeviceFacts | None = None) -> Triage:
    """Read a message by rules.

    A message that tells of a device's fault is a repair, whatever else it asks; unless it plainly
    is about a repair that we have already, or isn't from a customer. What says too little is a
    repair too: the diagnosis asks.

    Args:
        problem: the customer's words, any length, English or French.
        device: the device that came with the message, so that its model isn't taken for a
            ticket's number.
    """
    text = Text.read(problem)
    dangers = find_dangers(text)
    symptom = next((seen.label for seen in find_symptoms(text) if seen.is_sure), None)
    is_fault = symptom is not None or bool(dangers) or text.says(_SAYS_BROKEN)
    if all(word in _SAYS_NOTHING for word in text.words):
        return Triage(Route.EMPTY, dangers, "says nothing")
    counts = {row.route: _count(row, text, device) for row in _ROUTES}
    asked = [row for row in _ROUTES if counts[row.route]]
    strong = [row for row in asked if _outweighs_fault(row, counts[row.route])]
    beside = ", ".join(row.route.replace("_", " ") for row in asked)
    if is_fault and not strong:
        why = f"tells of a fault: {symptom or 'not named'}"
        return Triage(Route.REPAIR, dangers, f"{why}; asks besides: {beside}" if beside else why)
    if not asked:
        return Triage(Route.REPAIR, dangers, "nothing says that it isn't a repair")
    best = max(strong or asked, key=lambda row: counts[row.route])
    return Triage(best.route, dangers, f"reads like: {beside}")


def _count(row: _RouteSigns, text: Text, device: DeviceFacts | None) -> int:
    count = sum(text.mentions((phrase,)) for phrase in text.begun(row.phrases))
    return count + (row.route is Route.STATUS_QUESTION and _names_ticket(text, device))


def _outweighs_fault(row: _RouteSigns, count: int) -> bool:
    return row.beside_fault is not None and count >= row.beside_fault


def _names_ticket(text: Text, device: DeviceFacts | None) -> bool:
    models = set(Text.read(device.label).words) if device is not None else set()
    return any(_TICKET_NUMBER.fullmatch(word) for word in text.words if word not in models)
