"""The revenue connector's configuration: one JSON document (revenue-connector.md sections 3 to 6), validated as a whole.

Secrets are not part of it: consumer and token keys, user and password stand in the credentials secret.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tallybridge.addresses import Recipients, Sender
from tallybridge.documents import Place, Unusable, read_model, refuse, when_given
from tallybridge.errors import ConfigurationError
from tallybridge.hosts import netsuite_account, netsuite_address, revenue_address
from tallybridge.revenue import columns
from tallybridge.revenue.dates import checked_source_format
from tallybridge.revenue.schedule import Schedule

MAX_INSTANCES = 50
MAX_OBJECTS = 20
MAX_COLUMNS = 250
MAX_ROWS = 1_000_000
CSV_ENDPOINT_ROWS = 20_000
"""Most lines that `csv/upload` takes in one request (api-zuora-revenue.md section 5)."""
STANDARD_OBJECTS = ("Orders", "Invoices", "Credit Memos")
"""In the order in which they are processed, since invoices refer to orders; custom objects follow."""


def _dataset_id(text: str) -> str:
    if text and not re.fullmatch(r"[A-Za-z0-9_]+", text):
        raise ValueError("a dataset id has letters, digits and _ only, such as custdataset17")
    return text


RevenueAddress = Annotated[str, when_given(revenue_address)]
NetSuiteAddress = Annotated[str, when_given(netsuite_address)]
NetSuiteAccount = Annotated[str, when_given(netsuite_account)]
SourceFormat = Annotated[str, AfterValidator(checked_source_format)]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
DatasetId = Annotated[str, AfterValidator(_dataset_id)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, str_strip_whitespace=True)


class NetSuiteSide(_Part):
    """Where the datasets are."""

    account_id: NetSuiteAccount = ""
    """For example 1234567 or 1234567_SB1."""
    services_url: NetSuiteAddress = ""
    """The SuiteTalk address of Company URLs; derived from the account id when left out."""
    auth_method: Literal["tba", "oauth2_m2m"] = "tba"
    """Token-based authentication, or OAuth 2.0 client credentials."""
    source_date_format: SourceFormat = "M/D/YYYY"
    """How dates come out of the datasets; ISO dates are always understood."""
    max_concurrency: Annotated[int, Field(strict=True, ge=1, le=50)] = 5
    """Slots of the account, shared with the billing sync; the lower of both settings holds. A run uses one at a time."""

    @model_validator(mode="after")
    def _host_fits(self) -> NetSuiteSide:
        if self.services_url and self.account_id:
            try:
                netsuite_address(self.services_url, self.account_id)
            except ValueError as wrong:
                refuse([(("services_url",), str(wrong))])
        return self


class RevenueSide(_Part):
    """Where the upload templates are."""

    host: RevenueAddress = ""
    """For example https://acme.revprooncloud.com."""
    api_prefix: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._-]+)+$")] = "/api/integration/v1"
    """Path before every call."""
    auth_method: Literal["token", "oauth2"] = "token"
    """User and password for a token, or OneID client credentials."""
    token_url: RevenueAddress = ""
    """Host of OneID for `oauth2`; https://one.zuora.com when left out."""
    role: Annotated[str, Field(min_length=1)] = "API Role"
    """Role of the API user."""
    client_name: Annotated[str, Field(min_length=1)] = "Default"
    """Client name."""


class Connection(_Part):
    """Both sides."""

    netsuite: NetSuiteSide = NetSuiteSide()
    revenue: RevenueSide = RevenueSide()


class Notifications(_Part):
    """Who is mailed. A failed run is always mailed (section 3.3)."""

    recipients: Recipients = Field(default_factory=list)
    """Mail addresses, at most 50; one list for all instances."""
    sender: Sender = ""
    """Sender of the mails; the one of the deployment when empty."""
    on_success: bool = False
    """Mail after a run without remarks."""
    on_warning: bool = False
    """Mail after a run with warnings, and for skipped and cancelled runs."""


