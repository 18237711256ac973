"""How customers' texts are read: folded words, phrases of words, and what is denied.

Everything works word by word, so the work grows with the length of the text and no further.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

_TOKEN = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|[.!?;\n]|,")
_ELISIONS = frozenset({"l", "d", "j", "n", "s", "c", "m", "t", "qu"})
_ENDS = frozenset(".!?;\n")


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text as a set, for tables of words."""
    return frozenset(text.split())


_NEGATIONS = word_set(
    "no not never without isn't isnt wasn't wasnt doesn't doesnt don't dont didn't didnt hasn't "
    "hasnt haven't havent aren't arent ain't neither nor pas aucun aucune sans ni jamais "
    "ne n non"
)
_NOT_DENYING = word_set("only just sure know certain longer stop idea because")
_FUNCTIONS = (
    "work", "charg", "start", "power", "boot", "turn", "respond", "function", "display", "video",
    "picture", "image", "sound", "signal", "audio", "allum", "march", "fonctionn", "demarr",
    "reagi", "run",
)  # fmt: skip
_BREAKS = word_set(
    "but however though although since because after when while until and then except now mais "
    "depuis apres quand puis et car"
)
_ALTERNATIVES = frozenset({"or", "nor", "ou", "ni"})
_SMALL = word_set(
    "a an the any of to is it's be been being was were are has have had some signs sign at all "
    "yet in le la les de du des d l un une est ete il elle"
)
_REASSURING = word_set("fine ok okay good perfect perfectly great bien")
_PLAIN_ANSWERS = frozenset({"no", "none", "nope", "never", "non"})
_REACH = 3
_LIST_REACH = 4


