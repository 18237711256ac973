from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from connectors._http.errors import RateLimitedError
from connectors._http.retry import RetryPolicy
from connectors.anymailfinder.client import AnymailFinderClient
from sandbox.anymailfinder.store import Finder
from tests.contract.cases import Case


def make(stand_ins: Any, retry: RetryPolicy, timeout_seconds: float) -> AnymailFinderClient:
    return AnymailFinderClient(
        base_url=f"{stand_ins.url}/anymailfinder",
        api_key=SecretStr("sandbox-key"),
        timeout_seconds=timeout_seconds,
        retry=retry,
    )


async def written(stand_ins: Any) -> int:
    return sum(one.charged for one in stand_ins.sandbox.state.store(Finder).queries())


CASES = {
    "anymailfinder": Case(
        service="anymailfinder",
        make=make,
        read=lambda finder: finder.find_person_email("Ann Roy", domain="a.example"),
        read_path="/find-email/person",
        # A busy server says so, and has done nothing.
        read_fails={"503": RateLimitedError},
        write=lambda finder: finder.verify_email("ann@a.example"),
        write_path="/verify-email",
        written=written,
        write_fails={"503": RateLimitedError},
    )
}
