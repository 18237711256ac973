from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors._http.errors import (
    ConnectorError,
    NeedsReauthError,
    RateLimitedError,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
)
from connectors._http.retry import RetryPolicy, retry_after_seconds

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("Sat, 21 Nov 2026 12:00:09 GMT", 9.0),
        ("Sat, 21 Nov 2026 12:00:09 -0000", 9.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("-3", None),
        ("inf", None),
        ("nan", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, expected: float | None) -> None:
    assert retry_after_seconds(value, NOW) == expected


def error(kind: type[ConnectorError], retry_after: float | None = None) -> ConnectorError:
    return kind("s", "o", "m", None, retry_after)


@given(st.integers(1, 2), st.floats(0, 1), st.sampled_from([TransientError, RateLimitedError]))
def test_waits_double_and_chance_adds_at_most_half(
    tried: int, chance: float, kind: type[ConnectorError]
) -> None:
    wait = RetryPolicy(chance=lambda: chance).wait_seconds(tried, error(kind), safe=True)

    assert wait is not None
    assert 2 ** (tried - 1) <= wait <= 2 ** (tried - 1) * 1.5


@pytest.mark.parametrize("kind", [NeedsReauthError, RejectedError, UnknownOutcomeError])
def test_what_will_not_pass_is_not_tried_again(kind: type[ConnectorError]) -> None:
    assert RetryPolicy().wait_seconds(1, error(kind, 1.0), safe=True) is None


def test_three_tries_are_all() -> None:
    assert RetryPolicy().wait_seconds(3, error(TransientError), safe=True) is None


@pytest.mark.parametrize("safe", [True, False])
def test_a_short_retry_after_is_waited_out_and_a_long_one_is_not(safe: bool) -> None:  # noqa: FBT001
    policy = RetryPolicy()

    assert policy.wait_seconds(1, error(RateLimitedError, 30.0), safe=safe) == 30.0
    assert policy.wait_seconds(1, error(RateLimitedError, 30.1), safe=safe) is None


def test_a_write_is_tried_again_only_when_it_was_not_taken_and_we_know_how_long() -> None:
    policy = RetryPolicy()

    assert policy.wait_seconds(1, error(RateLimitedError), safe=False) is None
    assert policy.wait_seconds(1, error(TransientError, 1.0), safe=False) is None
