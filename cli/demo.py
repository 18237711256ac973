"""The demonstration: hand in one repair request as a customer would, and watch what happens."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from cli.photo import board_photo
from hotrod.errors import HotrodError
from hotrod.settings import Settings

STEPS: tuple[tuple[str, str], ...] = (
    ("stored", "Ticket stored"),
    ("mail_acknowledgement", "Acknowledgement mail delivered"),
    ("triaged", "Triage"),
    ("diagnosed", "Diagnosis"),
    ("parts_checked", "Parts checked"),
    ("priced", "Quote priced"),
    ("assigned", "Technician assigned"),
    ("mail_quote", "Quote mail delivered"),
)
LAST_STEP = "quote_sent"
_PATIENCE_SECONDS = 60.0
_LOOK_EVERY_SECONDS = 0.1
_NAMES = ("Amélie Roy", "Jordan Lee", "Priya Shah", "Tom Okafor", "Chloé Bouchard", "Sam Park")
_APPROVE_LINK = re.compile(r"https?://\S+/q/\S+choice=approve")


class DemoError(HotrodError):
    """The demonstration failed.

    Args:
        step: what was being waited for.
        reason: why it failed.
        look: where to look for more.
    """

    def __init__(self, step: str, reason: str, look: str) -> None:
        self.step = step
        self.reason = reason
        self.look = look
        super().__init__(f"{step}: {reason} {look}")


@dataclass
class Progress:
    """What has happened so far; seconds count from the moment the request was sent."""

    ticket: str = ""
    view: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    approve_url: str = ""


class Demo:
    """One request and its way through the system.

    Args:
        settings: of the running stack.
        api_key: with the scopes ``tickets:write`` and ``tickets:read``.
    """

    def __init__(self, settings: Settings, api_key: str) -> None:
        self._settings = settings
        self._gateway = httpx.Client(
            base_url=f"http://127.0.0.1:{settings.gateway.port}",
            headers={"X-API-Key": api_key},
            timeout=20,
            trust_env=False,
        )
        self._chance = random.Random()  # noqa: S311 - names of customers, no secret
        self.email = f"customer-{self._chance.randrange(10**8):08d}@example.com"
        self._plays_mail = settings.mail_is_played

    @classmethod
    @contextmanager
    def opened(cls, settings: Settings, api_key: str) -> Iterator[Demo]:
        """Yield a demonstration whose connections are closed in the end."""
        demo = cls(settings, api_key)
        with demo._gateway:
            yield demo

    def run(self) -> Iterator[Progress]:
        """Hand the request in and yield whenever something new has happened, until the end.

        Raises:
            DemoError: a step failed, or took longer than a minute.
        """
        photo = board_photo()
        progress = Progress()
        begin = time.time()
        progress.ticket = self._submit(photo)
        progress.seconds["stored"] = time.time() - begin
        yield progress
        while not self._is_over(progress):
            waiting = next((n for key, n in STEPS if key not in progress.seconds), STEPS[-1][1])
            if time.time() - begin > _PATIENCE_SECONDS:
                raise DemoError(waiting, "This took longer than a minute.", self._look(progress))
            time.sleep(_LOOK_EVERY_SECONDS)
            before = len(progress.seconds)
            try:
                self._update(progress, begin)
            except httpx.HTTPError as error:
                reason = f"Progress can't be read: {error}."
                raise DemoError(waiting, reason, self._look(progress)) from error
            if len(progress.seconds) > before:
                yield progress

    def _submit(self, photo: bytes) -> str:
        form = {
            "customer_name": self._chance.choice(_NAMES),
            "customer_email": self.email,
            "customer_phone": "+1 613 555 0187",
            "device_type": "console",
            "brand": "Sony",
            "model": "PlayStation 5",
            "problem": (
                "Since the cable was pulled out last week there is no picture on any TV. The "
                "console turns on, the light turns white and I hear the menu sounds. The HDMI "
                "port looks bent. I opened it and took a photo of the board."
            ),
        }
        files = {"photos": ("board.jpg", photo, "image/jpeg")}
        try:
            answer = self._gateway.post("/api/flow/repair/new", data=form, files=files)
        except httpx.HTTPError as error:
            reason = f"The gateway can't be reached: {error}."
            raise DemoError("Ticket stored", reason, "See `hotrod logs gateway`.") from error
        if answer.status_code != httpx.codes.ACCEPTED:
            reason = f"The gateway answered {answer.status_code}: {answer.text}."
            raise DemoError("Ticket stored", reason, "See `hotrod logs gateway`.")
        return str(answer.json()["ticket"])

    def _update(self, progress: Progress, begin: float) -> None:
        answer = self._gateway.get(f"/api/repairs/{progress.ticket}").raise_for_status()
        progress.view = answer.json()
        for step in progress.view["steps"]:
            name = step["name"]
            if name.startswith("mail_") and self._plays_mail:
                continue
            progress.seconds.setdefault(name, _since(begin, step["at"]))
        if self._plays_mail:
            self._update_from_mailbox(progress, begin)
        if progress.view["status"] not in {"received", "quoted"}:
            reason = f"The ticket is {progress.view['status']}, not quoted."
            raise DemoError("Quote mail delivered", reason, self._look(progress))

    def _update_from_mailbox(self, progress: Progress, begin: float) -> None:
        """Note when the customer's mailbox got the mails: later than when they were sent."""
        url = f"{self._settings.sandbox_url}/_control/mail"
        mails = httpx.get(url, params={"to": self.email}, trust_env=False).raise_for_status().json()
        for kind, mail in zip(("mail_acknowledgement", "mail_quote"), mails, strict=False):
            progress.seconds.setdefault(kind, _since(begin, mail["received_at"]))
            link = _APPROVE_LINK.search(mail["text"])
            if link:
                progress.approve_url = link[0]

    def _is_over(self, progress: Progress) -> bool:
        return all(key in progress.seconds for key, _ in STEPS) and LAST_STEP in progress.seconds

    def _look(self, progress: Progress) -> str:
        run = progress.view.get("run_url") or self._settings.prefect_url
        return f"See the run at {run}, and `hotrod logs worker-1`."


def result(progress: Progress, stack_start_seconds: float) -> dict[str, Any]:
    """Return the outcome as one JSON object; all times in seconds since the request."""
    return {
        "ok": True,
        "ticket": progress.ticket,
        "status": progress.view["status"],
        "ack_mail_seconds": round(progress.seconds["mail_acknowledgement"], 3),
        "quote_mail_seconds": round(progress.seconds["mail_quote"], 3),
        "total_seconds": round(max(progress.seconds.values()), 3),
        "flow_run_url": progress.view["run_url"],
        "ticket_url": progress.view["status_url"],
        "stack_start_seconds": round(stack_start_seconds, 1),
    }


def _since(begin: float, moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp() - begin
