from __future__ import annotations

import pickle

import pytest
from pydantic import SecretStr

from connectors._http.errors import (
    ConnectorError,
    ErrorBuilder,
    ErrorTable,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
    UnknownOutcomeError,
    classify,
)
from connectors._http.redaction import Redactor


@pytest.mark.parametrize(
    ("status", "read", "write"),
    [
        (400, RejectedError, RejectedError),
        (401, NeedsReauthError, NeedsReauthError),
        (403, NeedsReauthError, NeedsReauthError),
        (404, ServiceNotFoundError, ServiceNotFoundError),
        (408, TransientError, UnknownOutcomeError),
        (410, ServiceNotFoundError, ServiceNotFoundError),
        (422, RejectedError, RejectedError),
        (429, RateLimitedError, RateLimitedError),
        (500, TransientError, UnknownOutcomeError),
        (501, RejectedError, RejectedError),
        (502, TransientError, UnknownOutcomeError),
        (503, TransientError, UnknownOutcomeError),
        (504, TransientError, UnknownOutcomeError),
        (505, RejectedError, RejectedError),
        (507, RejectedError, UnknownOutcomeError),
        (529, RejectedError, UnknownOutcomeError),
        (301, RejectedError, RejectedError),
    ],
)
def test_what_fails_half_way_is_unknown_for_a_write(
    status: int, read: type[ConnectorError], write: type[ConnectorError]
) -> None:
    assert classify(status, write=False) is read
    assert classify(status, write=True) is write


def test_a_read_is_tried_again_after_these_statuses_and_no_others() -> None:
    again = {
        status
        for status in range(300, 600)
        if issubclass(classify(status, write=False), TransientError | RateLimitedError)
    }

    assert again == {408, 429, 500, 502, 503, 504}


def test_a_vendors_code_goes_before_the_status() -> None:
    table: ErrorTable = {"out_of_money": RejectedError, 409: TransientError}

    assert classify(429, "out_of_money", write=False, table=table) is RejectedError
    assert classify(429, "too_fast", write=False, table=table) is RateLimitedError
    assert classify(409, write=False, table=table) is TransientError


def test_an_error_says_where_what_and_the_cure_and_survives_pickling() -> None:
    error = RateLimitedError("slack", "post_message", "answered 429", "Wait.", 7.0)

    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert str(error) == "slack.post_message: answered 429. Wait."
    assert (str(copy), copy.retry_after_seconds) == (str(error), 7.0)


def test_every_class_has_a_cure_of_its_own() -> None:
    cures = {kind("s", "o", "m").cure for kind in ConnectorError.__subclasses__()}

    assert len(cures) == len(ConnectorError.__subclasses__())


def test_a_built_error_is_redacted_and_holds_the_services_own_cure() -> None:
    build = ErrorBuilder("things", {RejectedError: "Ask Bob."}, Redactor([SecretStr("hunter2")]))

    error = build(RejectedError, "add", "answered 400 hunter2  for ann@x.ca", 7.0)

    assert type(error) is RejectedError
    assert str(error) == "things.add: answered 400 [secret] for [address]. Ask Bob."
    assert error.retry_after_seconds == 7.0


def test_a_cure_for_the_case_goes_before_the_services_and_that_before_the_classes() -> None:
    build = ErrorBuilder("things", {RejectedError: "Ask Bob."})

    assert build(RejectedError, "add", "no", cure="Ask Ann.").cure == "Ask Ann."
    assert build(RejectedError, "add", "no").cure == "Ask Bob."
    assert build(TransientError, "add", "no").cure == TransientError.default_cure


def test_errors_are_redacted_even_where_there_is_no_secret() -> None:
    assert ErrorBuilder("things")(RejectedError, "add", "to ann@x.ca").message == "to [address]"
