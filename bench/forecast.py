"""``hotrod bench forecast``: each part by its chosen methods, and all by every single one.

The series are drawn from stated processes. The choice sees none of the last months, on which all
are judged; the best single method is picked by those very months, with hindsight.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from pydantic import BaseModel, Field
from rich.console import Group
from rich.table import Table
from rich.text import Text

from bench.figures import Result, Row, below, in_words

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from hotrod.forecast.models import Forecast, Series

    Counts = npt.NDArray[Any]

MONTHS = 60
HORIZON = 6

_CHOICE = "chosen by part"
_MOST_BIAS = 0.1
_LONGEST_SECONDS = 60.0
_PROMISED_PARTS = 10_000
_LEAD_MONTHS = 2
_LEVELS = (0.90, 0.95, 0.98)


class Score(BaseModel):
    """How wrong a method was in the last months."""

    rmsse: float = Field(description="Mean of all parts that have one.")
    bias: float = Field(description="Share by which it was too high, over all parts.")
    kinds: dict[str, float] = Field(description="RMSSE of each kind of part.")


class ForecastResult(Result):
    """Methods judged on months that the choice never saw."""

    title: ClassVar[str] = f"forecast: {HORIZON} months of sparse demand after {MONTHS - HORIZON}"

    parts_forecast: int
    parts_judged: int
    seconds: float
    chosen: Score
    single: dict[str, Score]
    chosen_times: dict[str, int]
    lasted: dict[str, float] = Field(description="Share of parts whose stock lasted, by level.")

    def rows(self) -> list[Row]:
        """Return the figures, each with what was promised of it."""
        best = min(self.single, key=lambda name: self.single[name].rmsse)
        least, error, bias = self.single[best].rmsse, self.chosen.rmsse, self.chosen.bias
        time_row = below("time", self.seconds, _LONGEST_SECONDS)
        return [
            Row("parts", str(self.parts_forecast)),
            Row("parts that have an RMSSE", str(self.parts_judged)),
            Row(f"RMSSE of the best single method, {best}", f"{least:.4f}"),
            Row("RMSSE of the chosen methods", f"{error:.4f}", f"< {least:.4f}", error < least),
            Row("bias", f"{bias:+.1%}", f"< {_MOST_BIAS:.0%} either way", abs(bias) < _MOST_BIAS),
            *(
                Row(f"stock lasted {_LEAD_MONTHS} months, wanted {level}", f"{share:.1%}")
                for level, share in self.lasted.items()
            ),
            time_row
            if self.parts_forecast >= _PROMISED_PARTS
            else Row("time", in_words(self.seconds)),
        ]

    def tables(self) -> Group:
        """Return the result for the terminal, with a table of all methods."""
        table = Table(title="RMSSE by method and kind", title_justify="left", box=None)
        table.header_style = "dim"
        table.add_column("method")
        for heading in ("all", "bias", *self.chosen.kinds, "chosen"):
            table.add_column(heading, justify="right")
        scores = sorted(self.single.items(), key=lambda row: row[1].rmsse)
        for name, score in [(_CHOICE, self.chosen), *scores]:
            kinds = (f"{error:.3f}" for error in score.kinds.values())
            times = str(self.chosen_times.get(name, ""))
            table.add_row(name, f"{score.rmsse:.4f}", f"{score.bias:+.1%}", *kinds, times)
        return Group(super().tables(), Text(), table)


def measure_forecast(
    *, parts: int = 10_000, seed: int = 0, tell: Callable[[str], None]
) -> ForecastResult:
    """Forecast drawn parts by the choice and by every single method.

    The time is that of the choice and the reorder points, with the import of the libraries; one
    process does it.

    Args:
        parts: how many.
        seed: which; the same seed draws the same.
        tell: is told of progress.
    """
    drawn = list(draw_parts(parts, seed))
    known = [part.demand[:-HORIZON] for part in drawn]
    tell(f"forecasting {parts} parts")
    begin = time.perf_counter()
    forecasts, points = _forecast(known)
    seconds = time.perf_counter() - begin
    tell("forecasting them by every single method")
    singles = _singles(known)
    judge = _Judge(drawn)
    return ForecastResult(
        parts_forecast=parts,
        parts_judged=judge.judged,
        seconds=seconds,
        chosen=judge.score([each.months for each in forecasts]),
        single={name: judge.score(months) for name, months in singles.items()},
        chosen_times={name: sum(name in each.methods for each in forecasts) for name in singles},
        lasted={f"{level:.0%}": judge.lasted(stock) for level, stock in points.items()},
    )


class DrawnPart(NamedTuple):
    """A part with the demand that its kind's process gave it, month by month."""

    kind: str
    demand: Series


