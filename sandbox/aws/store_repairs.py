"""Repairs of moto's stores: conditions hold when several threads write at once, and no work is done twice, or for nothing."""

from __future__ import annotations

import copy
import functools
import inspect
import json
import operator
import pickle
import threading
import weakref
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any

import botocore.session
import moto.dynamodb.parsing.ast_nodes as ast_nodes
import moto.dynamodb.parsing.expressions as expressions
import moto.dynamodb.parsing.validators as validators
import moto.kms.models as kms
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.core.serialize import JSONSerializer
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing.validators import ActionCountValidator
from moto.dynamodb.responses import DynamoHandler
from moto.kms.utils import KeySpec
from moto.s3.exceptions import NoSuchUpload
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response
from moto.secretsmanager.models import SecretsManagerBackend

from sandbox.aws.patch import put

SCALARS = frozenset({"S", "N", "BOOL", "NULL", "SS", "NS"})
"""Kinds of attribute values that stand in an answer as they are kept."""
REMEMBERED_EXPRESSIONS = 512

_tables = threading.RLock()
objects = threading.RLock()


def conditions_and_writes_are_one() -> None:
    """A condition is looked at and the write done in two moments; of two threads that write at once, both may find it met."""
    before_call, before_key = DynamoHandler.call_action, S3Response.key_response

    def call(self: DynamoHandler) -> Any:
        with _tables:
            return before_call(self)

    def key(self: S3Response, *request: Any) -> Any:
        with objects:
            return before_key(self, *request)

    put(DynamoHandler, "call_action", call)
    put(S3Response, "key_response", key)