class Options(_Part):
    """How datasets become files and files are sent."""

    large_dataset_mode: Literal["refuse", "single", "chunked"] = "refuse"
    """More rows than fit into one file: send nothing; send one file all the same; or send parts one after the other, which accepts that
    earlier parts stay staged where Revenue rejects a later one by a rule that only the tenant knows."""
    max_rows_per_file: Annotated[int, Field(strict=True, ge=1, le=MAX_ROWS)] = 60_000
    """Up to so many rows a dataset goes as exactly one file."""
    rows_per_part: Annotated[int, Field(strict=True, ge=1, le=MAX_ROWS)] = 50_000
    """Rows of one part in `chunked` mode."""
    max_file_mb: Annotated[int, Field(strict=True, ge=1, le=1_000)] = 100
    """Largest file."""
    max_rows: Annotated[int, Field(strict=True, ge=1, le=MAX_ROWS)] = MAX_ROWS
    """Most rows of a dataset."""
    sanitize_leading_chars: bool = False
    """Strip = + @ at the beginning of a value, with a warning, instead of refusing the file."""
    currency_decimals: dict[CurrencyCode, Annotated[int, Field(strict=True, ge=0, le=9)]] = Field(default_factory=dict)
    """Digits after the point where Revenue's currency setup differs from ISO 4217, and for currencies that ISO does not know."""
    ascii_only: bool = False
    """Refuse characters outside printable ASCII."""
    strict_mandatory: bool = False
    """An empty mandatory column is an error instead of a warning."""
    warn_on_empty_dataset: bool = False
    """A dataset without rows is a warning."""
    continue_after_object_failure: bool = False
    """Send later objects although an earlier one could not be staged."""
    upload_endpoint: Literal["file", "csv"] = "file"
    """`upload/file`, or `csv/upload` where the former is not available (at most 20,000 lines a file)."""
    poll_first_seconds: Annotated[int, Field(strict=True, ge=1, le=60)] = 5
    """First pause before Revenue is asked again whether a file is staged."""
    poll_most_seconds: Annotated[int, Field(strict=True, ge=1, le=300)] = 30
    """Longest such pause."""
    staging_minutes: Annotated[int, Field(strict=True, ge=1, le=240)] = 30
    """How long a file may take to be staged."""

    @model_validator(mode="after")
    def _fits_endpoint(self) -> Options:
        largest = max(self.max_rows_per_file, self.rows_per_part)
        faults: list[tuple[Place, str]] = []
        if self.upload_endpoint == "csv" and largest > CSV_ENDPOINT_ROWS:
            text = f"csv takes at most {CSV_ENDPOINT_ROWS} rows a file; lower max_rows_per_file and rows_per_part"
            faults.append((("upload_endpoint",), text))
        if self.rows_per_part > self.max_rows_per_file:
            faults.append((("rows_per_part",), f"must not be above max_rows_per_file ({self.max_rows_per_file})"))
        if self.poll_first_seconds > self.poll_most_seconds:
            faults.append((("poll_first_seconds",), f"must not be above poll_most_seconds ({self.poll_most_seconds})"))
        if self.poll_most_seconds > self.staging_minutes * 60:
            faults.append((("poll_most_seconds",), f"must not be longer than staging_minutes ({self.staging_minutes})"))
        refuse(faults)
        return self


