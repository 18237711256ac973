"""Contracts written in OpenAPI 3, checked by openapi-core."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import yaml
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.templating.responses.exceptions import ResponseNotFound
from openapi_core.testing import MockResponse
from werkzeug.datastructures import Headers, ImmutableMultiDict

from sandbox.calls import Exchange
from tests.contract.contracts import SPECS, Violations, are_here

ROOT = "http://stand-in"


def read_spec(path: Path) -> dict[str, Any]:
    """Read a contract from its file, JSON or YAML."""
    text = path.read_text(encoding="utf-8")
    loaded = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    assert isinstance(loaded, dict)
    return loaded


class OpenApiContract:
    """One OpenAPI 3 document.

    Args:
        file: below the folder of contracts.
        base: where its paths begin, below the API's prefix, e.g. ``/buy/browse/v1``.
        repair: mends what the document has wrong, in place; say why where you pass it.
        undescribed: statuses of refusals that are answered although the document says nothing
            of them; how they are worded, ``REFUSALS`` beside it says.
    """

    def __init__(
        self,
        file: str,
        base: str = "",
        *,
        repair: Callable[[dict[str, Any]], None] = lambda _spec: None,
        undescribed: Collection[int] = (),
    ) -> None:
        self.path = SPECS / file
        self.base = base
        self._repair = repair
        self.undescribed = undescribed

    def is_here(self) -> bool:
        """Whether the document lies beside this checkout."""
        return are_here(self.path)

    @cached_property
    def spec(self) -> dict[str, Any]:
        """The document, mended, with the stand-in as its server."""
        spec = read_spec(self.path)
        self._repair(spec)
        return {**spec, "servers": [{"url": ROOT + self.base}]}

    @cached_property
    def _api(self) -> OpenAPI:
        return OpenAPI.from_dict(self.spec, config=Config(spec_validator_cls=None))

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange the document doesn't allow."""
        request, answer = _Request(exchange), _answer(exchange)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # schemes of security that it leaves unchecked
            of_request = [_sentence(error) for error in self._api.iter_request_errors(request)]
            of_answer = [
                _sentence(error)
                for error in self._api.iter_response_errors(request, answer)
                if not self._may_be_undescribed(error, exchange)
            ]
        return Violations(of_request, of_answer)

    def _may_be_undescribed(self, error: Exception, exchange: Exchange) -> bool:
        return isinstance(error, ResponseNotFound) and exchange.status in self.undescribed


class RoutedContract:
    """Several contracts of one API, by how paths begin; the longest beginning counts.

    Args:
        routes: from the beginning of a path to the contract it falls under.
        unchecked: from the beginning of a path that no contract covers to the reason.
    """

    def __init__(
        self, routes: Mapping[str, OpenApiContract], *, unchecked: Mapping[str, str]
    ) -> None:
        self._routes = dict(sorted(routes.items(), key=lambda route: -len(route[0])))
        self._unchecked = tuple(unchecked)

    def is_here(self) -> bool:
        """Whether all of them lie beside this checkout."""
        return all(contract.is_here() for contract in self._routes.values())

    def violations(self, exchange: Exchange) -> Violations:
        """Say what of an exchange isn't allowed; a path that nothing covers isn't."""
        for begin, contract in self._routes.items():
            if exchange.path.startswith(begin):
                return contract.violations(exchange)
        if exchange.path.startswith(self._unchecked):
            return Violations([], [])
        return Violations([f"no contract covers {exchange.path}"], [])


class _Request:
    """An exchange's request as openapi-core wants it."""

    def __init__(self, exchange: Exchange) -> None:
        self.host_url = ROOT
        self.path = exchange.path
        self.method = exchange.method.lower()
        self.body = exchange.body or None
        headers = Headers(exchange.headers)
        self.content_type = headers.get("content-type", "")
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(parse_qsl(exchange.query, keep_blank_values=True)),
            header=headers,
            cookie=ImmutableMultiDict(),
        )


def _answer(exchange: Exchange) -> MockResponse:
    headers = dict(exchange.answer_headers)
    return MockResponse(
        exchange.answer_body,
        status_code=exchange.status,
        headers=headers,
        content_type=headers.get("content-type", ""),
    )


def _sentence(error: BaseException) -> str:
    """Return an error with its causes, each one once."""
    parts = [str(error) or type(error).__name__]
    cause = error.__cause__
    while cause is not None:
        inner = getattr(cause, "schema_errors", ())
        parts += [f"{'/'.join(map(str, one.path))}: {one.message}" for one in inner] or [str(cause)]
        cause = cause.__cause__
    return " <- ".join(dict.fromkeys(parts))[:2000]
