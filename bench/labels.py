"""``hotrod bench labels``: labels of all kinds read from distorted pictures."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import ClassVar

from bench.figures import Result, Row, in_words, none_of, quantile
from bench.label_pictures import PRINTED, Distortion, Printed, picture
from hotrod.labels.reading import read_labels
from hotrod.sections import ObjectSettings

_LEAST_SHARE = 0.98
_PAIR_EVERY = 4


class LabelsResult(Result):
    """Labels read from pictures; every fourth picture has two."""

    title: ClassVar[str] = "labels: read from turned, skewed, blurred, noisy, shaded JPEGs"

    pictures: int
    labels: int
    right: int
    wrong: int
    median_seconds: float
    p95_seconds: float

    def rows(self) -> list[Row]:
        """Return the figures, each with what was promised of it."""
        share = self.right / self.labels
        return [
            Row("pictures", str(self.pictures)),
            Row("labels on them", str(self.labels)),
            Row("read right", f"{share:.1%}", f">= {_LEAST_SHARE:.0%}", share >= _LEAST_SHARE),
            none_of("read that aren't there", self.wrong),
            Row("time per picture, median", in_words(self.median_seconds)),
            Row("time per picture, 95 %", in_words(self.p95_seconds)),
        ]


def measure_labels(*, n: int = 300, seed: int = 0, tell: Callable[[str], None]) -> LabelsResult:
    """Measure; no stack is needed.

    Args:
        n: pictures.
        seed: of what is on them, and what happens to them.
        tell: is told of progress.
    """
    draw = random.Random(seed)  # noqa: S311 - nothing secret
    limits = ObjectSettings()
    labels = right = wrong = 0
    times = []
    tell(f"reading {n} pictures")
    for number in range(n):
        printed = [PRINTED[number % len(PRINTED)]]
        if number % _PAIR_EVERY == 0:
            printed.append(draw.choice(PRINTED))
        data = picture(printed, Distortion.drawn(draw), seed=draw.randrange(2**32))
        begin = time.perf_counter()
        found = read_labels(data, limits, field="picture")
        times.append(time.perf_counter() - begin)
        wanted = Counter(printed)
        read = Counter(Printed(each.kind, each.label.text) for each in found)
        labels += len(printed)
        right += (wanted & read).total()
        wrong += (read - wanted).total()
    return LabelsResult(
        pictures=n,
        labels=labels,
        right=right,
        wrong=wrong,
        median_seconds=quantile(times, 0.5),
        p95_seconds=quantile(times, 0.95),
    )
