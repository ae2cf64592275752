"""Drawers: JSON values by key, in a file that is written once and of which readers fetch only what they ask for.

    {name}.rows    the values, in blocks that are compressed each for itself, in the order of their keys' numbers
    {name}.keys    how many there are, the numbers of all keys in order, and where the blocks begin (64 bit each)

A reader fetches the keys once, 8 bytes for each value, and then the blocks in which its values lie, by ranges.
"""

from __future__ import annotations

import gzip
import hashlib
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from tallybridge import money
from tallybridge.parallel import parts, side_by_side
from tallybridge.sync.folder import RunFolder

BLOCK = 64
"""Values that are fetched together."""


def put(folder: RunFolder, name: str, values: Mapping[str, Any]) -> None:
    """Write a drawer, in place of an earlier one."""
    ordered = sorted((number_of(key), key) for key in values)
    blocks, begins, body = list(parts(ordered, BLOCK)), [0], bytearray()
    for block in blocks:
        lines = "".join(money.dumps([key, values[key]]) + "\n" for _, key in block)
        body += gzip.compress(lines.encode(), compresslevel=5, mtime=0)
        begins.append(len(body))
    numbers = array("Q", [len(ordered), *(number for number, _ in ordered), *begins])
    if sys.byteorder == "big":
        numbers.byteswap()
    folder.write(f"{name}.rows", bytes(body), "application/octet-stream")
    folder.write(f"{name}.keys", numbers.tobytes(), "application/octet-stream")


def number_of(key: str) -> int:
    """The place of a key among all others: a number of 64 bits."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")


class Drawer:
    """Reads a drawer."""

    def __init__(self, folder: RunFolder, name: str) -> None:
        self.folder = folder
        self.name = name

    def get(self, keys: Iterable[str]) -> dict[str, Any]:
        """The values of some keys; those that are not in it are left out."""
        numbers, begins = self._index
        wanted = set(keys)
        blocks = set()
        for number in map(number_of, wanted):
            place = bisect_left(numbers, number)
            while place < len(numbers) and numbers[place] == number:
                blocks.add(place // BLOCK)
                place += 1
        read = side_by_side(lambda block: self.folder.read_range(f"{self.name}.rows", begins[block], begins[block + 1]), sorted(blocks))
        rows = (money.loads(line) for text in read for line in gzip.decompress(text).splitlines())
        return {key: value for key, value in rows if key in wanted}

    @cached_property
    def _index(self) -> tuple[array[int], array[int]]:
        numbers = array("Q", self.folder.read(f"{self.name}.keys"))
        if sys.byteorder == "big":
            numbers.byteswap()
        count = numbers[0]
        return numbers[1 : count + 1], numbers[count + 1 :]
