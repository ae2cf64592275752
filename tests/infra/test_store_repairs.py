"""One test per repair of moto's DynamoDB and S3, on the tables and the bucket of the stack."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError
from moto.core.base_backend import BackendDict
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.parsing import expressions
from moto.kms.models import kms_backends

from sandbox.aws import LocalAws, store_repairs
from sandbox.aws.inprocess import ACCOUNT

WRITERS = 8


@pytest.fixture
def table(aws: LocalAws) -> Any:
    return boto3.resource("dynamodb").Table(aws.outputs["StatusTable"])


@pytest.fixture
def hectic() -> Iterator[None]:
    """Threads take turns as often as they can, so that a gap between condition and write is found."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(write: Callable[[int], Any]) -> list[Any]:
    """What `write` answered to every one of the writers, which begin at the same moment; the error code of those refused."""
    answers: list[Any] = []
    meet = threading.Barrier(WRITERS)

    def run(number: int) -> None:
        meet.wait()
        try:
            write(number)
            answers.append("written")
        except ClientError as refused:
            answers.append(refused.response["Error"]["Code"])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


class TestConditions:
    """conditions_and_writes_are_one"""

    def test_of_many_that_create_one_wins(self, table: Any, hectic: None) -> None:
        for round_ in range(10):
            answers = together(
                lambda number, round_=round_: table.update_item(  # type: ignore[misc]
                    Key={"id": f"create-{round_}"},
                    UpdateExpression="SET #owner = :owner",
                    ConditionExpression="attribute_not_exists(id)",
                    ExpressionAttributeNames={"#owner": "owner"},
                    ExpressionAttributeValues={":owner": number},
                )
            )
            assert sorted(answers) == ["ConditionalCheckFailedException"] * (WRITERS - 1) + ["written"]

    def test_of_many_that_advance_a_version_one_wins(self, table: Any, hectic: None) -> None:
        table.put_item(Item={"id": "advance", "version": 0})
        for version in range(10):
            answers = together(
                lambda _, version=version: table.update_item(  # type: ignore[misc]
                    Key={"id": "advance"},
                    UpdateExpression="SET version = :next",
                    ConditionExpression="version = :version",
                    ExpressionAttributeValues={":next": version + 1, ":version": version},
                )
            )
            assert answers.count("written") == 1

    def test_of_many_that_create_an_object_one_wins(self, aws: LocalAws, hectic: None) -> None:
        client, bucket = boto3.client("s3"), aws.outputs["ReportsBucket"]
        answers = together(lambda number: client.put_object(Bucket=bucket, Key="runs/once", Body=str(number).encode(), IfNoneMatch="*"))
        assert sorted(answers) == ["PreconditionFailed"] * (WRITERS - 1) + ["written"]


class TestAttributeValues:
    """attribute_values_are_written_as_they_are"""

    def test_every_kind_comes_back_as_it_went_in(self, table: Any) -> None:
        item = {
            "id": "kinds",
            "text": "a",
            "empty": "",
            "number": 12345678901234567890,
            "yes": True,
            "nothing": None,
            "texts": {"a", "b"},
            "numbers": {1, 2},
            "bytes": b"\x00\xff",
            "list": ["a", 1, [False, None], {"deep": {"deeper": b"x"}}],
            "map": {"S": "named like a kind", "N": {"S": "x"}},
        }
        table.put_item(Item=item)
        for found in (
            table.get_item(Key={"id": "kinds"})["Item"],
            table.meta.client.batch_get_item(RequestItems={table.name: {"Keys": [{"id": "kinds"}]}})["Responses"][table.name][0],
        ):
            plain = {**found, "bytes": bytes(found["bytes"].value)}
            plain["list"] = [*plain["list"][:3], {"deep": {"deeper": bytes(plain["list"][3]["deep"]["deeper"].value)}}]
            assert plain == item


