"""A mailbox of Gmail's API, as its owner's program calls it."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import httpx

HUB = "hub@example.com"
ANN = "ann@example.org"
WriteMail = Callable[..., EmailMessage]


class Gmail:
    """One mailbox of Gmail's API, with a token."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self._client = client
        self.headers = {"Authorization": f"Bearer {token}"}
        self.user = HUB

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        url = path if path.startswith("/google") else f"/google/gmail/v1/users/{self.user}{path}"
        headers = {**self.headers, **more.pop("headers", {})}
        return await self._client.request(method, url, headers=headers, **more)

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.ask("GET", path, params=params)
        return answer.raise_for_status().json()

    async def post(self, path: str, **body: Any) -> Any:
        answer = await self.ask("POST", path, json=body)
        return answer.raise_for_status().json()

    async def send(self, mail: EmailMessage, **more: str) -> Any:
        return await self.post("/messages/send", raw=base64url(bytes(mail)), **more)

    async def found(self, q: str = "", **params: Any) -> list[str]:
        listed = await self.get("/messages", q=q, **params)
        return [one["id"] for one in listed.get("messages", [])]


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode()


def problem(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    (first,) = error["errors"]
    return answer.status_code, first["reason"], error["status"]
