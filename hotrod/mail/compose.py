"""Write the mails that customers get, as plain text and as HTML."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from hotrod.company.models import Weekday
from hotrod.mail.answers import ANSWERS
from hotrod.mail.contexts import (
    AcknowledgementContext,
    DecisionContext,
    ExpiredContext,
    MailContext,
    PassedOnContext,
    QuestionsContext,
    QuoteContext,
    ReminderContext,
    Value,
)
from hotrod.mail.wording import day, hours, ink_on, mailto, moment, one_line, quoted
from hotrod.money import money, unit_figure, unit_price
from hotrod.repairs.models import Route


class MailKind(StrEnum):
    """The mails about a ticket; also the names of their templates. PASSED_ON goes to ops."""

    ACKNOWLEDGEMENT = "acknowledgement"
    PASSED_ON = "passed_on"
    QUESTIONS = "questions"
    QUOTE = "quote"
    REMINDER_24H = "reminder_24h"
    REMINDER_72H = "reminder_72h"
    EXPIRED = "expired"
    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(frozen=True)
class ComposedMail:
    """A mail as its reader sees it."""

    subject: str
    text: str
    html: str


_CONTEXTS: dict[MailKind, type[MailContext]] = {
    MailKind.ACKNOWLEDGEMENT: AcknowledgementContext,
    MailKind.PASSED_ON: PassedOnContext,
    MailKind.QUESTIONS: QuestionsContext,
    MailKind.QUOTE: QuoteContext,
    MailKind.REMINDER_24H: ReminderContext,
    MailKind.REMINDER_72H: ReminderContext,
    MailKind.EXPIRED: ExpiredContext,
    MailKind.APPROVED: DecisionContext,
    MailKind.DECLINED: DecisionContext,
}

_SUBJECTS: dict[MailKind, str] = {
    MailKind.ACKNOWLEDGEMENT: "We have your repair request for the {device}",
    MailKind.PASSED_ON: "For you to answer: {route}",
    MailKind.QUESTIONS: "A few questions about your {device}",
    MailKind.QUOTE: "Your quote for the {device}: {price}",
    MailKind.REMINDER_24H: "Your quote for the {device} is waiting for you",
    MailKind.REMINDER_72H: "Last reminder: your quote for the {device}",
    MailKind.EXPIRED: "Your quote for the {device} has expired",
    MailKind.APPROVED: "Approved: the repair of your {device}",
    MailKind.DECLINED: "Declined: the repair of your {device}",
}
_SAFETY_SUBJECT = "Please read first: safety advice for your {device}"

# Titles start with a product's name, or with a capitalized type of device.
_PLAIN_DEVICES = {
    "Audio": "audio device",
    "Board": "board",
    "Camera": "camera",
    "Console": "console",
    "Controller": "controller",
    "Device": "device",
    "Laptop": "laptop",
    "Phone": "phone",
    "Tablet": "tablet",
}

_WEEKDAY_NAMES: dict[Weekday, str] = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}

_TEMPLATES = Environment(
    loader=PackageLoader("hotrod.mail"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(
    day=day,
    hours=hours,
    ink_on=ink_on,
    mailto=mailto,
    moment=moment,
    money=money,
    quoted=quoted,
    unit_figure=unit_figure,
    unit_price=unit_price,
)
_TEMPLATES.globals.update(answers=ANSWERS, weekday_names=_WEEKDAY_NAMES)


def compose(kind: MailKind, context: MailContext) -> ComposedMail:
    """Return a mail's subject, text and HTML; the same context gives the same mail.

    Args:
        kind: which mail.
        context: what it is about; each kind has its own class of context.

    Raises:
        TypeError: the context is not of the class that the kind needs.
    """
    needed = _CONTEXTS[kind]
    if not isinstance(context, needed):
        raise TypeError(f"a mail of kind {kind} needs a {needed.__name__}")
    subject = _subject(kind, context)
    texts = [
        render(f"{kind}.{form}", context, subject, device=_device(context))
        for form in ("txt", "html")
    ]
    return ComposedMail(subject, *texts)


def render(template: str, context: Value, subject: str, **more: str) -> str:
    """Return a template filled with a context, as ``mail``."""
    return _TEMPLATES.get_template(template).render(mail=context, subject=subject, **more)


def _device(context: MailContext) -> str:
    name = context.title.partition(":")[0].strip()
    return _PLAIN_DEVICES.get(name, name)


def _subject(kind: MailKind, context: MailContext) -> str:
    pattern = _SUBJECTS[kind]
    if isinstance(context, AcknowledgementContext):
        if context.safety:
            pattern = _SAFETY_SUBJECT
        elif context.route is not Route.REPAIR:
            pattern = ANSWERS[context.route].subject
    price = context.price if isinstance(context, ExpiredContext) else ""
    route = context.route.replace("_", " ") if isinstance(context, PassedOnContext) else ""
    words = pattern.format(device=_device(context), price=price, route=route)
    return one_line(f"[{context.ticket}] {words}")
