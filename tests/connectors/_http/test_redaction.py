from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from connectors._http.redaction import Redactor


def test_secrets_headers_and_addresses_are_masked() -> None:
    redact = Redactor([SecretStr("hunter2"), SecretStr("")])

    masked = redact("550 <ann@example.com>\r\n refused; Authorization: Bearer abc.def, hunter2!")

    assert masked == "550 <[address]> refused; Authorization: Bearer [secret] [secret]!"


@given(st.text(), st.text(), st.text(st.characters(categories=("L", "N")), min_size=4))
def test_a_known_secret_never_gets_through(before: str, after: str, secret: str) -> None:
    masked = Redactor([SecretStr(secret)])(before + secret + after)

    assert secret not in masked.replace("[secret]", " ").replace("[address]", " ")
    assert len(masked) <= 300
    assert "\n" not in masked
