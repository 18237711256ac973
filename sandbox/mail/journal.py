"""The journal: what was taken for delivery is on disk before that is answered.

So a stand-in that was killed knows, when it runs again, every mail that it has said yes to.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from sandbox.mail.message import Mail

Via = Literal["graph", "smtp", "imap", "ews", "gmail", "outside"]
"""How a mail came in; ``outside``: from somebody whose mail service isn't played here."""


class Submission(BaseModel):
    """A mail that was taken, as read, with the envelope and when it was.

    To read a mail takes milliseconds, and a stand-in that starts again has thousands.
    """

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    mail: Mail
    sender: str
    recipients: tuple[str, ...]
    via: Via
    keep_sent: bool
    received_at: datetime


class Journal:
    """A file with a line of JSON for each submission; it is only ever appended to.

    A kill in the middle of a line leaves half of it, of which nobody was told: it is cut off when
    the journal is opened.

    Args:
        path: of the file; it and its folder are made when missing.

    Raises:
        OSError: the file can't be used.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        with path.open("a+b") as file:
            file.seek(0)
            self._lines = file.read()
            file.truncate(self._lines.rfind(b"\n") + 1)

    def read(self) -> Iterator[Submission]:
        """Return what was in the file when it was opened, oldest first; once."""
        *lines, _half = self._lines.split(b"\n")
        self._lines = b""
        return map(Submission.model_validate_json, lines)

    def write(self, submission: Submission) -> None:
        """Append a submission; when this returns, the system has it."""
        with self._path.open("ab") as file:
            file.write(submission.model_dump_json().encode() + b"\n")

    def clear(self) -> None:
        """Forget all."""
        self._path.write_bytes(b"")
