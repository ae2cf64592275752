"""Sends the AWS calls of this process straight to moto's backends: no HTTP, and nothing but AWS clients is touched.

moto's own switch (`mock_aws`) also patches the `requests` library, which the product uses to reach Zuora and NetSuite. Only the
part that sits inside botocore is switched on here, with a table of routes per host in place of a walk over all services.
"""

from __future__ import annotations

import functools
import os
import re
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import boto3
import moto.backend_index as backend_index
import moto.backends as backends
from botocore.awsrequest import AWSPreparedRequest
from moto.core.config import default_user_config
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.core.request import normalize_request
from werkzeug.exceptions import HTTPException

from sandbox.aws import limits, mail, rights, store_repairs, table_policies
from sandbox.aws.patch import apply, put
from sandbox.aws.shortcuts import Shortcuts

ACCOUNT = DEFAULT_ACCOUNT_ID
HIDDEN = re.compile(
    r"AWS_(ENDPOINT_URL.*|PROFILE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|ROLE_ARN|WEB_IDENTITY_TOKEN_FILE|CONTAINER_.*|CA_BUNDLE)"
)
"""Variables of the process that would lead AWS clients elsewhere; set aside while the embedded AWS runs."""

Answer = tuple[int, dict[str, Any], str | bytes]
Route = tuple[re.Pattern[str], Callable[[Any, str, Any], Answer]]


def route(request: AWSPreparedRequest) -> Answer | None:
    """The answer of the moto function that a request is for, None for a request to somebody else."""
    parts = urlsplit(str(request.url))
    target = f"{parts.scheme}://{parts.netloc}{parts.path}"
    for pattern, answer in _routes_of(f"{parts.scheme}://{parts.netloc}"):
        if pattern.match(target):
            return _answer(answer, request)
    if parts.netloc.endswith(".amazonaws.com"):
        return 404, {}, f"{target} is not part of the embedded AWS"
    return None


def _answer(answer: Callable[[Any, str, Any], Answer], request: AWSPreparedRequest) -> Answer:
    normalised = normalize_request(request)
    try:
        return answer(normalised, normalised.raw_url, normalised.headers)
    except HTTPException as problem:
        return problem.code or 500, dict(problem.get_headers()), problem.get_body()


@functools.lru_cache(maxsize=256)
def _routes_of(base: str) -> list[Route]:
    """The routes of a host, which are the same whatever stands in the stores."""
    routes: list[Route] = []
    for service, pattern in backend_index.backend_url_patterns:
        if pattern.match(base):
            regions = backends.get_backend(service)[ACCOUNT]  # type: ignore[call-overload]
            backend = regions["us-east-1" if "us-east-1" in regions else "aws"]
            routes += [(re.compile(url), answer) for url, answer in backend.urls.items()]
    return routes


class InProcess:
    """Switches the process over to the embedded AWS and back. Only one may be on at a time."""

    _on = threading.Lock()

    def __init__(self, region: str) -> None:
        self._region = region
        self._aside: dict[str, str | None] = {}
        self._config: dict[str, Any] = {}
        self._client = boto3.session.Session.client
        self._shortcuts = Shortcuts()

    def start(self) -> None:
        """Raises RuntimeError if another embedded AWS is running in this process."""
        of_tables = table_policies.tables_keep_to_their_policies
        asked = (mail.the_mail_account_can_be_asked, rights.rights_can_be_asked_for)
        apply((*store_repairs.REPAIRS, *asked, *limits.LIMITS, of_tables))
        if not InProcess._on.acquire(blocking=False):
            raise RuntimeError("an embedded AWS is running in this process already; close it first")
        store_repairs.everything_is_forgotten()
        self._config = {key: default_user_config[key] for key in ("stepfunctions", "lambda")}
        default_user_config["stepfunctions"] = {"execute_state_machine": True}
        default_user_config["lambda"] = {"use_docker": False}
        self._set_variables()
        self._serialise_clients()
        self._shortcuts.take()
        boto3.DEFAULT_SESSION = None
        put(botocore_stubber, "process_request", route)
        botocore_stubber.enabled = True

    def stop(self) -> None:
        botocore_stubber.enabled = False
        del botocore_stubber.process_request
        boto3.DEFAULT_SESSION = None
        put(boto3.session.Session, "client", self._client)
        self._shortcuts.give_back()
        default_user_config.update(self._config)  # type: ignore[typeddict-item]
        store_repairs.everything_is_forgotten()
        for name, value in self._aside.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        InProcess._on.release()

    def _set_variables(self) -> None:
        hidden = [name for name in os.environ if HIDDEN.fullmatch(name)]
        wanted = {
            "AWS_REGION": self._region,
            "AWS_DEFAULT_REGION": self._region,
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            "AWS_SESSION_TOKEN": "sandbox",
            "AWS_EC2_METADATA_DISABLED": "true",
            "VALIDATE_LAMBDA_S3": "false",
        }
        self._aside = {name: os.environ.get(name) for name in [*hidden, *wanted]}
        for name in hidden:
            del os.environ[name]
        os.environ.update(wanted)

    def _serialise_clients(self) -> None:
        """boto3 sessions are not safe against being asked for clients from several threads, as handlers in one process do."""
        original, lock = self._client, threading.RLock()

        def client(*args: Any, **options: Any) -> Any:
            with lock:
                return original(*args, **options)

        put(boto3.session.Session, "client", client)
