"""Short answers to messages that are not about a repair."""

from __future__ import annotations

from dataclasses import dataclass

from hotrod.repairs.models import Route


@dataclass(frozen=True)
class Answer:
    """What a message of one kind is answered: subject, headline, paragraphs."""

    subject: str
    headline: str
    paragraphs: tuple[str, ...]


ANSWERS: dict[Route, Answer] = {
    Route.STATUS_QUESTION: Answer(
        "We have your question about a repair",
        "Where your repair stands",
        (
            "Every mail about a repair links to its own page, which always shows where it stands.",
            "If you can't find that mail, reply to this one with the number of your repair.",
            "Someone from the bench will read your question and answer it.",
        ),
    ),
    Route.OPENING_HOURS: Answer(
        "Our opening hours",
        "Our opening hours",
        ("Thank you for asking. If that leaves a question open, reply to this mail.",),
    ),
    Route.COMPLAINT: Answer(
        "We have your complaint",
        "We are sorry",
        (
            "Thank you for telling us what went wrong. A person will read it and answer you.",
            "Photos or the number of your repair help us to put it right: just reply to this mail.",
        ),
    ),
    Route.SALES: Answer(
        "We have your inquiry",
        "Thank you for your inquiry",
        ("We passed it on to the people who look after sales. They will answer you by mail.",),
    ),
    Route.INVOICE: Answer(
        "We have your message about an invoice",
        "Your message about an invoice",
        (
            "We passed it on to the people who look after our books. They will answer you by mail.",
            "If you left out the number of the invoice, reply to this mail with it.",
            "Please never send card numbers by mail.",
        ),
    ),
    Route.JOB_APPLICATION: Answer(
        "We have your application",
        "Thank you for your interest in working with us",
        ("We passed your message on. If there is a place that fits, we will write to you.",),
    ),
    # Thirty days: PIPEDA, section 8(3).
    Route.PRIVACY_REQUEST: Answer(
        "We have your privacy request",
        "Your privacy request",
        (
            "We passed it on to the person who looks after privacy and answers within 30 days.",
            "We may ask you to confirm who you are, so that nobody else sees or erases your data.",
        ),
    ),
    Route.EMPTY: Answer(
        "Your message was empty",
        "Your message reached us without text",
        (
            "Please reply to this mail: which device is it about, what does it do, since when?",
            "Photos help.",
        ),
    ),
}
