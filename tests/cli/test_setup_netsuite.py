"""`tallybridge setup netsuite`: what it compares, what it writes, what it tells; and that the stand-in takes what it has written."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.by_hand.netsuite import files_of
from sandbox.control import Control
from sandbox.netsuite import NetSuiteOptions, NetSuiteStandIn
from sandbox.netsuite.sdf import read
from sandbox.server import LoopbackServer
from tallybridge.fields.netsuite import FIELDS
from tallybridge_cli.main import main
from tallybridge_cli.options import console_for
from tallybridge_cli.setup import netsuite as command
from tallybridge_cli.target import Target

ROLE = "customrole_tallybridge"


def key_and_certificate() -> tuple[str, str]:
    """PEM texts of a private key and of its certificate, which holds from yesterday on."""
    private, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tallybridge")])
    first = datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, private.public_key(), x509.random_serial_number(), first, first + timedelta(days=700))
    made = builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    return pem, made


@dataclass
class Account:
    """A NetSuite account, and the secret that logs in to it."""

    stand_in: NetSuiteStandIn
    url: str
    target: Target

    def do(self, action: str, **given: Any) -> dict[str, Any]:
        return self.stand_in.by_hand({"action": action, **given})

    def log_in(self, role: str = ROLE) -> None:
        """Make the login, and fill in the NetSuite part of the secret alone."""
        key, pem = key_and_certificate()
        self.do("role-to-user", user="Tallybridge", role=role)
        client = self.do("integration", name="Tallybridge")["client_id"]
        made = self.do("certificate", pem=pem, user="Tallybridge", role=role, integration="Tallybridge")
        own = {"account_id": self.stand_in.options.account, "base_url": self.url, "private_key": key, "client_id": client}
        self.secret({"netsuite": {**own, "certificate_id": made["certificate_id"]}})

    def secret(self, content: dict[str, Any]) -> None:
        self.target.client("secretsmanager").put_secret_value(SecretId="credentials", SecretString=json.dumps(content))

    def settings(self, **settings: Any) -> None:
        name = self.target["SETTINGS_PARAMETER"]
        self.target.client("ssm").put_parameter(Name=name, Value=json.dumps(settings), Type="String", Overwrite=True)


@pytest.fixture
def account(target: Target) -> Iterator[Account]:
    """A bare account whose features are enabled."""
    stand_in = NetSuiteStandIn(NetSuiteOptions(bare=True))
    with LoopbackServer(Control(stand_in)) as server:
        made = Account(stand_in, server.url, target)
        made.do("features")
        made.settings()
        yield made


Said = Callable[..., dict[str, Any]]


@pytest.fixture
def said(target: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Said:
    """The command with --json, into `project` of the test's folder."""
    env = tmp_path / "target.env"
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    env.write_text("".join(f"{name}={value}\n" for name, value in {**target.variables, **keys}.items()))

    def run(*words: str, code: int = 0) -> dict[str, Any]:
        with pytest.raises(SystemExit) as ended:
            main(["setup", "netsuite", "--into", str(tmp_path / "project"), "--env", str(env), "--json", *words])
        told = capsys.readouterr()
        assert ended.value.code == code, told
        return dict(json.loads(told.out))

    return run


def test_before_a_login_nothing_is_compared_and_nothing_written(account: Account, said: Said, tmp_path: Path) -> None:
    account.secret({})
    error = said(code=3)["error"]
    assert error["code"] == "NETSUITE-UNSEEN" and "CREDENTIALS" in error["message"]
    assert "--all" in error["advice"] and "--objects" in error["advice"]
    assert not (tmp_path / "project").exists()


def test_a_bare_account_gets_the_whole_project_and_lacks_nothing_afterwards(account: Account, said: Said, tmp_path: Path) -> None:
    whole = said("--all")
    assert (len(whole["missing"]), len(whole["missing_lists"]), whole["role"], whole["compared_with"]) == (85, 2, True, "nothing")
    assert whole["commands"][-2:] == ["suitecloud project:deploy --dryrun", "suitecloud project:deploy"]
    assert "Zuora Sync Updates" in whole["by_hand"]["forms"]["Customer payment"]
    assert len(account.do("deploy", files=files_of(tmp_path / "project"))["created"]) == 88
    account.log_in()
    done = said()
    assert (done["compared_with"], done["found"], done["missing"], done["commands"], done["into"]) == ("account", 85, [], [], "")
    assert done["unseen"] == [] and done["hidden"] == {} and done["incomplete"] == {} and done["wrong_type"] == {}


def test_before_any_settings_are_saved_the_account_is_compared_all_the_same(account: Account, said: Said, tmp_path: Path) -> None:
    said("--all")
    account.do("deploy", files=files_of(tmp_path / "project"))
    account.log_in()
    account.target.client("ssm").delete_parameter(Name=account.target["SETTINGS_PARAMETER"])
    assert said()["found"] == 85
    account.settings(field_map={"custbody.Zuora Id": "x"}, nonsense=1)
    assert "SETTINGS" in said(code=3)["error"]["message"]


def test_only_what_is_missing_is_written_and_can_be_deployed(account: Account, said: Said, tmp_path: Path) -> None:
    said("--all")
    account.do("deploy", files=files_of(tmp_path / "project"))
    account.log_in()
    gone = ("custbodyzuoraadjustmentids", "custcolzuorataxrate", "custentityzuorasalesrep")
    account.stand_in.load({"customField": [{"scriptId": name, "isInactive": True} for name in gone]})
    found = said()
    assert found["missing"] == ["custentity.Zuora Sales Rep", "custbody.Zuora Adjustment IDs", "custcol.Zuora Tax Rate"]
    files = files_of(tmp_path / "project")
    assert sorted(path for path in files if path.startswith("src/Objects")) == [
        *(f"src/Objects/{name}.xml" for name in gone),
        f"src/Objects/{ROLE}.xml",
    ]
    assert account.do("deploy", files=files)["created"] == [*gone]
    assert said()["missing"] == []


