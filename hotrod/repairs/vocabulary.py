"""Words of the trade, folded for matching: symptoms, devices, negations.

Matching works on tokens, so its work grows with the length of the text and no further.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_NEGATIONS = frozenset(
    {
        *("no", "not", "never", "without", "nothing", "none", "nor"),
        *("isn't", "wasn't", "doesn't", "don't", "didn't", "hasn't", "aren't"),
        *("isnt", "wasnt", "doesnt", "dont", "didnt", "hasnt", "arent"),
        *("pas", "aucun", "aucune", "sans", "ni", "jamais"),
    }
)
_REACH = 3
_BREAKS = frozenset({".", "but", "however", "mais", "though"})


def fold(text: str) -> str:
    """Return the text in lower case, without accents, apostrophes straightened."""
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("\u2019", "'"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def tokens(text: str) -> list[str]:
    """Return the folded words of a text; sentence ends become ``.`` tokens."""
    words: list[str] = []
    current: list[str] = []
    for char in fold(text):
        if char.isalnum() or (char in "'-" and current):
            current.append(char)
            continue
        if current:
            words.append("".join(current).strip("'-"))
            current = []
        if char in ".!?;\n" and words and words[-1] != ".":
            words.append(".")
    if current:
        words.append("".join(current).strip("'-"))
    return words


@dataclass(frozen=True)
class Phrase:
    """Words that mean something, in this order, with up to ``gap`` other words between them.

    A word ending in ``*`` matches by its beginning.
    """

    words: tuple[str, ...]
    gap: int = 2

    @classmethod
    def of(cls, text: str) -> Phrase:
        """Make a phrase from words with blanks between them."""
        return cls(tuple(fold(text).split()))


def phrases(*texts: str) -> tuple[Phrase, ...]:
    """Make phrases from texts."""
    return tuple(Phrase.of(text) for text in texts)


def find(words: Sequence[str], phrase: Phrase, *, negated: bool = False) -> int | None:
    """Return where a phrase stands in the words, or None.

    Args:
        words: from ``tokens``.
        phrase: what to look for.
        negated: also accept it behind a negation, as in "no smoke".
    """
    for start, word in enumerate(words):
        if not _matches(word, phrase.words[0]):
            continue
        end = _follow(words, phrase, start)
        if end is not None and (negated or not _is_negated(words, start)):
            return start
    return None


def any_of(words: Sequence[str], wanted: Iterable[Phrase], *, negated: bool = False) -> bool:
    """Tell whether one of the phrases stands in the words."""
    return any(find(words, phrase, negated=negated) is not None for phrase in wanted)


def _matches(word: str, pattern: str) -> bool:
    if pattern.endswith("*"):
        return word.startswith(pattern[:-1])
    return word == pattern


def _follow(words: Sequence[str], phrase: Phrase, start: int) -> int | None:
    position = start
    for pattern in phrase.words[1:]:
        window = range(position + 1, min(position + 2 + phrase.gap, len(words)))
        for candidate in window:
            if words[candidate] == ".":
                return None
            if _matches(words[candidate], pattern):
                position = candidate
                break
        else:
            return None
    return position


def _is_negated(words: Sequence[str], start: int) -> bool:
    before = words[max(0, start - _REACH) : start]
    for word in reversed(before):
        if word in _BREAKS:
            return False
        if word in _NEGATIONS:
            return True
    return False
