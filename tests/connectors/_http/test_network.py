from __future__ import annotations

import ssl

import pytest

from connectors._http.network import is_loopback, may_use_proxy, tls_for


def test_https_clients_share_one_verifying_context() -> None:
    context = tls_for("https://one.example.com")

    assert context is tls_for("https://two.example.com/v1")
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


def test_plain_http_gets_a_context_that_trusts_nobody() -> None:
    context = tls_for("http://127.0.0.1:8090")

    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.cert_store_stats()["x509_ca"] == 0


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("192.0.2.1", False),
        ("mail.example.com", False),
        ("127.0.0.1.example.com", False),
        (None, False),
    ],
)
def test_loopback_is_this_machine_only(host: str | None, expected: bool) -> None:  # noqa: FBT001
    assert is_loopback(host) is expected


def test_no_proxy_for_this_machine() -> None:
    assert not may_use_proxy("http://127.0.0.1:8090/graph")
    assert may_use_proxy("https://graph.microsoft.com/v1.0")
