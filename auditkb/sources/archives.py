"""Zip files that are made to harm are known before anything of them is unpacked."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping

MOST_PARTS = 10_000


def names_a_part_twice(archive: zipfile.ZipFile) -> bool:
    """Whether two parts have one name: two programs would read different ones."""
    names = archive.namelist()
    return len(set(names)) < len(names)


def unpacks_to_too_much(archive: zipfile.ZipFile, limits: Mapping[str, int]) -> bool:
    """Whether there are too many parts, or those whose names hold a word of `limits` state more bytes together than it allows.

    zipfile holds each part to the size that it states.
    """
    parts = archive.infolist()
    return len(parts) > MOST_PARTS or any(
        sum(part.file_size for part in parts if word in part.filename.lower()) > most for word, most in limits.items())