def draw_parts(number: int, seed: int) -> Iterator[DrawnPart]:
    """Draw the demand of parts, of each kind in turn.

    - intermittent: each month with a chance of 10 to 50 %, then 1 + Poisson(0 to 3).
    - lumpy: a chance of 8 to 30 %, then log-normal (mu 0.5 to 2, sigma 0.9), rounded up.
    - obsolete: Poisson(0.5 to 4) that halves every 3 to 12 months from some month on.
    - seasonal: Poisson(0.5 to 4) with a yearly sine of 50 to 100 % and any phase.
    - slow: Poisson(0.03 to 0.15).
    """
    import numpy as np

    draw = np.random.default_rng(seed)
    for place in range(number):
        kind = list(_PROCESSES)[place % len(_PROCESSES)]
        yield DrawnPart(kind, _PROCESSES[kind](draw).astype(np.float64))


def _intermittent(draw: np.random.Generator) -> Counts:
    chance, more = draw.uniform(0.1, 0.5), draw.uniform(0, 3)
    return (draw.random(MONTHS) < chance) * (1.0 + draw.poisson(more, MONTHS))


def _lumpy(draw: np.random.Generator) -> Counts:
    import numpy as np

    chance, mu = draw.uniform(0.08, 0.3), draw.uniform(0.5, 2)
    return np.asarray((draw.random(MONTHS) < chance) * np.ceil(draw.lognormal(mu, 0.9, MONTHS)))


def _obsolete(draw: np.random.Generator) -> Counts:
    import numpy as np

    begin, half, mean = draw.integers(12, MONTHS), draw.uniform(3, 12), draw.uniform(0.5, 4)
    fading = 0.5 ** (np.maximum(np.arange(MONTHS) - begin, 0) / half)
    return np.asarray(draw.poisson(mean * fading))


def _seasonal(draw: np.random.Generator) -> Counts:
    import numpy as np

    swing, mean, phase = draw.uniform(0.5, 1), draw.uniform(0.5, 4), draw.integers(12)
    return draw.poisson(mean * (1 + swing * np.sin(2 * np.pi * (np.arange(MONTHS) + phase) / 12)))


def _slow(draw: np.random.Generator) -> Counts:
    return draw.poisson(draw.uniform(0.03, 0.15), MONTHS)


_PROCESSES: Mapping[str, Callable[[np.random.Generator], Counts]] = {
    "intermittent": _intermittent,
    "lumpy": _lumpy,
    "obsolete": _obsolete,
    "seasonal": _seasonal,
    "slow": _slow,
}


def _forecast(known: Sequence[Series]) -> tuple[list[Forecast], dict[float, list[int]]]:
    from hotrod.forecast.choice import forecast_part
    from hotrod.forecast.reorder import DAYS_IN_MONTH, reorder_point

    forecasts = [forecast_part(str(place), each, HORIZON) for place, each in enumerate(known)]
    lead_times = [_LEAD_MONTHS * DAYS_IN_MONTH]
    return forecasts, {
        level: [reorder_point(each, lead_times, level) for each in forecasts] for level in _LEVELS
    }


def _singles(known: Sequence[Series]) -> dict[str, list[Series]]:
    from hotrod.forecast.methods import methods

    return {
        name: [method.forecast(each, HORIZON) for each in known]
        for name, method in methods().items()
    }


class _Judge:
    """Holds what came in the last months, and how restless the months before were."""

    def __init__(self, drawn: Sequence[DrawnPart]) -> None:
        import numpy as np

        from hotrod.forecast.measures import restlessness

        self._kinds = np.array([part.kind for part in drawn])
        self._actual = np.array([part.demand[-HORIZON:] for part in drawn])
        self._units = np.array([restlessness(part.demand[:-HORIZON]) for part in drawn])

    @property
    def judged(self) -> int:
        """How many parts have an RMSSE: those whose demand ever changed."""
        return int((self._units > 0).sum())

    def score(self, forecasts: Sequence[Sequence[float]] | Sequence[Series]) -> Score:
        import numpy as np

        from hotrod.forecast.measures import bias

        expected = np.array(forecasts)
        errors = np.sqrt(np.mean((expected - self._actual) ** 2, axis=1) / self._units)
        return Score(
            rmsse=float(np.nanmean(errors)),
            bias=bias(self._actual, expected),
            kinds={kind: float(np.nanmean(errors[self._kinds == kind])) for kind in _PROCESSES},
        )

    def lasted(self, stock: Sequence[int]) -> float:
        import numpy as np

        return float(np.mean(self._actual[:, :_LEAD_MONTHS].sum(axis=1) <= np.array(stock)))
