"""The files that are made from others: `python -m auditkb.generated` writes them, `--check` says which are stale."""

from __future__ import annotations

import sys
from collections.abc import Callable

from auditkb import metadata
from auditkb.outputs import law_page, rule_pages
from auditkb.rules import schema

GENERATORS: dict[str, Callable[[list[str]], int]] = {
    "metadata.yml": metadata.main,
    "rules/schema.json": schema.main,
    "docs/law.md": law_page.main,
    "docs/rules": rule_pages.main,
}
"""File or folder -> its generator: takes the arguments of the command line, gives an exit code (not 0: stale, with `--check`)."""


def main(arguments: list[str]) -> int:
    """Run every generator; the exit code is the worst of theirs."""
    return max(generate(arguments) for generate in GENERATORS.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
