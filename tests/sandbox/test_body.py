from __future__ import annotations

import pytest

from sandbox.body import read_json


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"{}", {}), (b'{"a": [1, "\\u00e9"]}', {"a": [1, "é"]}), (b"null", None)],
)
def test_json_is_read(body: bytes, expected: object) -> None:
    assert read_json(body) == expected


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[" * 200_000, b'{"a": NaN}', b"[-Infinity]", b'["\\ud800"]']
)
def test_what_could_not_be_answered_is_not_read(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_json(body)
