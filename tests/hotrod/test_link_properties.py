"""Whatever is done to a link, it opens what it was made for or nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args
from unittest.mock import patch
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itsdangerous import TimestampSigner
from pydantic import SecretStr

from hotrod.errors import LinkError
from hotrod.links import Choice, CustomerLinks, LinkSigner, Purpose

SIGNER = LinkSigner(SecretStr("one secret key that is long enough"))
STRANGER = LinkSigner(SecretStr("another secret key, also long enough"))
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
CHOICES: tuple[Choice, ...] = get_args(Choice)
SIGNED_AT = 1_790_000_000

subjects = st.uuids()
purposes = st.sampled_from(PURPOSES)
of_a_token = st.sampled_from("ABCXYZabcxyz0189-_.") | st.characters()
quick = settings(max_examples=60, database=None)


def read(purpose: Purpose, token: str) -> UUID | None:
    """Return what a token names, or None when it is refused."""
    try:
        return SIGNER.read(purpose, token)
    except LinkError:
        return None


def signed_part(token: str) -> str:
    return token.rpartition(".")[0]


def check(altered: str, token: str, subject: UUID) -> None:
    """An altered token is refused; base64 may write the same signature in another way."""
    opened = read("status", altered)
    if signed_part(altered) != signed_part(token):
        assert opened is None
    else:
        assert opened in {None, subject}


@given(purpose=purposes, subject=subjects)
@quick
def test_what_is_signed_reads_back_and_fits_into_a_url(purpose: Purpose, subject: UUID) -> None:
    token = SIGNER.sign(purpose, subject)
    assert SIGNER.read(purpose, token) == subject
    assert quote(token, safe="") == token


@given(made_for=purposes, used_for=purposes, subject=subjects)
@quick
def test_a_token_serves_its_own_purpose_only(
    made_for: Purpose, used_for: Purpose, subject: UUID
) -> None:
    token = SIGNER.sign(made_for, subject)
    assert read(used_for, token) == (subject if used_for == made_for else None)


@given(purpose=purposes, subject=subjects)
@quick
def test_a_token_of_another_key_is_refused(purpose: Purpose, subject: UUID) -> None:
    assert read(purpose, STRANGER.sign(purpose, subject)) is None


@given(
    subject=subjects, start=st.integers(0, 80), removed=st.integers(0, 4), text=st.text(max_size=5)
)
@settings(quick, max_examples=200)
def test_an_edited_token_is_refused(subject: UUID, start: int, removed: int, text: str) -> None:
    token = SIGNER.sign("status", subject)
    check(token[:start] + text + token[start + removed :], token, subject)


@given(subject=subjects, place=st.integers(0, 80), character=of_a_token)
@settings(quick, max_examples=200)
def test_a_token_with_one_other_character_is_refused(
    subject: UUID, place: int, character: str
) -> None:
    token = SIGNER.sign("status", subject)
    check(token[:place] + character + token[place + 1 :], token, subject)


@given(subject=subjects, end=st.integers(0, 80))
@quick
def test_a_truncated_token_is_refused(subject: UUID, end: int) -> None:
    token = SIGNER.sign("status", subject)
    assert read("status", token[: end % len(token)]) is None
    assert read("status", token[end % len(token) + 1 :]) is None


@given(
    subject=subjects,
    other=subjects,
    signer=st.sampled_from([SIGNER, STRANGER]),
    purpose=purposes,
    take=st.lists(st.booleans(), min_size=3, max_size=3),
)
@quick
def test_tokens_can_not_be_spliced(
    subject: UUID, other: UUID, signer: LinkSigner, purpose: Purpose, take: list[bool]
) -> None:
    with patch.object(TimestampSigner, "get_timestamp", return_value=SIGNED_AT):
        token = SIGNER.sign("status", subject)
    donor = signer.sign(purpose, other)
    parts = zip(token.rsplit(".", 2), donor.rsplit(".", 2), take, strict=True)
    spliced = ".".join(theirs if taken else ours for ours, theirs, taken in parts)
    if spliced not in {token, donor}:
        assert read("status", spliced) is None


@given(age=st.integers(-10, 100), most=st.integers(0, 90))
@quick
def test_a_token_is_good_until_it_is_too_old(age: int, most: int) -> None:
    subject = UUID(int=1)
    with patch.object(TimestampSigner, "get_timestamp", return_value=SIGNED_AT):
        token = SIGNER.sign("status", subject)
    with patch.object(TimestampSigner, "get_timestamp", return_value=SIGNED_AT + age):
        if 0 <= age <= most:
            assert SIGNER.read("status", token, max_age=timedelta(seconds=most)) == subject
        else:
            with pytest.raises(LinkError):
                SIGNER.read("status", token, max_age=timedelta(seconds=most))
        assert SIGNER.read("status", token) == subject


@given(subject=subjects, choice=st.sampled_from(CHOICES))
@quick
def test_of_a_customers_links_only_the_quotes_own_can_decide(subject: UUID, choice: Choice) -> None:
    links = CustomerLinks(SIGNER, "https://flow.example.com/door")
    urls = {
        "r": links.status_url(subject),
        "v": links.view_url(subject),
        "q": links.decision_url(subject, choice),
    }
    can_decide = set()
    for page, url in urls.items():
        path = urlsplit(url).path.removeprefix("/door/").split("/")
        assert path[0] == page
        if read("quote", path[1]) == subject:
            can_decide.add(page)
    assert can_decide == {"q"}
    assert parse_qs(urlsplit(urls["q"]).query) == {"choice": [choice]}
