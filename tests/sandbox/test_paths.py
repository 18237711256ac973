"""What no stand-in plays is refused in the vendor's words, however strange the path."""

from __future__ import annotations

import httpx
import pytest

from sandbox.registry import STAND_INS

ROOTS = sorted(api.prefix + api.routers[-1][0] for one in STAND_INS for api in one.apis)


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize("path", ["no/such/thing", "no%0Asuch%0D%0Athing", "%E2%80%A8"])
async def test_an_unknown_path_is_refused_by_the_vendor(
    client: httpx.AsyncClient, root: str, path: str
) -> None:
    answer = await client.get(f"{root}/{path}")

    assert answer.status_code < 500
    assert answer.text != '{"detail":"Not Found"}'
