"""The codes of the revenue connector (revenue-connector.md section 13.1) and what a person should do about each."""

from __future__ import annotations

from enum import StrEnum

from tallybridge.errors import ConfigurationError, TallybridgeError


class Code(StrEnum):
    """What stops or remarks on a run. The value is what log, mail and documentation show."""

    CONNECTOR_DISABLED = "CONNECTOR_DISABLED"
    RUN_IN_PROGRESS = "RUN_IN_PROGRESS"
    NO_ENABLED_OBJECT = "NO_ENABLED_OBJECT"
    INSTANCE_NOT_FOUND = "INSTANCE_NOT_FOUND"
    CONFIG_INCOMPLETE = "CONFIG_INCOMPLETE"
    MAPPING_MISSING = "MAPPING_MISSING"
    NOT_RESUMABLE = "NOT_RESUMABLE"
    NS_AUTH_FAILED = "NS_AUTH_FAILED"
    NS_FORBIDDEN = "NS_FORBIDDEN"
    NS_UNREACHABLE = "NS_UNREACHABLE"
    ZR_AUTH_FAILED = "ZR_AUTH_FAILED"
    ZR_FORBIDDEN = "ZR_FORBIDDEN"
    ZR_API_NOT_ENABLED = "ZR_API_NOT_ENABLED"
    ZR_UNREACHABLE = "ZR_UNREACHABLE"
    DATASET_NOT_FOUND = "DATASET_NOT_FOUND"
    DATASET_READ_FAILED = "DATASET_READ_FAILED"
    DATASET_INCONSISTENT = "DATASET_INCONSISTENT"
    DATASET_TOO_LARGE = "DATASET_TOO_LARGE"
    KEY_MISSING = "KEY_MISSING"
    TEMPLATE_NOT_FOUND = "TEMPLATE_NOT_FOUND"
    TEMPLATE_COLUMN_MISSING = "TEMPLATE_COLUMN_MISSING"
    SOURCE_COLUMN_MISSING = "SOURCE_COLUMN_MISSING"
    SOURCE_COLUMN_AMBIGUOUS = "SOURCE_COLUMN_AMBIGUOUS"
    SOURCE_COLUMN_EMPTY = "SOURCE_COLUMN_EMPTY"
    VALUE_DATE = "VALUE_DATE"
    VALUE_NUMBER = "VALUE_NUMBER"
    FILE_CHECK_FAILED = "FILE_CHECK_FAILED"
    UPLOAD_REJECTED = "UPLOAD_REJECTED"
    UPLOAD_FAILED = "UPLOAD_FAILED"
    FILE_EXPIRED = "FILE_EXPIRED"
    FILE_CHANGED = "FILE_CHANGED"
    UPLOAD_OUTCOME_UNKNOWN = "UPLOAD_OUTCOME_UNKNOWN"
    STAGING_FAILED = "STAGING_FAILED"
    STAGING_TIMEOUT = "STAGING_TIMEOUT"
    RUN_TIMEOUT = "RUN_TIMEOUT"
    RUN_CANCELLED = "RUN_CANCELLED"
    RUN_STOPPED = "RUN_STOPPED"
    INTERNAL = "INTERNAL"
    STAGE_ERRORS = "STAGE_ERRORS"
    STAGE_ERRORS_UNREAD = "STAGE_ERRORS_UNREAD"
    POSSIBLE_CUT = "POSSIBLE_CUT"
    DATASET_EMPTY = "DATASET_EMPTY"
    NO_RECIPIENT = "NO_RECIPIENT"
    MAIL_FAILED = "MAIL_FAILED"
    LOG_NOT_STORED = "LOG_NOT_STORED"


OF_ONE_OBJECT = frozenset(
    {
        Code.DATASET_NOT_FOUND,
        Code.DATASET_READ_FAILED,
        Code.DATASET_INCONSISTENT,
        Code.DATASET_TOO_LARGE,
        Code.KEY_MISSING,
        Code.TEMPLATE_NOT_FOUND,
        Code.TEMPLATE_COLUMN_MISSING,
        Code.SOURCE_COLUMN_MISSING,
        Code.SOURCE_COLUMN_AMBIGUOUS,
        Code.SOURCE_COLUMN_EMPTY,
        Code.VALUE_DATE,
        Code.VALUE_NUMBER,
        Code.FILE_CHECK_FAILED,
    }
)
"""Codes of a fault of one object's data or set-up: the other objects are prepared all the same, so that their faults are told too."""

NOT_STARTED = frozenset({Code.CONNECTOR_DISABLED, Code.RUN_IN_PROGRESS, Code.NO_ENABLED_OBJECT, Code.INSTANCE_NOT_FOUND})
"""Codes with which a run on demand is refused instead of failing."""

SENDABLE = frozenset(
    {Code.UPLOAD_REJECTED, Code.UPLOAD_FAILED, Code.ZR_AUTH_FAILED, Code.ZR_FORBIDDEN, Code.ZR_API_NOT_ENABLED, Code.ZR_UNREACHABLE}
)
"""Codes of a part that was never accepted for a reason outside the data: it may be sent again by *resume* (section 8, rule 11)."""

LOST = {
    Code.FILE_EXPIRED: "is no longer stored",
    Code.FILE_CHANGED: "is no longer the file that was checked",
    Code.DATASET_TOO_LARGE: "is larger than Revenue takes",
    Code.STAGING_FAILED: "was rejected for its data",
}
"""Codes of a part that can never be sent as it is, and what is to be said of the file."""

