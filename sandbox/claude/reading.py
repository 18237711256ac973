"""How the stand-in reads: sentences, clauses, words by their stems, what is denied.

The work grows with the length of the text and no further.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

MAX_READ = 20_000
"""Characters of a text that are read."""

NOT = "not"
_REACH = 3
_FUZZY_LENGTH = 6
_SWAP_LENGTH = 4
_MAX_QUOTE = 200

_SENTENCE = re.compile(r"[^.!?\n]+")
_CLAUSE_END = re.compile(
    r"[,;:()]|\s-\s|\b(?:but|however|although|though|while|whereas|and then)\b"
)
_WORD = re.compile(r"[^\W_]+(?:[-'\u2019][^\W_]+)*")
_SHUT_OFF = r"\b(?:turn|switch|power|shut|cut)(?:s|es|ed|ing|ting)? (?:itself )?(?:off|down|out)\b"
_REWRITTEN = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (r"\bno longer\b", "not"),
        (r"\b(?:not only|not sure|don'?t know|no idea)\b", " "),
        (r"\b(?:no|any|without) (?:problems?|issues?|troubles?)\b", "fine"),
        (_SHUT_OFF, "shut off"),
        (r"\b(?:nintendo|my|our) switch\b|\bswitch (?:oled|lite)\b", "console"),
        (r"n't\b", " not"),
        (r"\bn'", "not "),
        (r"'s\b|\b[dls]'", ""),
    )
)
_INSTRUCTION = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,80}\b(?:instruction|prompt|rule|previous|above)"
    r"|\bsystem prompt\b|\byou are (?:now|an? )"
    r"|\b(?:respond|reply|answer|output) (?:with|only|that)"
    r"|\b(?:set|change|make|report|return)\b"
    r".{0,80}\b(?:price|quote|total|confidence|labou?r|category)\b"
    r"|\b(?:price|quote|total) (?:is|must|should|will)\b|\b(?:instruction|assistant|admin) ?:"
)
_SMALL = frozenset(
    word
    for group in (
        "a an the any my our your its it this that there i we he she they me you",
        "is are was were be been being do does did will would has have had",
        "to of at all in from with on up for just only even really very more anymore absolutely",
    )
    for word in group.split()
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence: its words, and the text exactly as it was written."""

    text: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """The words that matter, by every way of writing them; made once from the table."""

    synonyms: Mapping[str, Iterable[str]]
    phrases: Iterable[str]
    _known: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for phrase in self.phrases:
            for word in phrase.split():
                self._known[_stem(word)] = _stem(word)
        for meaning, words in self.synonyms.items():
            for word in (meaning, *words):
                self._known[_stem(word)] = _stem(meaning)

    def words(self, text: str) -> tuple[str, ...]:
        """Return the meaningful words of a text, each as the table writes it."""
        plain = _fold(text).replace("won't", "will not")
        for pattern, meaning in _REWRITTEN:
            plain = pattern.sub(meaning, plain)
        found = (match.group() for match in _WORD.finditer(plain))
        return tuple(self._meaning(word) for word in found if word not in _SMALL)

    def clauses(self, text: str) -> Iterator[Clause]:
        """Yield the clauses of a text; sentences that give orders to the reader are passed over."""
        for sentence in _SENTENCE.finditer(text[:MAX_READ]):
            if _INSTRUCTION.search(sentence.group().lower()):
                continue
            for clause in _split(sentence.group()):
                words = self.words(clause)
                if words:
                    yield Clause(clause[:_MAX_QUOTE].rstrip(), words)

    def _meaning(self, word: str) -> str:
        stem = _stem(word)
        if stem in self._known:
            return self._known[stem]
        for known, meaning in self._known.items():
            if known[0] == stem[0] and _is_slip(known, stem):
                return meaning
        return stem


def says(clause: Clause, phrase: tuple[str, ...]) -> bool:
    """Whether a clause states a phrase: its words in order, close together, and not denied."""
    return any(
        _follows(clause.words, start, phrase)
        for start, word in enumerate(clause.words)
        if word == phrase[0]
    )


def _follows(words: tuple[str, ...], start: int, phrase: tuple[str, ...]) -> bool:
    position = start
    for wanted in phrase[1:]:
        nearby = words[position + 1 : position + 1 + _REACH]
        if wanted not in nearby:
            return False
        position += 1 + nearby.index(wanted)
    if NOT in phrase:
        return True
    return NOT not in words[max(0, start - _REACH) : position]


def _split(sentence: str) -> Iterator[str]:
    start = 0
    for mark in _CLAUSE_END.finditer(sentence):
        yield sentence[start : mark.start()].strip()
        start = mark.end()
    yield sentence[start:].strip()


def _is_slip(known: str, stem: str) -> bool:
    """Whether a word is another one with a slip of the finger; short ones: letters swapped."""
    if OSA.distance(known, stem, score_cutoff=1) > 1:
        return False
    return len(stem) >= _FUZZY_LENGTH or (len(stem) >= _SWAP_LENGTH and set(known) == set(stem))


def _fold(text: str) -> str:
    """Return the text in lower case, without accents, apostrophes straightened."""
    decomposed = unicodedata.normalize("NFKD", text.lower().replace("\u2019", "'"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _stem(word: str) -> str:
    for ending, least in (("ies", 2), ("ing", 3), ("ed", 3), ("es", 4), ("s", 3), ("e", 4)):
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith("ss"):
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word