class TestUpdateExpressions:
    """update_expressions_are_parsed_once"""

    def update(self, table: Any, text: str, **values: Any) -> Any:
        given = {"ExpressionAttributeValues": {f":{name}": value for name, value in values.items()}} if values else {}
        return table.update_item(Key={"id": "expressions"}, UpdateExpression=text, ReturnValues="ALL_NEW", **given)["Attributes"]

    def test_an_expression_means_the_same_every_time(self, table: Any) -> None:
        table.put_item(Item={"id": "expressions", "n": 1, "gone": "x"})
        for expected in (3, 5, 7):
            changed = self.update(table, "SET n = n + :two, codes = :codes REMOVE gone", two=2, codes=["a", "b"])
            assert (changed["n"], changed["codes"]) == (expected, ["a", "b"])
            assert "gone" not in changed

    def test_values_of_one_call_do_not_stay_for_the_next(self, table: Any) -> None:
        assert self.update(table, "SET v = :v", v="first")["v"] == "first"
        assert self.update(table, "SET v = :v", v="second")["v"] == "second"

    def test_a_clause_that_comes_twice_is_still_refused(self, table: Any) -> None:
        for _ in range(2):
            with pytest.raises(ClientError, match="can only be used once"):
                self.update(table, "SET a = :a SET b = :a", a=1)

    def test_the_tree_is_the_same_object(self) -> None:
        make = vars(expressions)["UpdateExpressionParser"].make
        assert make("SET a = :a") is make("SET a = :a")


class TestTrees:
    """trees_are_walked_by_their_nodes"""

    def test_paths_that_overlap_are_still_refused(self, table: Any) -> None:
        with pytest.raises(ClientError, match="Two document paths overlap"):
            TestUpdateExpressions().update(table, "SET a.b = :a, a = :a", a=1)

    def test_what_a_value_is_made_of_is_worked_out(self, table: Any) -> None:
        table.put_item(Item={"id": "expressions", "codes": [1], "n": 1})
        changed = TestUpdateExpressions().update(
            table, "SET codes = list_append(codes, :more), m = if_not_exists(m, :n) REMOVE n", more=[2], n=7
        )
        assert (changed["codes"], changed["m"], "n" in changed) == ([1, 2], 7, False)


class TestQueries:
    """queries_sort_what_they_look_for"""

    def pages(self, table: Any, **query: Any) -> list[list[str]]:
        """The range keys of every page."""
        found: list[list[str]] = []
        start: dict[str, Any] = {}
        while True:
            answer = table.query(**query, **start)
            found.append([item.get("sk", item.get("id")) for item in answer["Items"]])
            if "LastEvaluatedKey" not in answer:
                return found
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def test_a_partition_comes_in_order_and_in_pages(self, aws: LocalAws) -> None:
        runs = boto3.resource("dynamodb").Table(aws.outputs["RunsTable"])
        for number in (3, 1, 2, 5, 4):
            runs.put_item(Item={"pk": "runs#a", "sk": f"2025-0{number}"})
            runs.put_item(Item={"pk": "runs#b", "sk": f"2024-0{number}"})
        mine = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": "runs#a"}}
        assert self.pages(runs, **mine) == [[f"2025-0{n}" for n in range(1, 6)]]
        assert self.pages(runs, **mine, ScanIndexForward=False, Limit=2)[:2] == [["2025-05", "2025-04"], ["2025-03", "2025-02"]]
        some = {"KeyConditionExpression": "pk = :pk AND sk > :sk", "ExpressionAttributeValues": {":pk": "runs#a", ":sk": "2025-03"}}
        assert self.pages(runs, **some) == [["2025-04", "2025-05"]]
        assert self.pages(runs, **{**mine, "ExpressionAttributeValues": {":pk": "nothing"}}) == [[]]

    def test_an_index_holds_the_items_that_have_its_key(self, table: Any) -> None:
        for number in range(20):
            waits = {"attention": f"HELD#{number % 2}", "place": f"V1#{number:02d}"}
            table.put_item(Item={"id": f"waits-{number:02d}", **(waits if number % 4 < 2 else {})})
        query = {
            "IndexName": "waiting",
            "KeyConditionExpression": "attention = :kind",
            "ExpressionAttributeValues": {":kind": "HELD#1"},
        }
        assert self.pages(table, **query) == [["waits-01", "waits-05", "waits-09", "waits-13", "waits-17"]]

    def test_what_is_not_asked_for_is_not_sorted(self, table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        compared: list[int] = []
        before = DynamoType.__lt__

        def less(self: DynamoType, other: DynamoType) -> bool:
            compared.append(1)
            return bool(before(self, other))

        monkeypatch.setattr(DynamoType, "__lt__", less)
        for number in range(200):
            table.put_item(Item={"id": f"many-{number}"})
        compared.clear()
        table.query(IndexName="waiting", KeyConditionExpression="attention = :kind", ExpressionAttributeValues={":kind": "NONE"})
        assert compared == []


class TestUploads:
    """uploads_in_parts_are_over_when_they_are_completed"""

    def test_a_part_or_a_completion_that_comes_late_is_refused(self, aws: LocalAws) -> None:
        client, place = boto3.client("s3"), {"Bucket": aws.outputs["ReportsBucket"], "Key": "runs/parts/log"}
        upload = client.create_multipart_upload(**place)["UploadId"]
        tag = client.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"all of it")["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
        client.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts)
        assert client.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts)["ETag"]  # said once more, not done again
        thrown_away = client.create_multipart_upload(**place)["UploadId"]
        client.abort_multipart_upload(**place, UploadId=thrown_away)
        with pytest.raises(ClientError, match="NoSuchUpload"):
            client.upload_part(**place, UploadId=upload, PartNumber=2, Body=b"more")
        with pytest.raises(ClientError, match="NoSuchUpload"):
            client.complete_multipart_upload(**place, UploadId=thrown_away, MultipartUpload=parts)
        assert client.get_object(**place)["Body"].read() == b"all of it"


