"""Files that commands write."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, TypeVar

from tallybridge.errors import ConfigurationError

T = TypeVar("T")


def written(file: Path, write: Callable[[IO[bytes]], T]) -> T:
    """Write a file whole or not at all. Raises `ConfigurationError` EXPORT-FILE."""
    part = file.with_name(file.name + ".part")
    try:
        with part.open("wb") as content:
            told = write(content)
        os.replace(part, file)
    except OSError as refused:
        advice = "Name a file in a folder that is there and may be written."
        raise ConfigurationError(
            f"{file} cannot be written: {refused.strerror}.", place=str(file), code="EXPORT-FILE", advice=advice
        ) from refused
    finally:
        part.unlink(missing_ok=True)
    return told
