"""The ``filter`` and ``aspect_filter`` parameters: read, and applied to listings.

Source: eBay, "Buy API Field Filters". What can't be applied is ignored with a warning, as there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.ebay.errors import warning
from sandbox.ebay.money import CURRENCIES
from sandbox.ebay.store import Listing

Test = Callable[[Listing], bool]

_APART = re.compile(r",(?![^{\[]*[}\]])")
_BETWEEN_VALUES = re.compile(r"(?<!\\)\|")
_NEW, _USED = frozenset({"1000", "1500"}), frozenset({"2000", "3000", "7000"})


@dataclass
class Filters:
    """What a search keeps, and what of it could not be understood."""

    tests: list[Test] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)

    def keep(self, listing: Listing) -> bool:
        """Whether a listing passes all of them."""
        return all(test(listing) for test in self.tests)


def read_filters(text: str) -> Filters:
    """Read the ``filter`` parameter. Without ``buyingOptions``, only fixed prices are found."""
    filters = Filters()
    given = dict(_pairs(text))
    if not _options(given.get("buyingOptions", "")):
        given["buyingOptions"] = "{FIXED_PRICE}"
    for name, value in given.items():
        try:
            test = _TESTS[name](value, given)
        except _NotUsableError as error:
            filters.warnings.append(warning(error.number, filterName=name))
        except (KeyError, ValueError, InvalidOperation):
            filters.warnings.append(warning(12002, filterName=name))
        else:
            filters.tests.append(test)
            filters.used[name] = value
    return filters


def read_aspects(text: str, category_ids: list[str]) -> Filters:
    """Read the ``aspect_filter`` parameter."""
    filters = Filters()
    given = dict(_pairs(text))
    category = given.pop("categoryId", "")
    if category not in category_ids or not category:
        filters.warnings.append(warning(12017))
    elif not given or not all(value.startswith("{") for value in given.values()):
        filters.warnings.append(warning(12018, aspectFilter=text[:100]))
    else:
        filters.tests += [_aspect(name, _values(value)) for name, value in given.items()]
    return filters


class _NotUsableError(Exception):
    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


def _pairs(text: str) -> list[tuple[str, str]]:
    parts = [part.strip() for part in _APART.split(text) if part.strip()]
    return [(name.strip(), value.strip()) for name, _, value in (p.partition(":") for p in parts)]


def _values(text: str) -> list[str]:
    inner = text.removeprefix("{").removesuffix("}")
    return [value.replace("\\|", "|").strip() for value in _BETWEEN_VALUES.split(inner)]


def _options(text: str) -> frozenset[str]:
    return frozenset(_values(text)) & {"FIXED_PRICE", "AUCTION", "BEST_OFFER", "CLASSIFIED_AD"}


def _range(text: str) -> tuple[str, str]:
    if not (text.startswith("[") and text.endswith("]")):
        raise ValueError(text)
    low, dots, high = text[1:-1].partition("..")
    if not dots and not low:
        raise ValueError(text)
    return low, high


def _number(text: str, usual: str) -> Decimal:
    number = Decimal(text or usual)
    if number.is_nan():
        raise ValueError(text)
    return number


def _price(text: str, given: Mapping[str, str]) -> Test:
    currency = given.get("priceCurrency", "")
    if currency not in CURRENCIES:
        raise _NotUsableError(12012)
    low, high = _range(text)
    least, most = _number(low, "0"), _number(high, "Infinity")
    return lambda one: least <= one.money.to(currency).value <= most


def _currency(text: str, given: Mapping[str, str]) -> Test:
    if text not in CURRENCIES or not {"price", "maxDeliveryCost"} & given.keys():
        raise _NotUsableError(12012)
    return _anything


def _conditions(text: str, _given: Mapping[str, str]) -> Test:
    ids = {"NEW": _NEW, "USED": _USED, "UNSPECIFIED": frozenset[str]()}
    wanted = frozenset[str]().union(*(ids[value] for value in _values(text)))
    return lambda one: one.condition_id in wanted


def _condition_ids(text: str, _given: Mapping[str, str]) -> Test:
    wanted = frozenset(_values(text))
    if not all(value.isdecimal() for value in wanted):
        raise ValueError(text)
    return lambda one: one.condition_id in wanted


def _buying_options(text: str, _given: Mapping[str, str]) -> Test:
    wanted = _options(text)
    return lambda one: not wanted.isdisjoint(one.buying_options)


def _max_delivery_cost(text: str, given: Mapping[str, str]) -> Test:
    most, currency = _number(text, "0"), given.get("priceCurrency", "USD")
    if currency not in CURRENCIES:
        raise _NotUsableError(12012)
    return lambda one: (
        one.shipping is not None and one.amount(one.shipping).to(currency).value <= most
    )


def _delivery_country(text: str, _given: Mapping[str, str]) -> Test:
    country = _country(text)
    return lambda one: one.reaches(country)


def _location(text: str, _given: Mapping[str, str]) -> Test:
    country = _country(text)
    return lambda one: one.country == country


def _country(text: str) -> str:
    if re.fullmatch("[A-Z]{2}", text) is None:
        raise ValueError(text)
    return text


def _sellers(text: str, _given: Mapping[str, str]) -> Test:
    wanted = frozenset(_values(text))
    return lambda one: one.seller.username in wanted


def _exclude_sellers(text: str, _given: Mapping[str, str]) -> Test:
    unwanted = frozenset(_values(text))
    return lambda one: one.seller.username not in unwanted


def _accounts(text: str, _given: Mapping[str, str]) -> Test:
    wanted = frozenset(_values(text))
    if not wanted <= {"BUSINESS", "INDIVIDUAL"}:
        raise ValueError(text)
    return lambda one: one.seller.account in wanted


def _returns(text: str, _given: Mapping[str, str]) -> Test:
    only = _flag(text)
    return lambda one: one.returns or not only


def _flag(text: str) -> bool:
    return {"true": True, "false": False}[text]


def _bid_count(text: str, _given: Mapping[str, str]) -> Test:
    low, high = _range(text)
    least, most = _number(low, "0"), _number(high, "Infinity")
    return lambda one: one.is_auction and least <= len(one.bids) <= most


def _ends(text: str, _given: Mapping[str, str]) -> Test:
    return _within(text, lambda one: one.ends_at)


def _begins(text: str, _given: Mapping[str, str]) -> Test:
    return _within(text, lambda one: one.listed_at)


def _within(text: str, moment: Callable[[Listing], datetime]) -> Test:
    low, high = _range(text)
    first, last = _moment(low), _moment(high)
    return lambda one: (
        (first is None or moment(one) >= first) and (last is None or moment(one) <= last)
    )


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _aspect(name: str, values: list[str]) -> Test:
    return lambda one: one.aspects.get(name) in values


def _anything(_one: Listing) -> bool:
    return True


def _in_description(text: str, _given: Mapping[str, str]) -> Test:
    _flag(text)
    return _anything


def _postal_code(text: str, given: Mapping[str, str]) -> Test:
    if "deliveryCountry" not in given or not text:
        raise ValueError(text)
    return _anything


_TESTS: dict[str, Callable[[str, Mapping[str, str]], Test]] = {
    "price": _price,
    "priceCurrency": _currency,
    "conditions": _conditions,
    "conditionIds": _condition_ids,
    "buyingOptions": _buying_options,
    "maxDeliveryCost": _max_delivery_cost,
    "deliveryCountry": _delivery_country,
    "deliveryPostalCode": _postal_code,
    "itemLocationCountry": _location,
    "sellers": _sellers,
    "excludeSellers": _exclude_sellers,
    "sellerAccountTypes": _accounts,
    "returnsAccepted": _returns,
    "bidCount": _bid_count,
    "itemEndDate": _ends,
    "itemStartDate": _begins,
    "searchInDescription": _in_description,
}
