"""What a model call costs, and when the budget is spent."""

from __future__ import annotations

from decimal import Decimal

from hotrod.errors import HotrodError
from hotrod.services.settings import ClaudeSettings

_MILLION = Decimal(1_000_000)


class BudgetSpentError(HotrodError):
    """Today's budget for model calls is spent; the rules take over until tomorrow (UTC)."""

    def __init__(self, spent: Decimal, budget: Decimal) -> None:
        super().__init__(
            f"today's budget for Claude is spent ({spent:.2f} of {budget:.2f} CAD); "
            "raise HOTROD_CLAUDE__DAILY_BUDGET_CAD to go on"
        )


def cost_cad(input_tokens: int, output_tokens: int, prices: ClaudeSettings) -> Decimal:
    """Return the cost of a call in CAD, to a millionth, from the list prices in the settings."""
    usd = (
        input_tokens * Decimal(str(prices.input_usd_per_million))
        + output_tokens * Decimal(str(prices.output_usd_per_million))
    ) / _MILLION
    return (usd * Decimal(str(prices.usd_to_cad))).quantize(Decimal("0.000001"))


def check_budget(spent_today: Decimal, prices: ClaudeSettings) -> None:
    """Refuse a call when the budget is spent.

    Raises:
        BudgetSpentError: ``spent_today``, in CAD, has reached the daily budget.
    """
    budget = Decimal(str(prices.daily_budget_cad))
    if spent_today >= budget:
        raise BudgetSpentError(spent_today, budget)
