"""Whose mailboxes are asked for by EWS, and a mail that arrives there."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

HUB = "hub@example.com"
ANN = "ann@example.com"


def written(message_id: str = "<one@example.com>", **headers: str) -> bytes:
    message = EmailMessage(policy=SMTP)
    given = {"From": ANN, "To": HUB, "Subject": "Réparation", "Message-ID": message_id, **headers}
    for name, value in given.items():
        message[name] = value
    message.set_content("Bonjour.\n")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="quote.pdf")
    return bytes(message)
