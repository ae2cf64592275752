"""The vendor's own SDK, unmodified, against the stand-in: a token, an upload, and where it stands. Skipped where `zuora-sdk` is not
installed; `make clients` runs it in an environment of its own."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from sandbox.revenue.options import API_ROLE, DEFAULT_CLIENT, SANDBOX_PASSWORD, SANDBOX_USER
from tests.standins.revenue.tenant import ORDER, TEMPLATE, Revenue, text

zuora_sdk = pytest.importorskip("zuora_sdk", reason="zuora-sdk is not installed")


@pytest.fixture
def sdk(rv: Revenue) -> Any:
    """The Revenue part of the SDK. Its paths begin with /integration: /api belongs to the host."""
    return zuora_sdk.RevenueIntegrationApi(zuora_sdk.ApiClient(zuora_sdk.Configuration(host=f"{rv.url}/api")))


def log_in(sdk: Any, password: str = SANDBOX_PASSWORD) -> str:
    """A token: the SDK hands out the headers only together with the whole answer."""
    pair = b64encode(f"{SANDBOX_USER}:{password}".encode()).decode()
    answer = sdk.generate_jwt_token_with_http_info(role=API_ROLE, clientname=DEFAULT_CLIENT, authorization=f"Basic {pair}")
    assert answer.status_code == 200
    headers = {name.lower(): value for name, value in dict(answer.headers).items()}
    return str(headers["revpro-token"])


def test_an_upload_is_followed_until_it_is_staged(sdk: Any, rv: Revenue, tmp_path: Path) -> None:
    rv.load(tenant=[{"staging_polls": 1}])
    token, file = log_in(sdk), tmp_path / "orders.csv"
    file.write_bytes(text(ORDER))
    sent = sdk.upload_file(token=token, templatename=TEMPLATE, file=str(file))
    number = int(sent.result.file_request_id)
    seen = [sdk.get_file_upload_status_by_request_id(token=token, file_request_id=number) for _ in range(2)]
    assert "received" in str(seen[0].to_dict()).lower() and "staged" in str(seen[1].to_dict()).lower()
    assert [line["doc_line_id"] for line in rv.dump()["stagingLine"]] == ["SO1-1"]


def test_a_template_is_described(sdk: Any, rv: Revenue) -> None:
    rv.load(tenant=[{"mapping_methods": ["GET", "POST"]}])  # the SDK posts where the reference says GET
    described = sdk.upload_mapping(token=log_in(sdk), templatename=TEMPLATE)
    assert "doc_line_id" in str(described.to_dict()).lower()


def test_a_wrong_password_is_refused(sdk: Any) -> None:
    with pytest.raises(zuora_sdk.exceptions.ApiException) as refused:
        log_in(sdk, "wrong")
    assert refused.value.status in (400, 401)
