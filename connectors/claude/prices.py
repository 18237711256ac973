"""What Claude's tokens cost, in USD.

Source: https://platform.claude.com/docs/en/about-claude/pricing ("Model pricing", "Batch
processing", "Prompt caching"), as of October 2026.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from connectors._http.errors import RejectedError
from connectors.claude.models import Usage

_MILLION = Decimal(1_000_000)
_DATED = re.compile(r"-\d{8}$")

CACHE_WRITE = Decimal("1.25")
"""Writing to the cache for five minutes, as a multiple of the price of input."""

CACHE_WRITE_HOUR = Decimal(2)
"""Writing to the cache for an hour, likewise."""

BATCH = Decimal("0.5")
"""What a batch pays of every price."""


class UnknownPriceError(RejectedError):
    """No list price is known of a model."""

    default_cure = "Add the model to connectors/claude/prices.py from the vendor's pricing page."


@dataclass(frozen=True)
class Price:
    """List price of a model.

    Args:
        input: USD per million tokens that are read.
        output: USD per million tokens that are written.
        cache_read: share of ``input`` that is paid for what is read from the cache.
    """

    input: Decimal
    output: Decimal
    cache_read: Decimal = Decimal("0.1")


_FABLE = Price(Decimal(10), Decimal(50))
_OPUS = Price(Decimal(5), Decimal(25))
_SONNET_4 = Price(Decimal(3), Decimal(15))

PRICES = {
    "claude-fable-5-1": Price(Decimal(10), Decimal(50), cache_read=Decimal("0.025")),
    "claude-fable-5": _FABLE,
    "claude-opus-5-5": Price(Decimal(4), Decimal(20), cache_read=Decimal("0.05")),
    "claude-opus-5": _OPUS,
    "claude-opus-4-8": _OPUS,
    "claude-opus-4-7": _OPUS,
    "claude-opus-4-6": _OPUS,
    "claude-opus-4-5": _OPUS,
    "claude-sonnet-5-5": Price(Decimal(2), Decimal(10), cache_read=Decimal("0.05")),
    "claude-sonnet-5": Price(Decimal(2), Decimal(10)),
    "claude-sonnet-4-6": _SONNET_4,
    "claude-sonnet-4-5": _SONNET_4,
    "claude-haiku-5-5": Price(Decimal("0.10"), Decimal("0.50")),
    "claude-haiku-4-5": Price(Decimal(1), Decimal(5)),
}
"""List prices by model, whatever the date in its name."""

LONG_PROMPT_TOKENS = 100_000
LONG_PROMPTS = {"claude-haiku-5-5": Price(Decimal("0.50"), Decimal("2.50"))}
"""List prices of calls that read more than ``LONG_PROMPT_TOKENS``, where they differ."""


def price_of(model: str, prompt_tokens: int = 0) -> Price:
    """Return the list price of a model.

    Args:
        model: its name, with or without a date.
        prompt_tokens: all that the call reads.

    Raises:
        UnknownPriceError: the model isn't among ``PRICES``.
    """
    name = _DATED.sub("", model)
    if name not in PRICES:
        raise UnknownPriceError("claude", "price_of", f"no list price of {model} is known")
    if prompt_tokens > LONG_PROMPT_TOKENS:
        return LONG_PROMPTS.get(name, PRICES[name])
    return PRICES[name]


def cost(usage: Usage) -> Decimal:
    """Return the list price of what a call took, in USD.

    Raises:
        UnknownPriceError: the model isn't among ``PRICES``.
    """
    price = price_of(usage.model, usage.prompt_tokens)
    read = (
        usage.input_tokens
        + usage.cache_read_tokens * price.cache_read
        + usage.cache_write_tokens * CACHE_WRITE
        + usage.cache_write_hour_tokens * CACHE_WRITE_HOUR
    )
    usd = (read * price.input + usage.output_tokens * price.output) / _MILLION
    return usd * BATCH if usage.in_batch else usd
