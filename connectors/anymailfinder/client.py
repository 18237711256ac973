"""Calls of Anymail Finder's API."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, SecretStr

from connectors._http.auth import BearerAuth
from connectors._http.cache import AnswerCache
from connectors._http.calls import Shared
from connectors._http.client import ServiceClient
from connectors._http.limits import Rate
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors.anymailfinder.errors import CURES, TABLE, read_problem
from connectors.anymailfinder.models import Account, CompanyEmails, PersonEmail, Verification

SERVICE = "anymailfinder"
RATE = Rate(100, 60.0)
"""Our own: the vendor has no limit, but a queue in which whoever asks for less comes first."""
REMEMBERED_SECONDS = 86_400.0
"""How long a find is good; asked again, one that isn't found may be."""

_VERSION = "/v5.1"
Answer = TypeVar("Answer", bound=BaseModel)


class AnymailFinderClient:
    """Finds and verifies addresses.

    What isn't found is an answer, not an error. Only finds of valid addresses are charged, and
    each once a year, so a find is repeated when its answer is lost; a verification is charged each
    time, so it isn't. Source: anymailfinder.com/email-finder-api/docs.

    Args:
        base_url: root of the API, without a version.
        api_key: of the account.
        timeout_seconds: longest wait for an answer; the vendor asks for 60 at least.
        shared: with the other processes that use the account.
        retry: when a call is tried again.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: SecretStr,
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._people = AnswerCache[PersonEmail](seconds=REMEMBERED_SECONDS, most=10_000)
        self._companies = AnswerCache[CompanyEmails](seconds=REMEMBERED_SECONDS, most=10_000)
        self._finder = ServiceClient(
            SERVICE,
            base_url,
            timeout_seconds=timeout_seconds,
            auth=BearerAuth(api_key),
            table=TABLE,
            cures=CURES,
            read_problem=read_problem,
            redact=Redactor([api_key]),
            shared=shared,
            retry=retry,
        )

    async def find_person_email(
        self, full_name: str, *, domain: str = "", company_name: str = ""
    ) -> PersonEmail:
        """Find a person's address at a company, named by its domain or, less surely, its name.

        Raises:
            CreditsUsedUpError: the account has none left.
            ConnectorError: it was not looked for, for the reason that the class says.
        """
        asked = {"full_name": full_name, "domain": domain, "company_name": company_name}
        return await self._people.get(
            _key(asked), lambda: self._find(PersonEmail, "find_person_email", "person", asked)
        )

    async def find_company_emails(
        self, *, domain: str = "", company_name: str = ""
    ) -> CompanyEmails:
        """Find the addresses of a company, named by its domain or, less surely, its name.

        Raises:
            CreditsUsedUpError: the account has none left.
            ConnectorError: it was not looked for, for the reason that the class says.
        """
        asked = {"domain": domain, "company_name": company_name}
        return await self._companies.get(
            _key(asked), lambda: self._find(CompanyEmails, "find_company_emails", "company", asked)
        )

    async def verify_email(self, email: str) -> Verification:
        """Tell whether an address takes mail; charged each time.

        Raises:
            CreditsUsedUpError: the account has none left.
            UnknownOutcomeError: the answer was lost; it may have been charged.
            ConnectorError: it was not verified, for the reason that the class says.
        """
        return await self._finder.fetch(
            Verification, "verify_email", "POST", f"{_VERSION}/verify-email", json={"email": email}
        )

    async def get_account(self) -> Account:
        """Return the account with its credits."""
        return await self._finder.fetch(Account, "get_account", "GET", f"{_VERSION}/account")

    async def ping(self) -> None:
        """Ask for the account.

        Raises:
            ConnectorError: Anymail Finder is not reached, or does not take the key.
        """
        await self._finder.fetch(Account, "ping", "GET", f"{_VERSION}/account")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._finder.aclose()

    async def _find(
        self, into: type[Answer], operation: str, whom: str, asked: dict[str, str]
    ) -> Answer:
        given = {name: text for name, text in asked.items() if text}
        return await self._finder.fetch(
            into, operation, "POST", f"{_VERSION}/find-email/{whom}", json=given, safe=True
        )


def _key(asked: dict[str, str]) -> tuple[str, ...]:
    return tuple(text.casefold().strip() for text in asked.values())
