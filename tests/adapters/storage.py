"""A storage that speaks S3 over HTTP, in this process: moto's, one request after the other, as no two may overtake."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Thread
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

from adapters.bucket import Access, Address, Bucket

KEYS = {"aws_access_key_id": "door", "aws_secret_access_key": "secret"}
_numbers = count(1)


class Quiet(WSGIRequestHandler):
    """A handler that prints no line a request."""

    def log(self, *_: object) -> None:
        pass


class Storage:
    """The storage at ``url``."""

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def access(self) -> Access:
        return Access(endpoint=self.url, region="us-west-2", access_key="door", secret_key="secret")

    def a_bucket(self) -> Bucket:
        """A new bucket, of which a prefix is ours."""
        return self.bucket(self.made())

    def bucket(self, name: str, prefix: str = "plan/um") -> Bucket:
        return Bucket(Address(name, prefix), self.access)

    def made(self) -> str:
        """The name of a new bucket."""
        name = f"filing-{next(_numbers)}"
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        return name

    @property
    def client(self):
        """What anybody else uses to look into the storage."""
        return boto3.client("s3", endpoint_url=self.url, region_name="us-west-2", **KEYS)

    def keys(self, bucket: str) -> list[str]:
        """What lies in a bucket."""
        return [entry["Key"] for entry in self.client.list_objects_v2(Bucket=bucket).get("Contents", ())]


@contextmanager
def a_storage(*, overwrites: bool = False) -> Iterator[Storage]:
    """A storage for as long as it is needed; one that ``overwrites`` does not know conditional writes."""
    speaks_s3: Any = DomainDispatcherApplication(create_backend_app)

    def app(environ: dict[str, Any], answer: Callable[..., Any]) -> Iterable[bytes]:
        if overwrites:
            environ.pop("HTTP_IF_NONE_MATCH", None)
        found: Iterable[bytes] = speaks_s3(environ, answer)
        return found

    server = make_server("127.0.0.1", 0, app, request_handler=Quiet)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Storage(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
