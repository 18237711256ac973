"""Requests signed by botocore, which has nothing in common with the stand-in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import httpx
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

US = Credentials("sandbox", "sandbox-secret")


class _Auth(S3SigV4Auth):  # type: ignore[misc]
    """Signs what is said about a body, instead of the body."""

    said = ""

    def payload(self, request: AWSRequest) -> str:
        return self.said or str(super().payload(request))


def signed(
    url: str,
    method: str = "GET",
    content: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    credentials: Credentials = US,
    payload: str = "",
) -> dict[str, str]:
    """Return the headers of a request, with its signature."""
    host = {"host": urlsplit(url).netloc}
    request = AWSRequest(method, url, {**host, **(headers or {})}, content)
    request.context["payload_signing_enabled"] = True
    auth = _Auth(credentials, "s3", "us-east-1")
    auth.said = payload
    auth.add_auth(request)
    return dict(request.headers.items())


def link(url: str, method: str = "GET", seconds: int = 60, credentials: Credentials = US) -> str:
    """Return a URL with its signature."""
    request = AWSRequest(method, url)
    S3SigV4QueryAuth(credentials, "s3", "us-east-1", seconds).add_auth(request)
    return str(request.url)


class S3:
    """The stand-in's API; requests are signed as they should be."""

    def __init__(self, http: httpx.AsyncClient, root: str) -> None:
        self.http = http
        self.root = root

    async def __call__(
        self, method: str, path: str, content: bytes | str = b"", **headers: str
    ) -> httpx.Response:
        """Send a request; underscores in the names of headers are hyphens."""
        body = content.encode() if isinstance(content, str) else content
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.raw(method, path, body, signed(self.root + path, method, body, named))

    async def raw(
        self, method: str, path: str, content: bytes, headers: dict[str, str]
    ) -> httpx.Response:
        """Send a request as it is."""
        url = httpx.URL(self.root + path)
        return await self.http.request(method, url, content=content, headers=headers)


def code(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of a refusal."""
    return answer.status_code, read_xml(answer).findtext("Code", "")


def texts(answer: httpx.Response, name: str) -> list[str]:
    """Return what all elements of a name hold."""
    assert answer.status_code == 200, answer.text
    return [one.text or "" for one in read_xml(answer).iter() if tag(one) == name]


def read_xml(answer: httpx.Response) -> ET.Element:
    """Return the root of an answer."""
    return ET.fromstring(answer.content)  # noqa: S314 - of our own stand-in


def tag(element: Any) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]
