"""The console as the stack deploys it: its site, from the function's environment."""

from __future__ import annotations

from tallybridge.console.oidc import Client
from tallybridge.console.site import Site
from tallybridge.desk.target import Target
from tallybridge.documents import Unusable, read_object
from tallybridge.errors import ConfigurationError
from tallybridge.wiring import aws, variable


def deployed() -> Site:
    """Raises `ConfigurationError` ENVIRONMENT or CONSOLE-SECRET."""
    names = {
        "BILLING_SYNC_ARN": variable("BILLING_SYNC_ARN"),
        "STATUS_TABLE": variable("STATUS_TABLE"),
        "RUNS_TABLE": variable("RUNS_TABLE"),
        "AUDIT_TABLE": variable("AUDIT_TABLE"),
        "REPORTS_BUCKET": variable("REPORTS_BUCKET"),
        "SETTINGS_PARAMETER": variable("SETTINGS_PARAMETER"),
        "REVENUE_INGEST_ARN": variable("REVENUE_INGEST_ARN"),
        "REVENUE_SETTINGS_PARAMETER": variable("REVENUE_SETTINGS_PARAMETER"),
        "REVENUE_SCHEDULE_ROLE": variable("REVENUE_SCHEDULE_ROLE"),
        "SCHEDULE_DEAD_LETTERS": variable("SCHEDULE_DEAD_LETTERS"),
        "NOTIFICATION_SENDER": variable("NOTIFICATION_SENDER"),
        "CREDENTIALS_SECRET": variable("CREDENTIALS_SECRET"),
    }
    if (key := variable("EXPORT_KEY")) != NO_KEY:
        names["EXPORT_KEY"] = key
    address = variable("CONSOLE_ADDRESS").removesuffix("/")
    secrets = aws("client", "secretsmanager")
    session_key, client_secret = read_secret(secrets.get_secret_value(SecretId=variable("CONSOLE_SECRET"))["SecretString"])
    client = Client(variable("CONSOLE_ISSUER"), variable("CONSOLE_CLIENT_ID"), client_secret, f"{address}/callback")
    target = Target(names, "the environment of the function")
    return Site(target, address, session_key, client, variable("INSTANCE_NAME"), variable("CONSOLE_GROUPS_CLAIM"))


def read_secret(text: str) -> tuple[str, str]:
    """The key of the sessions, and the client's secret, "" for a client without one. Raises `ConfigurationError` CONSOLE-SECRET, which
    tells no value."""
    try:
        content = read_object(text)
    except Unusable:
        content = {}
    key, secret = content.get("session_key", ""), content.get("client_secret", "")
    if not isinstance(key, str) or len(key) < SHORTEST_KEY or not isinstance(secret, str):
        raise ConfigurationError(
            f'The console\'s secret lacks a "session_key" of {SHORTEST_KEY} characters, or its "client_secret" is no text.',
            place="ConsoleSecret",
            code="CONSOLE-SECRET",
            advice="Put both back as JSON; any long random text will do as the key, and a new one ends all sessions.",
        )
    return key, secret


NO_KEY = "none"
"""What the variable EXPORT_KEY says where the stack signs no exports."""
SHORTEST_KEY = 32
"""Characters."""
