"""What the RFCs fix of Web Push, as the file of facts beside this checkout holds it."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import yaml

from sandbox.calls import Exchange
from tests.contract.contracts import SPECS, Violations, are_here
from tests.contract.contracts.refusals import Unworded

CREDENTIALS = re.compile(r"vapid t=([\w-]+)\.([\w-]+)\.[\w-]+, ?k=([\w-]+)", re.ASCII)


class WebPushFacts:
    """The facts: headers, the signed token, the size of a message, statuses."""

    path = SPECS / "webpush" / "rfc-facts.yaml"

    def is_here(self) -> bool:
        """Whether the file lies beside this checkout."""
        return are_here(self.path)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The file's content."""
        loaded: dict[str, Any] = yaml.safe_load(self.path.read_text(encoding="utf-8"))
        return loaded

    @cached_property
    def statuses(self) -> set[int]:
        """What a refusal may be; 400 is told with the header it is about."""
        found = re.findall(r"\d{3}", " ".join(map(str, self.facts["statuses"])))
        found += re.findall(r"refused with (\d{3})", self.facts["headers"]["TTL"])
        return {int(one) for one in found}

    @cached_property
    def urgencies(self) -> set[str]:
        """How urgent a message may be called."""
        return set(self.facts["headers"]["Urgency"].partition(" (")[0].split(" | "))

    @cached_property
    def most_bytes(self) -> int:
        """The largest body that each push service takes."""
        return _number(self.facts["encryption"]["must_support_payload"])

    @cached_property
    def longest_life(self) -> int:
        """The latest end of a token, in seconds from now."""
        return _number(self.facts["vapid_jwt"]["exp"].removeprefix("at most ")) * 3600

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange the facts don't allow."""
        return Violations([*self._of_request(exchange)], [*self._of_answer(exchange)])

    def _of_request(self, exchange: Exchange) -> Iterator[str]:
        headers = dict(exchange.headers)
        if exchange.method != self.facts["request"]["method"]:
            yield "a message is not pushed by POST"
        if not headers.get("ttl", "").isdecimal():
            yield "no TTL"
        if headers.get("urgency", "normal") not in self.urgencies:
            yield "no such urgency"
        if headers.get("content-encoding") != self.facts["headers"]["Content-Encoding"].split()[0]:
            yield "the body is not said to be encrypted"
        if len(exchange.body) > self.most_bytes:
            yield "not every push service takes so large a body"
        yield from self._of_token(headers)

    def _of_token(self, headers: dict[str, str]) -> Iterator[str]:
        shown = CREDENTIALS.fullmatch(headers.get("authorization", ""))
        if shown is None:
            yield "no VAPID credentials"
            return
        header, claims = json.loads(_raw(shown[1])), json.loads(_raw(shown[2]))
        if header["alg"] != self.facts["vapid_jwt"]["alg"]:
            yield "another algorithm"
        audience = urlsplit(claims["aud"])
        if audience.netloc != headers["host"] or audience.path:
            yield "the audience is not the origin"
        if not 0 < claims["exp"] - time.time() <= self.longest_life:
            yield "the token's end is not within its limits"
        if urlsplit(claims.get("sub", "")).scheme not in ("mailto", "https"):
            yield "the sender can't be reached"
        if len(_raw(shown[3])) != _number(self.facts["encryption"]["subscription_keys"]["p256dh"]):
            yield "the key is no uncompressed point"

    def _of_answer(self, exchange: Exchange) -> Iterator[str]:
        headers = dict(exchange.answer_headers)
        if exchange.status < 400:
            success = self.facts["request"]["success"].split()
            if exchange.status != int(success[0]):
                yield f"a success is {success[0]}"
            if not headers.get("location"):
                yield "no Location"
        elif exchange.status not in self.statuses | {405} and exchange.status < 500:
            yield "there is no such refusal"
        if exchange.status == 429 and not headers.get("retry-after", "0").isdecimal():
            yield "a Retry-After that can't be read"


def _number(text: str) -> int:
    """Return the first number of two digits or more that a fact holds."""
    found = re.search(r"(?<!-)\b\d{2,}\b", text)
    assert found, f"the facts changed: {text}"
    return int(found[0])


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


CONTRACTS = {"webpush": WebPushFacts()}
REFUSALS = {
    "webpush": (
        Unworded(reason="RFC 8030 fixes the statuses of a push service, and no body of a refusal"),
    )
}
