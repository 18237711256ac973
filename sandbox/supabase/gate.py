"""The gateway before a project's servers: nobody passes without the project's key."""

from __future__ import annotations

from fastapi import Request

from sandbox.credentials import CREDENTIALS, same
from sandbox.supabase.refusals import gateway


def require_key(request: Request) -> None:
    """Take a request that shows the key by header or parameter ``apikey``.

    Raises:
        Refusal: there is none, or it is wrong.
    """
    key = request.headers.get("apikey") or request.query_params.get("apikey")
    if not key:
        raise gateway(
            401,
            "No API key found in request",
            "No `apikey` request header or url param was found.",
        )
    if not same(key, CREDENTIALS.supabase_api_key):
        hint = "Double check your Supabase `anon` or `service_role` API key."
        raise gateway(401, "Invalid API key", hint)