class MappingLine(_Part):
    """One source column (alias in the dataset) to one target column (staging column of the template)."""

    source: Annotated[str, Field(min_length=1, max_length=200)]
    target: Annotated[str, Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _not_links(self) -> MappingLine:
        if self.source.lower() == "links":
            refuse([(("source",), 'a column cannot be called "links"')])
        return self


class InstanceObject(_Part):
    """One line of a solution instance."""

    object: Annotated[str, Field(min_length=1, max_length=80)]
    """Orders, Invoices, Credit Memos, or the name of a custom object."""
    enabled: bool = True
    """Whether runs take it."""
    dataset: DatasetId = ""
    """Id of the NetSuite dataset."""
    dataset_name: str = ""
    """Its name, for reports."""
    template: str = ""
    """Name of the upload template in Revenue."""
    sequence: Annotated[int, Field(strict=True, ge=0, le=1_000)] | None = None
    """Place in the order of processing; Orders, Invoices, Credit Memos, custom when left out."""
    key_column: str = ""
    """Dataset column that identifies a line; used to find duplicates, to prove that no row is missing, and to name rows. When left out,
    the source of the line id (INV_LINE_ID, else SO_LINE_ID) proves the completeness of datasets of more than one page."""
    source_date_format: SourceFormat = ""
    """In place of the connection's."""
    mapping: Annotated[list[MappingLine], Field(max_length=MAX_COLUMNS)] = Field(default_factory=list)
    """Lines of source and target column."""

    @model_validator(mode="after")
    def _targets_once(self) -> InstanceObject:
        used = Counter(columns.canonical(line.target) for line in self.mapping)  # by either name: the second would displace the first
        refuse((("mapping",), f'target "{target}" is used {count} times') for target, count in used.items() if count > 1)
        return self

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in the order of processing."""
        usual = STANDARD_OBJECTS.index(self.object) if self.object in STANDARD_OBJECTS else len(STANDARD_OBJECTS)
        return (usual if self.sequence is None else self.sequence, usual)

    @property
    def mapping_version(self) -> str:
        """A short fingerprint of the mapping; it stands in every summary log."""
        return hashlib.sha256(json.dumps([[line.source, line.target] for line in self.mapping]).encode()).hexdigest()[:12]


class Instance(_Part):
    """A solution instance: objects that run together."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    objects: Annotated[list[InstanceObject], Field(min_length=1, max_length=MAX_OBJECTS)]
    schedule: Schedule | None = None
    """When it runs by itself; none means on demand only."""

    @model_validator(mode="after")
    def _types_once(self) -> Instance:
        used = Counter(line.object.lower() for line in self.objects)
        refuse((("objects",), f'"{name}" stands in it {count} times') for name, count in used.items() if count > 1)
        return self

    @property
    def enabled_objects(self) -> list[InstanceObject]:
        """The objects that a run takes, in the order of processing."""
        return sorted((line for line in self.objects if line.enabled), key=lambda line: line.place)

    @property
    def key(self) -> str:
        """The name as locks use it: unique without regard to case."""
        return self.name.lower()


class RevenueConfig(_Part):
    """The whole document. An empty one means: not connected, switched off."""

    enabled: bool = False
    """The integration toggle (section 3.2)."""
    connection: Connection = Connection()
    notifications: Notifications = Notifications()
    options: Options = Options()
    instances: Annotated[list[Instance], Field(max_length=MAX_INSTANCES)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_once(self) -> RevenueConfig:
        used = Counter(instance.key for instance in self.instances)
        refuse((("instances",), f'the name "{name}" is used {count} times') for name, count in used.items() if count > 1)
        return self

    def instance(self, name: str) -> Instance | None:
        """The instance of this name, whatever its case; None when there is none."""
        return next((i for i in self.instances if i.key == name.strip().lower()), None)

    @property
    def version(self) -> str:
        """A short fingerprint of the document, stored with every run."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]


def parse_config(document: str) -> RevenueConfig:
    """The configuration from its JSON text. Raises `ConfigurationError` REVENUE-SETTINGS that names the place of every fault, such as
    instances.0.objects.1.mapping.3.target."""
    try:
        return read_model(RevenueConfig, document)
    except Unusable as wrong:
        raise ConfigurationError(
            f"The revenue configuration is not usable: {wrong}",
            place=wrong.places,
            code="REVENUE-SETTINGS",
            advice="Correct these places and store the document again; the next run takes the change.",
        ) from wrong
