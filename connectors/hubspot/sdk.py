"""Calls of the official client: one at a time in a thread, its answers read by our models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import urllib3
from hubspot import HubSpot
from hubspot.crm.associations.v4 import ApiException as AssociationsException
from hubspot.crm.associations.v4.schema import ApiException as LabelsException
from hubspot.crm.contacts import ApiException as ContactsException
from hubspot.crm.objects import ApiException as ObjectsException
from hubspot.crm.properties import ApiException as PropertiesException
from pydantic import BaseModel, SecretStr, ValidationError

from connectors._http.calls import Caller, Shared, Trace
from connectors._http.client import WAITS
from connectors._http.errors import (
    ConnectorError,
    ErrorBuilder,
    RejectedError,
    TransientError,
    UnknownOutcomeError,
    classify,
)
from connectors._http.limits import Rate
from connectors._http.lines import put_on_line
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors._http.threads import Threads
from connectors.hubspot.errors import (
    CURES,
    TABLE,
    ErrorBody,
    UnknownPropertyError,
    read_body,
    wait_seconds,
)

SERVICE = "hubspot"

Model = TypeVar("Model", bound=BaseModel)
Result = TypeVar("Result")

Ask = Callable[..., Any]
"""A method of the official client with its arguments, but for those that all of them take."""

_REFUSALS = (
    AssociationsException,
    ContactsException,
    LabelsException,
    ObjectsException,
    PropertiesException,
)
_NOT_SENT = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
_SUCCESS = range(200, 300)


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes | str


class Sdk:
    """The official client, as one service of ours.

    Its retries are off. Its answers are taken raw: it makes empty models of what it can't read.

    Args:
        base_url: root of the API.
        access_token: of the private app.
        timeout_seconds: longest wait for connect and for each read; three times as long for all of
            a request.
        rate: our share of the account's limit; headers may lower it.
        shared: with the other processes that use the account.
        searches: likewise, for searches, which HubSpot counts apart.
        retry: when safe calls are tried again.
    """

    def __init__(
        self,
        *,
        base_url: str,
        access_token: SecretStr,
        timeout_seconds: float,
        rate: Rate,
        shared: Shared,
        searches: Shared,
        retry: RetryPolicy | None,
    ) -> None:
        client = HubSpot(
            access_token=access_token.get_secret_value(), retry=False, host=base_url.rstrip("/")
        )
        crm = client.crm
        self.objects = crm.objects.basic_api
        self.batches = crm.objects.batch_api
        self.search = crm.objects.search_api
        self.contacts = crm.contacts.basic_api
        self.properties = crm.properties.core_api
        self.groups = crm.properties.groups_api
        self.associations = crm.associations.v4.batch_api
        self.labels = crm.associations.v4.schema.definitions_api
        self._timeout = timeout_seconds
        self._share = rate
        self.error = ErrorBuilder(SERVICE, CURES, Redactor([access_token]))
        """Builds an error of this service."""
        self._threads = Threads(SERVICE, longest_seconds=timeout_seconds * WAITS)
        for pools in self._pools():
            put_on_line(pools)
        slots = self._threads.slots
        self._caller = Caller(SERVICE, shared, retry, slots=slots)
        self._search_caller = Caller(SERVICE, searches, retry, slots=slots)

    async def fetch(
        self,
        into: type[Model],
        operation: str,
        ask: Ask,
        *,
        safe: bool,
        is_search: bool = False,
    ) -> Model:
        """Make a call, and return its answer as a model.

        Args:
            into: the model.
            operation: name used in errors and records.
            ask: what is called.
            safe: repeating it changes nothing.
            is_search: it counts as a search.

        Raises:
            TransientError: the answer can't be read, and nothing was changed.
            UnknownOutcomeError: the answer to a write can't be read.
            ConnectorError: as classified, see ``errors``.
        """

        def read(answer: _Answer) -> Model:
            try:
                return into.model_validate_json(answer.body)
            except ValidationError as mismatch:
                faults = sorted({fault["type"] for fault in mismatch.errors()})
            raise self.error(
                TransientError if safe else UnknownOutcomeError,
                operation,
                f"its answer ({answer.status}) can't be read: {', '.join(faults)}",
            )

        return await self._send(operation, ask, read, safe=safe, is_search=is_search)

    def ask_account(self, **arguments: object) -> Any:  # noqa: ANN401 - as the client's methods
        """Ask for the account's details, for which the official client has no method."""
        return self.objects.api_client.call_api(
            "/account-info/v3/details",
            "GET",
            header_params={"Accept": "application/json"},
            auth_settings=["oauth2"],
            **arguments,
        )

    async def send(self, operation: str, ask: Ask, *, safe: bool) -> None:
        """Make a call that has no answer to read; arguments and errors as for ``fetch``."""
        await self._send(operation, ask, lambda _answer: None, safe=safe)

    def refusal(self, operation: str, told: ErrorBody) -> ConnectorError:
        """Build the error for a row that was refused alone."""
        code, text = told.problem
        return self.error(
            classify(400, code, write=True, table=TABLE), operation, f"refused: {code} {text}"
        )

    async def aclose(self) -> None:
        """Close all connections."""
        self._threads.close()
        for pools in self._pools():
            pools.clear()

    def _pools(self) -> Iterator[urllib3.PoolManager]:
        """Yield the connections of each part of the official client."""
        for api in (
            self.objects,
            self.batches,
            self.search,
            self.contacts,
            self.properties,
            self.groups,
            self.associations,
            self.labels,
        ):
            yield api.api_client.rest_client.pool_manager

    async def _send(
        self,
        operation: str,
        ask: Ask,
        read: Callable[[_Answer], Result],
        *,
        safe: bool,
        is_search: bool = False,
    ) -> Result:
        caller = self._search_caller if is_search else self._caller

        async def attempt(trace: Trace) -> Result:
            try:
                answer = await self._threads.run(partial(self._once, ask))
            except (urllib3.exceptions.HTTPError, TimeoutError) as cause:
                raise self._unanswered(operation, cause, safe=safe) from None
            trace.request_id = answer.headers.get("x-hubspot-correlation-id", "")
            await caller.learn(told_rate(answer.headers, self._share))
            if answer.status not in _SUCCESS:
                raise self._refused(operation, answer, safe=safe)
            return read(answer)

        return await caller.call(operation, attempt, safe=safe)

    def _once(self, ask: Ask) -> _Answer:
        try:
            response = ask(_preload_content=False, _request_timeout=self._timeout)
        except (*_REFUSALS, AttributeError, UnicodeDecodeError) as error:
            # The client stumbles over bodies of refusals that aren't UTF-8, and over none at all
            # when TLS failed; the refusal is behind that.
            refusal: Any = error if isinstance(error, _REFUSALS) else error.__context__
            if not isinstance(refusal, _REFUSALS):
                raise
            if not refusal.status:
                raise urllib3.exceptions.SSLError(refusal.reason) from None
            return _Answer(refusal.status, refusal.headers, refusal.body)
        return _Answer(response.status, response.headers, response.data)

    def _unanswered(self, operation: str, cause: Exception, *, safe: bool) -> ConnectorError:
        kind: type[ConnectorError] = TransientError
        if isinstance(cause, urllib3.exceptions.LocationValueError):
            kind = RejectedError
        elif not safe and not isinstance(cause, _NOT_SENT):
            kind = UnknownOutcomeError
        return self.error(kind, operation, f"no answer ({type(cause).__name__})")

    def _refused(self, operation: str, answer: _Answer, *, safe: bool) -> ConnectorError:
        told = read_body(answer.body)
        code, text = told.problem
        kind = classify(answer.status, code, write=not safe, table=TABLE)
        if kind is RejectedError and told.unknown_properties:
            kind = UnknownPropertyError
        error = self.error(
            kind,
            operation,
            f"answered {answer.status} {code} {text}",
            wait_seconds(answer.status, answer.headers, told),
        )
        if isinstance(error, UnknownPropertyError):
            error.names = told.unknown_properties
        return error


def told_rate(headers: Mapping[str, str], share: Rate) -> Rate | None:
    """Read the account's limit from an answer; None: it isn't told, as in searches.

    Args:
        headers: of the answer.
        share: what of it is ours; more is never taken.
    """
    try:
        calls = int(headers["x-hubspot-ratelimit-max"])
        seconds = int(headers["x-hubspot-ratelimit-interval-milliseconds"]) / 1000
        return Rate(min(calls, share.calls), seconds)
    except (KeyError, ValueError):
        return None
