"""Addresses that others tell us end no link early, and lead to the web."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotrod.outside import outside_url

PICTURE = "https://i.ebayimg.com/images/g/abc/s-l1600.jpg"


@pytest.mark.parametrize(
    "url", [PICTURE, "https://www.ebay.ca/itm/1?a=b&c=d#e", "http://127.0.0.1:8765/1.png"]
)
def test_an_address_on_the_web_is_kept(url: str) -> None:
    assert outside_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://i.ebayimg.com/1.jpg",
        "http://127.0.0.1.evil.example.com/1.jpg",
        "javascript:alert(1)",
        "//i.ebayimg.com/1.jpg",
        "https://",
        f"{PICTURE}) [x](https://evil.example.com",
        f"{PICTURE}>|x",
        f"{PICTURE}\n",
        "https://i.ebayimg.com@evil.example.com/1.jpg",
        f"https://example.com/{'a' * 2000}",
    ],
)
def test_any_other_is_none(url: str) -> None:
    assert outside_url(url) == ""


@given(st.text(max_size=60))
def test_what_is_kept_holds_nothing_that_ends_a_link(more: str) -> None:
    kept = outside_url(PICTURE + more)
    assert kept in {"", PICTURE + more}
    assert not set(kept) & set(" \t\n\"'<>()[]|`\\\\")