def test_every_repair_has_a_test() -> None:
    tested = {each.__doc__ for each in globals().values() if isinstance(each, type)}
    assert {repair.__name__ for repair in store_repairs.REPAIRS} <= tested


class TestKeys:
    """pairs_are_made_when_they_are_used"""

    def test_a_symmetric_key_keeps_secrets(self, aws: LocalAws) -> None:
        client = boto3.client("kms")
        key = client.create_key()["KeyMetadata"]["KeyId"]
        assert kms_backends[ACCOUNT][aws.region].keys[key].private_key is None
        secret = client.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
        assert client.decrypt(CiphertextBlob=secret)["Plaintext"] == b"secret"

    def test_a_pair_of_keys_signs(self, aws: LocalAws) -> None:
        client = boto3.client("kms")
        key = client.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        signing = {"KeyId": key, "Message": b"text", "SigningAlgorithm": "RSASSA_PSS_SHA_256"}
        signature = client.sign(**signing)["Signature"]
        assert client.verify(**signing, Signature=signature)["SignatureValid"]
        other = client.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        assert not client.verify(**{**signing, "KeyId": other}, Signature=signature)["SignatureValid"]


class TestAccounts:
    """accounts_are_found_at_once"""

    def test_services_are_compared_when_an_account_is_new_and_not_again(self, aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
        compared: list[Any] = []
        before = BackendDict.__eq__

        def same(self: Any, other: Any) -> bool:
            compared.append(other)
            return bool(before(self, other))

        monkeypatch.setattr(BackendDict, "__eq__", same)
        assert kms_backends[ACCOUNT] is kms_backends[ACCOUNT]
        assert compared == []
        assert kms_backends["210987654321"] is kms_backends["210987654321"]
        assert any(each is kms_backends for each in vars(BackendDict)["_instances"])


class TestKindsOfKeys:
    """keys_are_of_the_kind_that_the_template_names"""

    def test_the_key_of_exports_signs(self, aws: LocalAws) -> None:
        client = boto3.client("kms")
        signing = {"KeyId": aws.outputs["ExportKey"], "Message": b"text", "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256"}
        assert client.describe_key(KeyId=signing["KeyId"])["KeyMetadata"]["KeySpec"] == "RSA_3072"
        assert client.verify(**signing, Signature=client.sign(**signing)["Signature"])["SignatureValid"]


class TestSessions:
    """services_are_described_once"""

    def test_they_share_what_they_read(self, aws: LocalAws) -> None:
        first, second = (botocore.session.get_session().get_component("data_loader") for _ in range(2))
        assert first is second
        assert boto3.Session(region_name="eu-west-1").client("sqs").meta.region_name == "eu-west-1"


class TestSecrets:
    """a_secret_goes_back_with_its_label"""

    def test_the_version_before_is_read_again(self, aws: LocalAws) -> None:
        client, name = boto3.client("secretsmanager"), aws.outputs["CredentialsSecret"]
        old = client.get_secret_value(SecretId=name)
        new = client.put_secret_value(SecretId=name, SecretString='{"new": {}}')["VersionId"]
        client.update_secret_version_stage(
            SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=old["VersionId"], RemoveFromVersionId=new
        )
        assert client.get_secret_value(SecretId=name)["SecretString"] == old["SecretString"]
        assert client.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == '{"new": {}}'
