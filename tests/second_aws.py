"""AWS for the tests of the stores: embedded, by moto, and a second implementation by other authors, MiniStack, where it is installed.

MiniStack runs as a process of its own from build/ministack (`make second-aws`), bound to loopback on a free port, and is ended with the
tests.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sandbox.aws.inprocess import InProcess

MINISTACK = Path(__file__).parents[1] / "build" / "ministack" / "bin" / "ministack"
REGION = "eu-west-1"
START_SECONDS = 120
BUCKET = "reports"
STORES = ["memory", "moto", pytest.param("ministack", marks=pytest.mark.second_aws)]
"""What tests of stores are run on: dictionaries, moto, MiniStack."""


class Aws:
    """boto3 clients of one implementation; `endpoint` is "" for the embedded one."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def made(self, kind: str, service: str) -> Any:
        if not self.endpoint:
            return getattr(boto3, kind)(service, region_name=REGION)
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
        config = Config(s3={"addressing_style": "path"}, retries={"mode": "standard", "max_attempts": 5})
        return getattr(boto3.session.Session(), kind)(service, endpoint_url=self.endpoint, config=config, **keys)

    def table(self, definition: dict[str, Any]) -> Any:
        """A fresh table."""
        dynamodb = self.made("resource", "dynamodb")
        if definition["TableName"] in {each.name for each in dynamodb.tables.all()}:
            dynamodb.Table(definition["TableName"]).delete()
        return dynamodb.create_table(**definition)

    def bucket(self) -> Any:
        """An S3 client, and a fresh bucket `BUCKET`."""
        s3 = self.made("client", "s3")
        if BUCKET in {each["Name"] for each in s3.list_buckets()["Buckets"]}:
            bucket = self.made("resource", "s3").Bucket(BUCKET)
            bucket.objects.all().delete()
            bucket.delete()
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        return s3


@contextmanager
def embedded() -> Iterator[Aws]:
    aws = InProcess(REGION)
    aws.start()
    try:
        yield Aws("")
    finally:
        aws.stop()


@pytest.fixture(scope="session")
def ministack() -> Iterator[Aws]:
    """A server of its own for these tests; where it is not installed they are left out."""
    if not MINISTACK.is_file():
        pytest.skip("MiniStack is not installed; `make second-aws` installs it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "MINISTACK_REGION": REGION, "SERVICES": "dynamodb,s3,ssm"}
    quiet = {"LOG_LEVEL": "WARNING", "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"}
    server = subprocess.Popen([MINISTACK], env={**os.environ, **own, **quiet}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(f"http://127.0.0.1:{port}/_ministack/health", server)
        yield Aws(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(30)


def _await(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(START_SECONDS * 4):
        assert server.poll() is None, f"MiniStack ended with {server.returncode}"
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.25)
    raise AssertionError(f"MiniStack does not answer at {address}")
