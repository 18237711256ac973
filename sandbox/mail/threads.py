"""Which mails belong together: by References, by In-Reply-To, and as a last resort by subject."""

from __future__ import annotations

import hashlib
import re

from sandbox.mail.message import Mail

_REPLY_MARK = re.compile(r"^\s*(?:(?:re|aw|tr|fwd?|wg)(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")


class Threads:
    """The threads that the mails of each mailbox make; no mailbox knows another's mails."""

    def __init__(self) -> None:
        self._by_message_id: dict[tuple[str, str], str] = {}
        self._by_subject: dict[tuple[str, str], str] = {}

    def join(self, mailbox: str, mail: Mail) -> str:
        """Return the id of a mail's thread, and know the mail from now on."""
        named = f"{mail.headers.get('References', '')} {mail.headers.get('In-Reply-To', '')}"
        earlier = _MESSAGE_ID.findall(named)
        subject = _REPLY_MARK.sub("", mail.subject).strip().lower()
        known = [self._by_message_id.get((mailbox, one)) for one in earlier]
        if subject and not earlier and _REPLY_MARK.match(mail.subject):
            known.append(self._by_subject.get((mailbox, subject)))
        first = earlier[0] if earlier else mail.message_id
        thread = next(filter(None, known), hashlib.sha256(first.encode()).hexdigest()[:32])
        self._by_message_id[mailbox, mail.message_id] = thread
        self._by_subject[mailbox, subject] = thread
        return thread

    def forget(self, mailbox: str, mail: Mail) -> None:
        """Forget a mail that is not kept any more."""
        self._by_message_id.pop((mailbox, mail.message_id), None)

    def clear(self) -> None:
        """Forget all."""
        self._by_message_id.clear()
        self._by_subject.clear()
