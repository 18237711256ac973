from __future__ import annotations

import pickle
import time

import pytest
from pydantic import SecretStr

from connectors._http.webhook import Sender, UnverifiedWebhookError, is_same

SENDER = Sender("slack", "Set HOTROD_SLACK__SIGNING_SECRET.")
NOW = 1795280400.0


def test_a_refusal_says_who_why_and_what_to_do() -> None:
    refusal = SENDER.refusal("it is not signed")

    assert (refusal.service, refusal.reason) == ("slack", "it is not signed")
    assert str(refusal) == "slack webhook: it is not signed. Set HOTROD_SLACK__SIGNING_SECRET."
    assert SENDER.refusal("it is old", "Set the clock.").cure == "Set the clock."


def test_a_refusal_survives_the_way_between_processes() -> None:
    back = pickle.loads(pickle.dumps(SENDER.refusal("it is old", "Set the clock.")))  # noqa: S301

    assert str(back) == "slack webhook: it is old. Set the clock."


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_blank_secret_is_no_key(blank: str) -> None:
    with pytest.raises(UnverifiedWebhookError, match="HOTROD_SLACK__SIGNING_SECRET"):
        SENDER.key(SecretStr(blank))


def test_a_secret_is_the_key_byte_by_byte() -> None:
    assert SENDER.key(SecretStr("é ")) == "é ".encode()


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_are_young_enough(seconds: int) -> None:
    SENDER.check_age(str(int(NOW)), NOW + seconds)
    SENDER.check_age(str(int(NOW) * 1000), NOW + seconds, per_second=1000)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_more_are_not(seconds: int) -> None:
    with pytest.raises(UnverifiedWebhookError, match="five minutes"):
        SENDER.check_age(str(int(NOW)), NOW + seconds)
    with pytest.raises(UnverifiedWebhookError, match="five minutes"):
        SENDER.check_age(str(int(NOW) * 1000), NOW + seconds, per_second=1000)


def test_without_a_moment_it_goes_by_the_clock() -> None:
    SENDER.check_age(str(int(time.time())), None)
    with pytest.raises(UnverifiedWebhookError, match="five minutes"):
        SENDER.check_age(str(int(time.time()) - 400), None)


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1.5", "²", "1795280400\n", "9" * 5000])
def test_a_timestamp_that_is_none_is_refused(timestamp: str) -> None:
    with pytest.raises(UnverifiedWebhookError, match="no timestamp"):
        SENDER.check_age(timestamp, NOW)


def test_text_and_bytes_are_the_same_when_they_read_the_same() -> None:
    assert is_same("é", "é".encode())
    assert not is_same("é", "e")
    assert not is_same("", "e")