def test_fields_of_a_bundle_are_found_by_label_kept_and_named(account: Account, said: Said, tmp_path: Path) -> None:
    theirs = [
        {"scriptId": "custbody_zab_zuora_id", "label": "Zuora ID", "locked": True},
        {"scriptId": "custentity_zab_zuora_id", "label": "Zuora ID", "appliesTo": ["customer"], "locked": True},
        {"scriptId": "custentity_zab_autopay", "label": "Zuora Auto Pay", "type": "text", "appliesTo": ["customer"], "locked": True},
        {"scriptId": "custbodyzuoraorigin", "label": "Origin of Zuora", "appliesTo": ["invoice"], "locked": True},
    ]
    account.stand_in.load({"customField": theirs})
    account.stand_in.access.add_role("customrole_mine", "Mine", dict.fromkeys(("ADMI_RESTWEBSERVICES", "ADMI_LOGIN_OAUTH2"), "FULL"))
    mine = account.stand_in.access.role_of("customrole_mine")
    assert mine is not None
    mine.administrator = True
    account.log_in("customrole_mine")
    found = said("--role", "customrole_mine")
    assert found["field_map"] == {
        "custbody.Zuora ID": "custbody_zab_zuora_id",
        "custentity.Zuora ID": "custentity_zab_zuora_id",
        "custentity.Zuora Auto Pay": "custentity_zab_autopay",
    }
    assert found["wrong_type"] == {"custentity.Zuora Auto Pay": "custentity_zab_autopay is string, not check box"}
    assert found["incomplete"]["custbody.Zuora Origin"] == ["creditMemo", "customerPayment", "customerRefund"]
    assert len(found["missing"]) == 85 - 4 and not found["role"]
    files = files_of(tmp_path / "project")
    assert not any(f"{name}.xml" in path for path in files for name in ("custbodyzuoraid", "custbodyzuoraorigin", "custentityzuoraautopay"))
    assert account.do("deploy", files=files)["updated"] == [], "nothing of the bundle is written over"
    account.settings(field_map=found["field_map"])
    assert said("--role", "customrole_mine")["field_map"] == {}, "it is saved"


def test_what_the_field_map_names_must_be_there(account: Account, said: Said, tmp_path: Path) -> None:
    said("--all")
    account.do("deploy", files=files_of(tmp_path / "project"))
    account.log_in()
    account.settings(field_map={"custbody.Zuora ID": "custbody_gone"})
    found = said()
    assert (found["mapped"], found["missing"]) == ({"custbody.Zuora ID": "custbody_gone"}, [])


def test_list_values_that_are_missing_are_told_and_not_written(account: Account, said: Said, tmp_path: Path) -> None:
    said("--all")
    account.do("deploy", files=files_of(tmp_path / "project"))
    account.log_in()
    del account.stand_in.tenant.catalog.lists["customlistzuorabatch"][20]
    account.stand_in.tenant.set_custom_fields(dict(account.stand_in.tenant.catalog.custom))
    found = said()
    assert (found["lists"], found["missing_lists"], found["commands"]) == ({"customlistzuorabatch": ["Batch20"]}, [], [])


def test_what_the_role_may_not_see_is_not_written(account: Account, said: Said, tmp_path: Path) -> None:
    said("--all")
    account.do("deploy", files=files_of(tmp_path / "project"))
    account.log_in()
    role = account.stand_in.access.role_of(ROLE)
    assert role is not None
    del role.permissions["TRAN_CUSTRFND"]
    found = said()
    assert found["hidden"] == {"customerRefund": "Customer Refund (Transactions, Full)"}
    assert set(found["unseen"]) == {"custbody.Zuora Refund Type", "custbody.Zuora Refund Reference ID"}
    assert found["missing"] == []


def test_by_the_vendor_s_list_of_objects(account: Account, said: Said, tmp_path: Path) -> None:
    account.stand_in.load({"customField": [{"scriptId": "custbodyzuoraid", "label": "Zuora ID", "locked": True}]})
    listed = tmp_path / "objects.txt"
    listed.write_text("\n".join([*account.do("objects")["objects"], "customlist:customlistzuorabatch", "script:customscript_other"]))
    found = said("--objects", str(listed))
    assert found["compared_with"] == "object list" and found["found"] == 1
    assert len(found["missing"]) == 84 and found["missing_lists"] == ["customlistzuorabillcycleday"] and found["role"]
    there = ("custbodyzuoraid", "customlistzuorabatch")
    assert read(files_of(tmp_path / "project"), there=there).errors == []


def test_a_former_project_is_replaced_and_nothing_else(account: Account, said: Said, tmp_path: Path) -> None:
    said("--all")
    listed = tmp_path / "objects.txt"
    listed.write_text("\n".join(f"x:{field.script_id}" for field in FIELDS[1:]))
    said("--objects", str(listed))
    assert len(list((tmp_path / "project" / "src" / "Objects").glob("*.xml"))) == 4
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("mine")
    assert said("--all", "--into", str(other), code=3)["error"]["code"] == "INPUT"
    assert [path.name for path in other.iterdir()] == ["mine.txt"]


def test_it_says_in_words_what_is_to_be_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "out", console_for(sys.stdout))
    with pytest.raises(SystemExit) as ended:
        main(["setup", "netsuite", "--all", "--into", str(tmp_path / "project")])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    order = [
        "85 fields, 2 lists and the role",
        "Enable Features",
        "suitecloud project:deploy",
        "Client Credentials",
        "Forms",
        "tallybridge doctor",
    ]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
