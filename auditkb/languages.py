"""Which of the two languages the system speaks. Both scripts ask here where `--lang` says nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping

from auditkb.errors import Language

VARIABLE = "AUDITKB_LANG"
_WINDOWS_CHINESE = 0x04


def system_language(environment: Mapping[str, str] | None = None) -> Language:
    """"zh" where AUDITKB_LANG, else the locale, else (on Windows) the display language is Chinese; "en" otherwise."""
    environment = os.environ if environment is None else environment
    for name in (VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name)
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "zh" if _windows_speaks_chinese() else "en"


def _windows_speaks_chinese() -> bool:
    import ctypes

    # Only Windows has `windll`; its locale variables are seldom set there.
    windll = getattr(ctypes, "windll", None)
    return windll is not None and windll.kernel32.GetUserDefaultUILanguage() & 0x3FF == _WINDOWS_CHINESE
