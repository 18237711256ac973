"""Objects in a local folder, Amazon S3, Cloudflare R2, or whatever speaks S3, by obstore."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar

from obstore import sign_async
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store
from pydantic import SecretStr

from connectors._http.calls import Caller, Shared, Trace
from connectors._http.errors import (
    ErrorBuilder,
    RejectedError,
    ServiceNotFoundError,
    TransientError,
)
from connectors._http.paging import Page, items, pages
from connectors._http.redaction import Redactor
from connectors._http.retry import RetryPolicy
from connectors.objects.errors import CURES, read_failure
from connectors.objects.keys import Place, fault_of_key, read_place
from connectors.objects.models import ObjectHead, ObjectInfo

SERVICE = "objects"
LONGEST_LINK = timedelta(days=7)
UNKNOWN_TYPE = "application/octet-stream"

_PAGE = 1000
_NOBODYS_KEY = ".ping"

Result = TypeVar("Result")


class ObjectsClient:
    """One store. Whatever is asked of it may be repeated, so reads and writes are tried again.

    Args:
        url: ``file:///folder``, which is made when missing, or ``s3://bucket/prefix``.
        endpoint: root of a service that speaks S3, path style, e.g. R2's; empty: Amazon's.
        region: of the bucket; ``auto`` for R2; empty: us-east-1.
        access_key_id: who we are; empty: the machine's role, or what ``AWS_...`` says.
        secret_access_key: the proof.
        timeout_seconds: longest time that a request takes, its body included.
        shared: with the other processes that use the store.
        retry: when calls are tried again.

    Raises:
        RejectedError: the URL or the endpoint isn't one of these.
    """

    def __init__(
        self,
        url: str,
        *,
        endpoint: str = "",
        region: str = "",
        access_key_id: str = "",
        secret_access_key: SecretStr,
        timeout_seconds: float,
        shared: Shared | None = None,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._error = ErrorBuilder(SERVICE, CURES, Redactor([secret_access_key]))
        self._caller = Caller(SERVICE, shared, retry)
        try:
            place = read_place(url, endpoint)
        except ValueError as fault:
            raise self._error(RejectedError, "connect", str(fault)) from None
        self._bucket: S3Store | None = None
        self._folder = Path()
        if place.bucket:
            given: dict[str, Any] = {
                "endpoint": endpoint,
                "region": region,
                "access_key_id": access_key_id,
                "secret_access_key": secret_access_key.get_secret_value(),
            }
            self._bucket = _bucket(place, given, timedelta(seconds=timeout_seconds))
        else:
            self._folder = place.folder
        self._store: Any = self._bucket or self._made_folder()

    async def put(self, key: str, data: bytes, content_type: str = UNKNOWN_TYPE) -> None:
        """Write an object; one that is there is replaced. All of it is there, or nothing.

        Raises:
            ConnectorError: as classified.
        """
        attributes = {"Content-Type": content_type} if self._bucket else None

        async def write() -> None:
            # In parts, a failure would leave some behind that are paid for and seen by nobody.
            await self._store.put_async(key, data, attributes=attributes, use_multipart=False)

        await self._call("put", key, write)

    async def get(self, key: str, at_most_bytes: int = 50_000_000) -> bytes:
        """Return an object's bytes.

        Raises:
            ServiceNotFoundError: there is none under this key.
            RejectedError: it is larger; nothing was read.
            ConnectorError: as classified.
        """

        async def read() -> bytes:
            found = await self._got("get", key)
            size = found.meta["size"]
            if size > at_most_bytes:
                reason = f"the object has {size} bytes, more than {at_most_bytes}"
                raise self._error(RejectedError, "get", reason)
            return bytes(await found.bytes_async())

        return await self._call("get", key, read)

    async def get_range(self, key: str, begin: int, length: int) -> bytes:
        """Return some of an object's bytes, fewer at its end.

        Args:
            key: of the object.
            begin: the first byte, counted from 0.
            length: how many are wanted, at least one.

        Raises:
            ServiceNotFoundError: there is none under this key.
            RejectedError: it begins behind the end.
            ConnectorError: as classified.
        """
        if begin < 0 or length < 1:
            raise self._error(RejectedError, "get_range", "the range is empty")

        async def read() -> bytes:
            found = await self._got("get_range", key, range=(begin, begin + length))
            return bytes(await found.bytes_async())

        return await self._call("get_range", key, read)

    async def head(self, key: str) -> ObjectHead:
        """Return what is known of an object.

        Raises:
            ServiceNotFoundError: there is none under this key.
            ConnectorError: as classified.
        """

        async def read() -> ObjectHead:
            found = await self._got("head", key, head=True)
            guessed = mimetypes.guess_type(key)[0] or UNKNOWN_TYPE
            kind = found.attributes.get("Content-Type", guessed)
            return ObjectHead(**vars(_info(found.meta)), content_type=kind)

        return await self._call("head", key, read)

    async def delete(self, key: str) -> None:
        """Delete an object; one that isn't there counts as deleted.

        Raises:
            ConnectorError: as classified.
        """

        async def remove() -> None:
            try:
                await self._store.delete_async(key)
            except FileNotFoundError:
                if self._bucket:  # where only the bucket itself can be missing
                    raise

        await self._call("delete", key, remove)

    async def list_objects(self, folder: str = "") -> AsyncIterator[ObjectInfo]:
        """Yield what is known of all objects in a folder and those below it, ordered by key.

        obstore shows a key without the slash at its end, which consoles give to folders that they
        make; it can neither be read nor deleted here.

        Args:
            folder: whole parts of keys, e.g. ``photos/2026``; empty: all there is.

        Raises:
            RejectedError: a key has an empty part, ``.``, ``..`` or a control character, which S3
                allows and obstore can't read.
            ConnectorError: as classified.
        """
        if folder:
            self._check("list_objects", folder)

        async def fetch(after: str | None) -> Page[ObjectInfo]:
            return await self._call("list_objects", None, lambda: self._page(folder, after))

        async for found in items(pages(SERVICE, "list_objects", fetch)):
            yield found

    async def link(self, key: str, lasts: timedelta, method: Literal["GET", "PUT"] = "GET") -> str:
        """Return a URL by which anybody may read or write an object for a while; nothing is asked.

        Raises:
            RejectedError: for a folder, or for more than seven days.
            ConnectorError: as classified, where a role's credentials are fetched first.
        """
        if self._bucket is None:
            raise self._error(RejectedError, "link", "a folder has no links")
        if not timedelta(seconds=1) <= lasts <= LONGEST_LINK:
            raise self._error(RejectedError, "link", "a link lasts a second to seven days")
        bucket = self._bucket
        return await self._call("link", key, lambda: sign_async(bucket, method, key, lasts))

    async def ping(self) -> None:
        """Ask for an object that isn't there, which only the store itself can know.

        Raises:
            ConnectorError: the store is not reached, or does not take the credentials.
        """
        await self._call("ping", None, lambda: self._reach("ping"))

    async def aclose(self) -> None:
        """Do nothing: connections end with the client."""

    async def _got(self, operation: str, key: str, **options: object) -> Any:  # noqa: ANN401
        found = await self._store.get_async(key, options=options)
        # obstore takes any 200 for an object, a sign-in page that is put in the way as well.
        if self._bucket and not found.meta["e_tag"]:
            raise self._error(TransientError, operation, "answered 200 without an ETag")
        return found

    async def _reach(self, operation: str) -> None:
        """Get an answer that only the store itself can give."""
        if self._bucket is None:
            if not await asyncio.to_thread(self._folder.is_dir):
                raise self._error(ServiceNotFoundError, operation, "the folder is gone")
            return
        try:
            await self._got(operation, _NOBODYS_KEY)
        except FileNotFoundError as cause:
            if read_failure(cause).code != "NoSuchKey":
                raise

    async def _page(self, folder: str, after: str | None) -> Page[ObjectInfo]:
        stream = self._store.list(folder or None, offset=after, chunk_size=_PAGE)
        if self._bucket is None:  # a folder is in no order, so it can't go on from a key
            whole = [_info(meta) for meta in await stream.collect_async()]
            return Page(sorted(whole, key=lambda one: one.key))
        found = [_info(meta) for meta in await anext(stream, [])]
        if not found:  # obstore takes any 200 for an empty list, too
            await self._reach("list_objects")
        return Page(found, found[-1].key if len(found) == _PAGE else None)

    def _made_folder(self) -> LocalStore:
        try:
            return LocalStore(self._folder, mkdir=True)
        except (BaseError, OSError, ValueError) as cause:
            reason = f"the folder can't be made ({read_failure(cause)})"
            raise self._error(RejectedError, "connect", reason) from None

    async def _call(
        self, operation: str, key: str | None, act: Callable[[], Awaitable[Result]]
    ) -> Result:
        if key is not None:
            self._check(operation, key)

        async def attempt(trace: Trace) -> Result:
            try:
                return await act()
            except (BaseError, OSError, ValueError, NotImplementedError) as cause:
                failure = read_failure(cause)
                trace.request_id = failure.request_id
                raise self._error(
                    failure.kind, operation, str(failure), cure=failure.cure
                ) from None

        return await self._caller.call(operation, attempt, safe=True)

    def _check(self, operation: str, key: str) -> None:
        if fault := fault_of_key(key):
            raise self._error(RejectedError, operation, fault)


def _bucket(place: Place, given: dict[str, Any], longest: timedelta) -> S3Store:
    return S3Store(
        place.bucket,
        prefix=place.prefix or None,
        client_options={
            "timeout": longest,
            "connect_timeout": longest,
            "allow_http": given["endpoint"].startswith("http://"),
        },
        retry_config={"max_retries": 0},
        **{name: value for name, value in given.items() if value},
    )


def _info(meta: Any) -> ObjectInfo:  # noqa: ANN401 - obstore's own mapping
    return ObjectInfo(
        key=meta["path"],
        size_bytes=meta["size"],
        modified_at=meta["last_modified"],
        etag=(meta["e_tag"] or "").strip('"'),
    )
