"""The streams of a compound file, the container of the old formats of Office: sectors, linked in chains by a table."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

_LAST_SECTOR = 0xFFFFFFFA
_HEADER = struct.Struct("<30xHH10xII4xII4xI")
_ENTRIES_IN_HEADER = 109


class BrokenContainer(ValueError):
    """The chains of the file lead nowhere."""


def read_stream(path: Path, names: tuple[str, ...]) -> bytes | None:
    """The stream that has one of these names, or None. Raises BrokenContainer."""
    try:
        return _Container(path.read_bytes()).stream(names)
    except (struct.error, IndexError) as error:
        raise BrokenContainer from error


class _Container:
    def __init__(self, content: bytes):
        self._content = content
        shift, mini_shift, fat_sectors, directory, self._cutoff, mini_fat, more = _HEADER.unpack_from(content)
        if not 7 <= shift <= 16 or not 2 <= mini_shift < shift:
            raise BrokenContainer
        self._size, self._mini_size = 1 << shift, 1 << mini_shift
        self._fat = self._table(self._fat_sectors(fat_sectors, more))
        self._directory = b"".join(self._sectors(directory))
        self._mini_fat = self._table(self._chain(mini_fat, self._fat)) if mini_fat < _LAST_SECTOR else ()

    def stream(self, names: tuple[str, ...]) -> bytes | None:
        """The content of the first entry with one of these names."""
        # All entries are looked at: none may be longer than the file.
        entries = {name: (start, size) for name, start, size in self._entries()}
        found = next((entries[name] for name in names if name in entries), None)
        if found is None:
            return None
        start, size = found
        if size >= self._cutoff:
            return b"".join(self._sectors(start))[:size]
        # Short streams lie together in one that belongs to the root.
        together = b"".join(self._sectors(next(self._entries())[1]))
        width = self._mini_size
        return b"".join(together[sector * width : (sector + 1) * width] for sector in self._chain(start, self._mini_fat))[:size]

    def _entries(self) -> Iterator[tuple[str, int, int]]:
        for place in range(0, len(self._directory) - 127, 128):
            length, kind = struct.unpack_from("<HB", self._directory, place + 64)
            if kind:
                start, size = struct.unpack_from("<II", self._directory, place + 116)
                if size > len(self._content):
                    raise BrokenContainer
                yield self._directory[place : place + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace"), start, size

    def _fat_sectors(self, count: int, more: int) -> list[int]:
        """The sectors that hold the table: the first in the header, the rest in a chain of their own."""
        found = list(struct.unpack_from(f"<{_ENTRIES_IN_HEADER}I", self._content, 76))
        for _ in range(len(self._content) // self._size):
            if more >= _LAST_SECTOR:
                break
            *entries, more = struct.unpack(f"<{self._size // 4}I", self._sector(more))
            found += entries
        return [sector for sector in found if sector < _LAST_SECTOR][:count]

    def _table(self, sectors: list[int]) -> tuple[int, ...]:
        joined = b"".join(map(self._sector, sectors))
        return struct.unpack(f"<{len(joined) // 4}I", joined)

    def _sectors(self, start: int) -> list[bytes]:
        return [self._sector(sector) for sector in self._chain(start, self._fat)]

    def _sector(self, sector: int) -> bytes:
        start = (sector + 1) * self._size
        found = self._content[start : start + self._size]
        if not found:
            raise BrokenContainer
        return found.ljust(self._size, b"\0")

    def _chain(self, sector: int, table: tuple[int, ...]) -> list[int]:
        found = []
        while sector < _LAST_SECTOR:
            found.append(sector)
            if len(found) > len(table):
                raise BrokenContainer
            sector = table[sector]
        return found