def attribute_values_are_written_as_they_are() -> None:
    """Every attribute value is searched for ten members under many spellings each, which takes most of the time of a read."""
    before = JSONSerializer._serialize

    def serialize(self: JSONSerializer, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name == "AttributeValue" and key and type(value) is dict and len(value) == 1 and not SCALARS.isdisjoint(value):
            serialized[key] = value
        else:
            before(self, serialized, value, shape, key)

    put(JSONSerializer, "_serialize", serialize)


def update_expressions_are_parsed_once() -> None:
    """An update expression is parsed twice for every call, its tree is copied node by node, and its clauses are counted at every node."""
    parser: Any = vars(expressions)["UpdateExpressionParser"]
    make = functools.lru_cache(maxsize=REMEMBERED_EXPRESSIONS)(parser.make)
    put(parser, "make", make)  # what is validated is a copy
    count: Any = ActionCountValidator.verify_action_counts
    put(ActionCountValidator, "verify_action_counts", lambda self, node: count(self, node) if node.parent is None else node)
    packed: weakref.WeakKeyDictionary[Any, bytes] = weakref.WeakKeyDictionary()

    def copied(tree: Any) -> Any:
        if not isinstance(tree, vars(ast_nodes)["UpdateExpression"]):
            return copy.deepcopy(tree)
        if tree not in packed:
            packed[tree] = pickle.dumps(tree)
        return pickle.loads(packed[tree])  # noqa: S301 (packed two lines above)

    put(validators, "deepcopy", copied)


def trees_are_walked_by_their_nodes() -> None:
    """Each of ten walks over the tree of an expression asks of every node which of its classes it is an instance of."""
    traverser: Any = vars(ast_nodes)["DepthFirstTraverser"]
    node_class: type = vars(ast_nodes)["Node"]
    is_one: Any = functools.cache(issubclass)

    def walk(self: Any, node: Any, child_id: int = -1) -> Any:
        if not is_one(type(node), node_class):
            return node
        kinds = self.__dict__.get("_kinds")
        if kinds is None:
            kinds = self.__dict__["_kinds"] = tuple(self._processing_map())
        for place, child in enumerate(node.children or ()):
            if is_one(type(child), node_class):
                self.pre_processing_of_child(node, place)
                walk(self, child, place)
        if is_one(type(node), kinds):
            parent, node = node.parent, self.process(node)
            node.parent = parent
            if parent:
                parent.children[child_id] = node
        return node

    put(traverser, "traverse_node_recursively", walk)


def queries_sort_what_they_look_for() -> None:
    """A query sorts the whole table before it looks for its partition: 0.7 s with 100,000 items, however few it finds."""
    before_query, before_items = Table.query, Table.all_items
    signature = inspect.signature(before_query)

    def query(self: Table, *given: Any, **options: Any) -> Any:
        asked = signature.bind(self, *given, **options).arguments
        conditions = asked.get("hash_key_conditions") if asked.get("index_name") else [(self.hash_key_attr, asked["hash_key"])]
        with _tables:
            self.__dict__["_partition"] = {name: value.value for name, value in conditions or []}
            try:
                return before_query(self, *given, **options)
            finally:
                del self.__dict__["_partition"]

    def items(self: Table) -> list[Any]:
        partition: dict[str, Any] | None = self.__dict__.get("_partition")
        if partition is None:
            return before_items(self)
        hash_sets: Any = self.items.values()
        every = chain.from_iterable(each.values() for each in hash_sets) if self.range_key_attr else hash_sets
        found = [item for item in every if all(n in item.attrs and item.attrs[n].value == v for n, v in partition.items())]
        return sorted(found, key=lambda item: (item.hash_key, item.range_key) if item.range_key else item.hash_key)

    put(Table, "query", query)
    put(Table, "all_items", items)


def uploads_in_parts_are_over_when_they_are_completed() -> None:
    """A part of an upload that was completed or thrown away, and another completion, end in a KeyError; S3 says that there is no such
    upload."""
    before_part, before_complete = S3Backend.upload_part, S3Backend.complete_multipart_upload

    def known(self: S3Backend, bucket_name: str, multipart_id: str) -> None:
        if multipart_id not in self.get_bucket(bucket_name).multiparts:
            raise NoSuchUpload(upload_id=multipart_id)

    def part(self: S3Backend, bucket_name: str, multipart_id: str, *given: Any) -> Any:
        known(self, bucket_name, multipart_id)
        return before_part(self, bucket_name, multipart_id, *given)

    def complete(self: S3Backend, bucket_name: str, multipart_id: str, *given: Any) -> Any:
        known(self, bucket_name, multipart_id)
        return before_complete(self, bucket_name, multipart_id, *given)

    put(S3Backend, "upload_part", part)
    put(S3Backend, "complete_multipart_upload", complete)


class PairOnceUsed:
    """The private key of a key of KMS, made when somebody first signs with it or asks for its public key."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: Any = None
        self._guard = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        with self._guard:
            self._made = self._made or self._make()
        return getattr(self._made, name)


class Pairs:
    """The pairs made so far in this process, by kind. Each is handed out once while an embedded AWS runs, and again while the next one
    does: to find their primes takes longer than most of what is signed with them."""

    made: dict[str, list[Any]] = {}
    handed_out: Counter[str] = Counter()
    guard = threading.Lock()

    @classmethod
    def one(cls, kind: str, make: Callable[[str], Any]) -> Any:
        with cls.guard:
            made, number = cls.made.setdefault(kind, []), cls.handed_out[kind]
            if number == len(made):
                made.append(make(kind))
            cls.handed_out[kind] += 1
            return made[number]


def pairs_are_made_when_they_are_used() -> None:
    """With every key of KMS an RSA pair is made, which takes longer than a stack: a symmetric key has no use for it, and few sign."""
    before: Any = vars(kms)["generate_private_key"]

    def pair(kind: str) -> Any:
        return None if kind == KeySpec.SYMMETRIC_DEFAULT else PairOnceUsed(lambda: Pairs.one(kind, before))

    put(kms, "generate_private_key", pair)


def keys_are_of_the_kind_that_the_template_names() -> None:
    """A key of a stack is always a symmetric one."""

    def create(kind: type[Any], /, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any) -> Any:
        wanted = cloudformation_json["Properties"]
        key = kms.kms_backends[account_id][region_name].create_key(
            policy=json.dumps(wanted["KeyPolicy"]),
            key_usage=wanted.get("KeyUsage", "ENCRYPT_DECRYPT"),
            key_spec=wanted.get("KeySpec", KeySpec.SYMMETRIC_DEFAULT),
            description=wanted.get("Description"),
            tags=wanted.get("Tags", []),
        )
        key.key_rotation_status, key.enabled = wanted.get("EnableKeyRotation", False), wanted.get("Enabled", True)
        return key

    put(kms.Key, "create_from_cloudformation_json", classmethod(create))


def a_secret_goes_back_with_its_label() -> None:
    """Whoever reads a secret gets the version that was put last, wherever its label AWSCURRENT has been moved to."""
    before = SecretsManagerBackend.update_secret_version_stage

    def update(self: Any, secret_id: str, version_stage: str, remove_from_version_id: str, move_to_version_id: str) -> tuple[str, str]:
        answer = before(self, secret_id, version_stage, remove_from_version_id, move_to_version_id)
        if version_stage == "AWSCURRENT" and move_to_version_id:
            self.secrets[secret_id].set_default_version_id(move_to_version_id)
        return answer

    put(SecretsManagerBackend, "update_secret_version_stage", update)


def accounts_are_found_at_once() -> None:
    """With every look for an account its service is compared with all services in use by their names, to see whether it is one of them."""
    before, services = BackendDict._create_account_specific_backend, vars(BackendDict)["_instances"]

    def create(self: BackendDict[Any], account: str) -> None:
        if not (dict.__contains__(self, account) and any(map(partial(operator.is_, self), services))):
            before(self, account)

    put(BackendDict, "_create_account_specific_backend", create)


def everything_is_forgotten() -> None:
    """What stands in the stores, and the list of all that ever stood in them, which moto keeps for a page of its server and goes through
    each time. Key pairs are free again."""
    BackendDict.reset()
    reset_model_data()
    Pairs.handed_out.clear()


def services_are_described_once() -> None:
    """Not of moto: every session reads the description of every service anew, which takes most of the time of making its clients."""
    put(botocore.session, "create_loader", functools.cache(vars(botocore.session)["create_loader"]))


REPAIRS: tuple[Callable[[], None], ...] = (
    conditions_and_writes_are_one,
    attribute_values_are_written_as_they_are,
    update_expressions_are_parsed_once,
    trees_are_walked_by_their_nodes,
    queries_sort_what_they_look_for,
    uploads_in_parts_are_over_when_they_are_completed,
    pairs_are_made_when_they_are_used,
    keys_are_of_the_kind_that_the_template_names,
    a_secret_goes_back_with_its_label,
    accounts_are_found_at_once,
    services_are_described_once,
)
