"""A bucket in which a file is written once and never changed: storage that speaks S3, by obstore.

The promises are those of the folder (``adapters.shelf``), kept by the other side: a file is sent in one conditional
request (``If-None-Match: *``), so that it appears whole or not at all and only the first of many writers gives the name
its bytes; it is sent with its SHA-256, which the storage compares with what arrived.
"""

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from adapters.shelf import AdapterError

if TYPE_CHECKING:
    from obstore.store import S3Store

ADDRESS = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<prefix>(?:/[\w.=+@-]+)*)/?", re.ASCII)
AT_ONCE = 16  # requests, when many files are read
WHOLE_REQUEST, CONNECTING = "90s", "5s"  # a packet of 100 MB at 10 Mbit/s; within the two minutes that a step has
PROBE = ".written-once"  # sent twice by every process before its first file
NO_BUCKET = "<Code>NoSuchBucket</Code>"
STATUS = re.compile(r"status code: (\d{3})")
REFUSED = ("401", "403")


class Address(NamedTuple):
    """A bucket and the path in it below which everything lies."""

    bucket: str
    prefix: str

    @property
    def text(self) -> str:
        """``s3://bucket/prefix``."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


class Access(NamedTuple):
    """How the storage is reached; what is empty comes from the environment (``AWS_…``) or the machine's own role."""

    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""


def address_of(text: str) -> Address | None:
    """The address in ``s3://bucket/prefix``, None when it is none."""
    found = ADDRESS.fullmatch(text)
    return Address(found["bucket"], found["prefix"].strip("/")) if found and ".." not in text else None


class Bucket:
    """Write-once files below a prefix of a bucket. Safe for threads, processes and machines."""

    def __init__(self, address: Address, access: Access) -> None:
        self._address = address
        self._access = access

    @property
    def place(self) -> str:
        """``s3://bucket/prefix``."""
        return self._address.text

    def check(self, name: str) -> None:
        """Refuse a name that leads out of the prefix. Raises AdapterError."""
        parts = name.split("/")
        if any(part in ("", ".", "..") for part in parts) or not name.isprintable():
            raise AdapterError(f"A file name leads out of {self.place}; nothing was read or written.")

    def get(self, name: str) -> bytes | None:
        """A file's bytes, or None where there is none. Raises AdapterError when the bucket cannot be read."""
        self.check(name)
        with self._using("read"):
            try:
                return bytes(self._store.get(name).bytes())
            except FileNotFoundError as missing:
                if NO_BUCKET in str(missing):
                    raise
                return None

    def get_all(self, names: Iterable[str]) -> list[bytes | None]:
        """The bytes of many files, in the order of their names. Raises AdapterError as ``get`` does."""
        with ThreadPoolExecutor(AT_ONCE) as threads:
            return list(threads.map(self.get, names))

    def names(self, pattern: str) -> list[str]:
        """The files that fit a glob pattern, in no order. Raises AdapterError as ``get`` does."""
        fixed = pattern.split("*")[0].rpartition("/")[0]
        fits = re.compile("[^/]*".join(map(re.escape, pattern.split("*"))))
        return [name for name in self._listed(fixed) if fits.fullmatch(name)]

    def visible(self) -> list[str]:
        """Every file whose path has no part that begins with a dot. Raises AdapterError as ``get`` does."""
        with self._using("read"):
            top = self._store.list_with_delimiter()
        found = [entry["path"] for entry in top["objects"]]
        for folder in top["common_prefixes"]:
            found += [] if folder.startswith(".") else self._listed(folder)
        return [name for name in found if not any(part.startswith(".") for part in name.split("/"))]

    def put(self, name: str, data: bytes) -> bytes:
        """Write a file, unless it is there; gives back what now lies there. Raises AdapterError when it cannot."""
        self.check(name)
        if not self._keeps_the_first:
            raise AdapterError(
                f"{self.place} cannot be written to: it overwrites a file when asked not to (If-None-Match)."
            )
        if self._is_first(name, data):
            return data
        lies = self.get(name)
        if lies is None:
            raise AdapterError(f"{self.place} cannot be written to now: another writer is at work on the same file.")
        return lies

    @cached_property
    def _keeps_the_first(self) -> bool:
        """Whether the storage does what everything here rests on; some that speak S3 do not, and say nothing."""
        self._is_first(PROBE, b"first")
        return not self._is_first(PROBE, b"second")

    def _is_first(self, name: str, data: bytes) -> bool:
        """Send a file; False when there is one of that name already."""
        with self._using("written to"):
            from obstore.exceptions import AlreadyExistsError

            try:
                self._store.put(name, data, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
        return True

    def _listed(self, folder: str) -> list[str]:
        with self._using("read"):
            return [entry["path"] for page in self._store.list(folder or None) for entry in page]

    @cached_property
    def _store(self) -> "S3Store":
        """The storage, made when it is first used: nothing is asked of it before."""
        from obstore.store import S3Store

        given = {
            "endpoint": self._access.endpoint,
            "region": self._access.region,
            "access_key_id": self._access.access_key,
            "secret_access_key": self._access.secret_key,
        }
        return S3Store(
            self._address.bucket,
            prefix=self._address.prefix or None,
            checksum_algorithm="SHA256",
            client_options={
                "timeout": WHOLE_REQUEST,
                "connect_timeout": CONNECTING,
                "allow_http": self._access.endpoint.startswith("http://"),
            },
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
            **{key: value for key, value in given.items() if value},  # type: ignore[arg-type]
        )

    @contextmanager
    def _using(self, verb: str) -> Iterator[None]:
        """Whatever goes wrong becomes one sentence: the storage's own words name the file, and so the member."""
        try:
            yield
        except AdapterError:
            raise
        except ImportError:
            raise AdapterError(
                f"{self.place} cannot be {verb}: obstore is not installed; pip install second-opinion[s3]."
            ) from None
        except Exception as trouble:  # noqa: BLE001 - all of them mean the same: it cannot be used now
            raise AdapterError(f"{self.place} cannot be {verb}: {_why(trouble)}.") from None


def _why(trouble: Exception) -> str:
    if isinstance(trouble, FileNotFoundError) or NO_BUCKET in str(trouble):
        return "there is no such bucket"
    status = STATUS.search(str(trouble))
    if status is None:
        return "it does not answer"
    return "the credentials were refused, or have no right to it" if status[1] in REFUSED else f"it answers {status[1]}"
