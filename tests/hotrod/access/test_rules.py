"""What keys look like and allow."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hotrod.access.models import Scope
from hotrod.access.rules import allows, hash_key, key_prefix, make_key


def test_a_key_is_long_and_says_its_prefix() -> None:
    key = make_key()
    assert key_prefix(key.plaintext) == key.prefix
    assert len(key.plaintext.split("_", 2)[2]) >= 43, "32 random bytes"
    assert key.secret_hash == hash_key(key.plaintext)
    assert make_key().plaintext != key.plaintext


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_other_text_is_no_key(text: str) -> None:
    assert key_prefix(text) is None


@given(st.sets(st.sampled_from(Scope)), st.sampled_from(Scope))
def test_a_scope_allows_itself_and_admin_allows_all(held: set[Scope], wanted: Scope) -> None:
    stored = [scope.value for scope in held]
    assert allows(stored, wanted) == (wanted in held or Scope.ADMIN in held)
