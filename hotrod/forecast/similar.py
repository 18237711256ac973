"""What a new part will sell: what parts like it sell, the less the older it gets."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hotrod.errors import InvalidInputError
from hotrod.forecast.choice import forecast_part
from hotrod.forecast.models import Forecast, Series

_TRUST_MONTHS = 12
"""At this age a part's own demand counts as much as that of its likes."""


def forecast_new_part(
    part: str, own: Series, similar: Mapping[str, Series], horizon: int
) -> Forecast:
    """Forecast a part too young to be judged by its own past.

    The mean of the forecasts of similar parts and the part's own mean demand, weighted by age
    (credibility; Bühlmann 1967).

    Args:
        part: its name.
        own: its demand so far; may be empty.
        similar: demand of parts like it, each at least one month.
        horizon: months ahead, at least one.

    Raises:
        InvalidInputError: there is no similar part.
    """
    if not similar:
        raise InvalidInputError("similar", "there is no such part.", f"Name a part like {part}.")
    theirs = [forecast_part(name, series, horizon) for name, series in similar.items()]
    expected = np.mean([each.months for each in theirs], axis=0)
    weight = own.size / (own.size + _TRUST_MONTHS)
    mean = float(own.mean()) if own.size else 0.0
    sizes = [*own[own > 0].tolist(), *(size for each in theirs for size in each.sizes)]
    return Forecast(
        part=part,
        methods=(),
        months=tuple((weight * mean + (1 - weight) * expected).tolist()),
        sizes=tuple(sizes),
        reason=f"known for {own.size} months, {mean:.3g} a month; {', '.join(sorted(similar))} "
        f"let expect {expected.mean():.3g} a month and count {1 - weight:.0%}",
    )
