"""What an embedded AWS leaves to the next one of the process: key pairs, and nothing that stood in its stores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto.s3.models import FakeKey

from sandbox.aws.inprocess import InProcess


@contextmanager
def running() -> Iterator[None]:
    aws = InProcess("us-east-1")
    aws.start()
    try:
        yield
    finally:
        aws.stop()


def signed(kind: str, text: bytes) -> tuple[bytes, bytes]:
    """A signature by a new key in an AWS of its own, and the key's public half."""
    with running():
        client = boto3.client("kms")
        key = client.create_key(KeySpec=kind, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        signature: bytes = client.sign(KeyId=key, Message=text, SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256")["Signature"]
        return signature, client.get_public_key(KeyId=key)["PublicKey"]


def test_a_pair_serves_one_aws_after_the_other() -> None:
    first = signed("RSA_2048", b"text")
    assert signed("RSA_2048", b"text") == first
    assert signed("RSA_3072", b"text")[1] != first[1]


def test_nothing_that_stood_in_the_stores_is_kept() -> None:
    with running():
        client = boto3.client("s3")
        client.create_bucket(Bucket="kept")
        client.put_object(Bucket="kept", Key="k", Body=b"text")
        assert len(vars(FakeKey)["instances_tracked"]) == 1
    assert vars(FakeKey)["instances_tracked"] == []
