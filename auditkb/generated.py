"""The files that are made from others: `python -m auditkb.generated` writes them, `--check` says which are stale."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from auditkb import metadata
from auditkb.errors import Text
from auditkb.outputs import law_page, rule_pages
from auditkb.rules import schema

ROOT = Path(__file__).parents[1]
FILES: dict[str, Callable[[], str]] = {
    "metadata.yml": metadata.text,
    "rules/schema.json": schema.text,
    "docs/law.md": law_page.text,
}
"""File -> what gives its text."""
FOLDERS: dict[str, Callable[[], dict[str, str]]] = {"docs/rules": rule_pages.pages}
"""Folder of pages -> what gives the text of each by its name; other pages in it are left over."""


def stale(root: Path = ROOT) -> dict[str, str | None]:
    """Every generated file that is not as it should be, with the text that it should have; None: it should not be there."""
    wanted: dict[str, str | None] = {name: make() for name, make in FILES.items()}
    for folder, make in FOLDERS.items():
        wanted |= dict.fromkeys((path.relative_to(root).as_posix() for path in (root / folder).glob("*.md")), None)
        wanted |= {f"{folder}/{name}": text for name, text in make().items()}
    return {name: text for name, text in sorted(wanted.items()) if text != _there(root / name)}


def _there(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None


def main(arguments: list[str], root: Path = ROOT) -> int:
    """0 if all is fresh or written, 1 if `--check` finds a file stale, missing or left over."""
    found = stale(root)
    for name, text in found.items():
        path = root / name
        if "--check" in arguments:
            words = Text(f"{name} 已过时，请运行 python -m auditkb.generated", f"{name} is stale: run python -m auditkb.generated")
            print(f"{words.zh} | {words.en}", file=sys.stderr)
        elif text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
    return 1 if found and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
