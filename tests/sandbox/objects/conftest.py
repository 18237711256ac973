from __future__ import annotations

import httpx
import pytest

from sandbox import Sandbox
from tests.sandbox.objects.kit import S3


@pytest.fixture
def s3(client: httpx.AsyncClient, sandbox: Sandbox) -> S3:
    return S3(client, f"{sandbox.url}/s3")
