"""How the account's datasets are set up: features, the role's permission, and how result rows look."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

KeyStyle = Literal["lower", "alias"]
DateFormat = Literal["M/D/YYYY", "D/M/YYYY", "DD-Mon-YYYY", "YYYY-MM-DD"]
ROWS_WITHOUT_CONNECT = 100_000
ROWS = 1_000_000


@dataclass
class DatasetOptions:
    """Switches of the dataset service; `load` takes them under the type `datasetSettings`."""

    rest_web_services: bool = True
    """Feature; without it every dataset call is answered with 403."""
    suite_analytics_workbook: bool = True
    """Feature; without it every dataset call is answered with 403."""
    suite_analytics_connect: bool = True
    """Feature for results above 100,000 rows; without it a result ends there."""
    permission: bool = True
    """The role has the permission *SuiteAnalytics Workbook*."""
    key_style: KeyStyle = "lower"
    """Keys of result rows: in lower case, or (`alias`) as their alias is spelled."""
    date_format: DateFormat = "M/D/YYYY"
    """The user's preference."""

    @property
    def most_rows(self) -> int:
        """Rows that a result has at most."""
        return ROWS if self.suite_analytics_connect else ROWS_WITHOUT_CONNECT

    def change(self, given: dict[str, Any]) -> None:
        """Set switches by name. Raises `ValueError` naming the one that is wrong, and changes nothing then."""
        known = {f.name for f in fields(self)}
        choices = {"key_style": get_args(KeyStyle), "date_format": get_args(DateFormat)}
        for name, value in given.items():
            if name not in known:
                raise ValueError(f"unknown key {name!r}; known: {', '.join(sorted(known))}")
            allowed = choices.get(name, (True, False))
            if value not in allowed or (name not in choices and not isinstance(value, bool)):
                raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}, not {value!r}")
        vars(self).update(given)