def fold(text: str) -> str:
    """Return the text in lower case, without accents, apostrophes straightened."""
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("\u2019", "'"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@dataclass(frozen=True)
class Phrase:
    """Words that mean something, in this order, with up to ``gap`` other words between them.

    A word ending in ``*`` matches by its beginning.
    """

    words: tuple[str, ...]
    gap: int = 2

    @cached_property
    def is_negative(self) -> bool:
        """Tell whether the phrase itself speaks of something missing, as "no picture" does."""
        return any(word in _NEGATIONS for word in self.words)


def phrases(*texts: str, gap: int = 2) -> tuple[Phrase, ...]:
    """Make phrases of words with blanks between them."""
    return tuple(
        Phrase(tuple(word for given in fold(text).split() for word in _split_elision(given)), gap)
        for text in texts
    )


@dataclass(frozen=True)
class Text:
    """A text, read: its folded words, each with its sentence and whether it is denied.

    "No smoke or sparks" denies both; "no power, smoke came out" denies no smoke; and "Any
    smoke? No." denies it afterwards. ``praised`` words are said to be fine, as in "HDMI is fine".
    """

    source: str
    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    sentences: tuple[int, ...]
    denied: tuple[bool, ...]
    praised: tuple[bool, ...]

    @classmethod
    @lru_cache(maxsize=16)  # a request is read for its route, its dangers and its title
    def read(cls, text: str) -> Text:
        """Read a text of any length, English or French."""
        source = unicodedata.normalize("NFC", text).replace("\u2019", "'")
        words: list[str] = []
        spans: list[tuple[int, int]] = []
        sentences: list[int] = []
        after_comma: set[int] = set()
        asked: set[int] = set()
        sentence = 0
        for token in _TOKEN.finditer(source):
            mark = token.group()
            if mark == ",":
                after_comma.add(len(words))
            elif mark in _ENDS:
                if mark == "?":
                    asked.add(sentence)
                sentence += 1
            else:
                for word in _split_elision(fold(mark)):
                    words.append(word)
                    spans.append(token.span())
                    sentences.append(sentence)
        denied = _denied(words, sentences, after_comma)
        _deny_answered(words, sentences, after_comma, asked, denied)
        praised = _praised(words, sentences, after_comma, denied)
        return cls(
            source, tuple(words), tuple(spans), tuple(sentences), tuple(denied), tuple(praised)
        )

    def places(self, phrase: Phrase) -> Iterator[tuple[int, ...]]:
        """Yield the word positions at which a phrase stands, denied or not."""
        for start in self._starts(phrase.words[0]):
            positions = self._follow(phrase, start)
            if positions is not None:
                yield positions

    def claims(self, phrase: Phrase) -> Iterator[tuple[int, ...]]:
        """Yield where a phrase stands and isn't denied."""
        for positions in self.places(phrase):
            if phrase.is_negative or not any(self.denied[place] for place in positions):
                yield positions

    def begun(self, phrases: Iterable[Phrase]) -> Iterator[Phrase]:
        """Yield those of many phrases whose first word stands in the text."""
        beginnings = self._beginnings
        return (phrase for phrase in phrases if phrase.words[0] in beginnings)

    def says(self, wanted: Iterable[Phrase]) -> bool:
        """Tell whether one of the phrases stands in the text and isn't denied."""
        return any(True for phrase in self.begun(wanted) for _ in self.claims(phrase))

    def mentions(self, wanted: Iterable[Phrase]) -> bool:
        """Tell whether one of the phrases stands in the text, denied or not."""
        return any(True for phrase in self.begun(wanted) for _ in self.places(phrase))

    def sentence_around(self, place: int, limit: int = 200) -> str:
        """Return the sentence of a word, verbatim; the part from the word on when it is long."""
        same = [
            spot for spot, number in enumerate(self.sentences) if number == self.sentences[place]
        ]
        start, end = self.spans[same[0]][0], self.spans[same[-1]][1]
        if end - start > limit:
            start = self.spans[place][0]
        return self.source[start:end][:limit].strip()

    @cached_property
    def _index(self) -> dict[str, list[int]]:
        index: dict[str, list[int]] = {}
        for place, word in enumerate(self.words):
            index.setdefault(word, []).append(place)
        return index

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        """The words, and every beginning of them as a pattern."""
        stems = (f"{word[:end]}*" for word in self._index for end in range(len(word) + 1))
        return frozenset((*self._index, *stems))

    @cached_property
    def _sorted_words(self) -> list[str]:
        return sorted(self._index)

    def _starts(self, pattern: str) -> Sequence[int]:
        if not pattern.endswith("*"):
            return self._index.get(pattern, ())
        prefix, words = pattern[:-1], self._sorted_words
        first = bisect_left(words, prefix)
        last = bisect_left(words, f"{prefix}\U0010ffff", first)
        return sorted(place for word in words[first:last] for place in self._index[word])

    def _follow(self, phrase: Phrase, start: int) -> tuple[int, ...] | None:
        positions = [start]
        for pattern in phrase.words[1:]:
            first = positions[-1] + 1
            for place in range(first, min(first + 1 + phrase.gap, len(self.words))):
                if self.sentences[place] != self.sentences[start]:
                    return None
                if _matches(self.words[place], pattern):
                    positions.append(place)
                    break
            else:
                return None
        return tuple(positions)


def _matches(word: str, pattern: str) -> bool:
    return word.startswith(pattern[:-1]) if pattern.endswith("*") else word == pattern


def _split_elision(word: str) -> Sequence[str]:
    """Split French elisions: ``l'écran`` is two words, ``isn't`` is one."""
    head, apostrophe, tail = word.partition("'")
    return (head, tail) if apostrophe and head in _ELISIONS and len(tail) > 1 else (word,)


def _denied(words: Sequence[str], sentences: Sequence[int], after_comma: set[int]) -> list[bool]:
    flags: list[bool] = []
    left, is_open = 0, False
    for place, word in enumerate(words):
        new_sentence = place > 0 and sentences[place] != sentences[place - 1]
        list_ends = place in after_comma and not _list_goes_on(words, place)
        if new_sentence or list_ends or word in _BREAKS:
            left, is_open = 0, False
        flags.append(left > 0)
        if word in _NEGATIONS:
            is_open = words[place + 1 : place + 2] == [] or words[place + 1] not in _NOT_DENYING
            left = _REACH if is_open else 0
        elif word in _ALTERNATIVES and is_open:
            left = _REACH
        elif word.startswith(_FUNCTIONS):
            left, is_open = 0, False
        elif word not in _SMALL:
            left = max(0, left - 1)
    return flags


def _list_goes_on(words: Sequence[str], place: int) -> bool:
    """Tell whether a comma stands in a list such as "no smoke, sparks or smell"."""
    return any(word in _ALTERNATIVES for word in words[place : place + _LIST_REACH])


def _deny_answered(
    words: Sequence[str],
    sentences: Sequence[int],
    after_comma: set[int],
    asked: set[int],
    denied: list[bool],
) -> None:
    """Deny what a question asked when the answer is a plain no."""
    for place in range(1, len(words)):
        question = sentences[place - 1]
        is_answer = question in asked and sentences[place] != question
        is_alone = sentences[place + 1 : place + 2] != [sentences[place]]
        is_plain = words[place] in _PLAIN_ANSWERS and (is_alone or place + 1 in after_comma)
        if is_answer and is_plain:
            for spot in range(place - 1, -1, -1):
                if sentences[spot] != question:
                    break
                denied[spot] = True


def _praised(
    words: Sequence[str], sentences: Sequence[int], after_comma: set[int], denied: Sequence[bool]
) -> list[bool]:
    flags = [False] * len(words)
    for place, word in enumerate(words):
        if word not in _REASSURING or denied[place] or place in after_comma:
            continue
        for spot in range(place - 1, max(-1, place - 1 - _LIST_REACH), -1):
            if sentences[spot] != sentences[place] or words[spot] in _BREAKS:
                break
            flags[spot] = True
            if spot in after_comma:
                break
    return flags
