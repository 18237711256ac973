"""What Twilio tells by webhook: is it Twilio, and what does it say.

Source: twilio.com/docs/usage/webhooks/webhooks-security, /docs/messaging/guides/webhook-request.
The signature holds no time, so what is told twice must be harmless: go by ``sid`` and status.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import parse_qs, parse_qsl, urlsplit

from pydantic import BaseModel, Field, SecretStr

from connectors._http.webhook import Sender, is_same
from connectors.twilio.errors import OPT_OUT_CODES
from connectors.twilio.models import FINAL_STATUSES

SIGNATURE_HEADER = "X-Twilio-Signature"
STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
"""Words that Twilio itself obeys; source: "Twilio support for opt-out keywords"."""

_PORTS = {"http": 80, "https": 443}
_SENDER = Sender(
    "twilio",
    "Set HOTROD_TWILIO__AUTH_TOKEN to the account's primary token, and "
    "HOTROD_GATEWAY__PUBLIC_URL to the root of the URLs that Twilio calls.",
)


def verify(url: str, body: bytes, signature: str, auth_token: SecretStr) -> None:
    """Check who has sent a request.

    Args:
        url: as Twilio knows it: public scheme and host, with its query.
        body: as it came; a form, or JSON where the URL holds ``bodySHA256``.
        signature: header ``X-Twilio-Signature``; empty: there was none.
        auth_token: the account's primary token.

    Raises:
        UnverifiedWebhookError: it is not signed, or differently; or there is no token.
    """
    key = _SENDER.key(auth_token)
    digest = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[0]
    if digest and not is_same(hashlib.sha256(body).hexdigest(), digest.lower()):
        raise _SENDER.refusal("its body is not the one that Twilio has signed")
    told = "" if digest else _joined(body)
    if not any(is_same(_sign(one + told, key), signature) for one in _spellings(url)):
        raise _SENDER.refusal("Twilio has not signed it")


class StatusUpdate(BaseModel):
    """What a status callback says; late ones may come after newer ones."""

    sid: str = Field(alias="MessageSid")
    status: str = Field(alias="MessageStatus")
    to: str = Field("", alias="To")
    error_code: int | None = Field(None, alias="ErrorCode")

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to the text."""
        return self.status in FINAL_STATUSES

    @property
    def is_opted_out(self) -> bool:
        """Whether it failed because the person wants no texts."""
        return self.error_code in OPT_OUT_CODES


class IncomingMessage(BaseModel):
    """A text that a person has sent us."""

    sid: str = Field(alias="MessageSid")
    sender: str = Field(alias="From")
    to: str = Field(alias="To")
    body: str = Field("", alias="Body")
    opt_out_type: str = Field("", alias="OptOutType")

    @property
    def choice(self) -> Literal["stop", "start"] | None:
        """Whether they want no more texts, or texts again; Twilio has obeyed already."""
        word = (self.opt_out_type or self.body).strip().upper()
        if word in STOP_WORDS:
            return "stop"
        return "start" if word in START_WORDS else None


def read_status(body: bytes) -> StatusUpdate:
    """Read the body of a status callback.

    Raises:
        ValueError: it is none.
    """
    return StatusUpdate.model_validate(_form(body))


def read_incoming(body: bytes) -> IncomingMessage:
    """Read the body that tells an incoming text.

    Raises:
        ValueError: it is none.
    """
    return IncomingMessage.model_validate(_form(body))


def _form(body: bytes) -> Mapping[str, str]:
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def _joined(body: bytes) -> str:
    """Join all names and values, sorted; a value that comes twice under a name counts once."""
    values: dict[str, set[str]] = defaultdict(set)
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        values[name].add(value)
    return "".join(name + value for name in sorted(values) for value in sorted(values[name]))


def _spellings(url: str) -> Sequence[str]:
    """Return the URL with and without the usual port: Twilio signs either."""
    parts = urlsplit(url)
    port = _PORTS.get(parts.scheme)
    if port is None or parts.hostname is None or parts.port not in (None, port):
        return [url]
    bare = parts.netloc.removesuffix(f":{port}")
    return [parts._replace(netloc=netloc).geturl() for netloc in (bare, f"{bare}:{port}")]


def _sign(text: str, key: bytes) -> str:
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha1).digest()).decode()