ADVICE = {
    Code.CONNECTOR_DISABLED: "Switch the connector on in the configuration, then start the run again.",
    Code.RUN_IN_PROGRESS: "Wait until the other run has ended; `tallybridge revenue runs` shows it.",
    Code.NO_ENABLED_OBJECT: "Switch on at least one object of the instance.",
    Code.INSTANCE_NOT_FOUND: "Name an instance of the configuration; upper and lower case do not matter.",
    Code.CONFIG_INCOMPLETE: "Complete the place that the text names, then start the run again.",
    Code.MAPPING_MISSING: "Map at least one column of the object.",
    Code.NOT_RESUMABLE: "Read what the text says; start an ordinary run only when nothing of the failed one is staged.",
    Code.NS_AUTH_FAILED: "Check key, token and account id; NetSuite's login audit trail says which is refused.",
    Code.NS_FORBIDDEN: "Give the role the permissions REST Web Services and SuiteAnalytics Workbook, and share the dataset with it.",
    Code.NS_UNREACHABLE: "Check the services URL and NetSuite's status; the next run tries again.",
    Code.ZR_AUTH_FAILED: "Check user, password, role and client name of the Revenue connection.",
    Code.ZR_FORBIDDEN: "Give the Revenue role full access to Web Services Inbound and Web Services Outbound.",
    Code.ZR_API_NOT_ENABLED: "Ask Zuora to switch on the Revenue API for this tenant.",
    Code.ZR_UNREACHABLE: "Check the host of the Revenue connection and the network.",
    Code.DATASET_NOT_FOUND: "Use an id that `tallybridge revenue datasets` lists; the number in NetSuite's address bar is not the id.",
    Code.DATASET_READ_FAILED: "Open the dataset in NetSuite to see whether it runs there, then start the run again.",
    Code.DATASET_INCONSISTENT: "Sort the dataset by a unique column and run it while nobody changes the transactions it reads.",
    Code.DATASET_TOO_LARGE: "Narrow the dataset's criteria, for example to a shorter period or one subsidiary.",
    Code.KEY_MISSING: "Name a column that is filled and different in every row as key_column, or map such a column to the line id.",
    Code.TEMPLATE_NOT_FOUND: "Enter the exact name of an enabled upload template of Zuora Revenue.",
    Code.TEMPLATE_COLUMN_MISSING: "Correct the mapping, or add the column to the upload template.",
    Code.SOURCE_COLUMN_MISSING: "Add the column to the dataset, or correct its name in the mapping.",
    Code.SOURCE_COLUMN_AMBIGUOUS: "Give the columns of the dataset different aliases, or write the exact name in the mapping.",
    Code.SOURCE_COLUMN_EMPTY: "Nothing, if the column is meant to be empty; otherwise check its name.",
    Code.VALUE_DATE: "Correct the values in NetSuite, or the source date format of the object.",
    Code.VALUE_NUMBER: "Correct the values in NetSuite, or the formula of the column; numbers have no grouping and no brackets.",
    Code.FILE_CHECK_FAILED: "Correct the rows that the summary log lists, then start the run again. Nothing was sent.",
    Code.UPLOAD_REJECTED: "Read Revenue's answer; mend the cause there, then resume the run: nothing of this file is staged.",
    Code.UPLOAD_FAILED: "Resume the run when Revenue answers again: nothing of this file was taken.",
    Code.FILE_EXPIRED: "Delete what is staged of the run in Revenue, Manage Inbound, if anything is; then start the instance anew.",
    Code.FILE_CHANGED: "Delete what is staged of the run in Revenue, Manage Inbound, if anything is; then start the instance anew.",
    Code.UPLOAD_OUTCOME_UNKNOWN: "Look for the file by its name in Revenue, Uploaded Files; then resume the run and say what you found.",
    Code.STAGING_FAILED: "Correct what Revenue names. Nothing of this file is staged, and it cannot be resumed: run the instance anew.",
    Code.STAGING_TIMEOUT: "Look for the file by its name in Revenue, Uploaded Files; then resume the run and say what you found.",
    Code.RUN_TIMEOUT: "Find out which task took so long; narrow the dataset.",
    Code.RUN_CANCELLED: "Nothing was sent. Start the run again when you want it.",
    Code.RUN_STOPPED: "Read what is staged; resume the run, or delete its lines in Revenue, before the instance runs again.",
    Code.INTERNAL: "Read the text and the execution's history; the function's log has the cause.",
    Code.STAGE_ERRORS: "Delete the lines in Revenue's inbound, correct the source, and send them with a later run.",
    Code.STAGE_ERRORS_UNREAD: "Look at Errors - Transactions in Revenue.",
    Code.POSSIBLE_CUT: "Without SuiteAnalytics Connect NetSuite cuts a result at 100,000 rows: narrow the dataset or enable the feature.",
    Code.DATASET_EMPTY: "Nothing, if the dataset may be empty.",
    Code.NO_RECIPIENT: "Add a recipient to the notification settings.",
    Code.MAIL_FAILED: "Check the address, and the sender's identity in Amazon SES.",
    Code.LOG_NOT_STORED: "Look into the function's log.",
}


class TaskFailed(TallybridgeError):
    """A task of a run failed, or a run cannot start. `rows` says that the rows at fault are listed in the object's findings."""

    def __init__(self, code: Code, message: str, *, advice: str | None = None) -> None:
        super().__init__(message, code=str(code), advice=ADVICE.get(code, "") if advice is None else advice)


class ConfigurationFault(ConfigurationError):
    """The configuration does not allow a run. `place` names where in the document."""

    def __init__(self, code: Code, message: str, place: str) -> None:
        super().__init__(message, place=place, code=str(code), advice=ADVICE[code])
