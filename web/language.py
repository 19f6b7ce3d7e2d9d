"""The language of the page that is being made: Chinese unless the reader chose English."""

from __future__ import annotations

from contextvars import ContextVar

from auditkb.errors import Text

COOKIE = "auditkb_language"
_current: ContextVar[str] = ContextVar("language", default="zh")


def current() -> str:
    """ "zh" or "en"."""
    return _current.get()


def use(language: str | None) -> None:
    """Set the language of this request; anything unknown means Chinese."""
    _current.set("en" if language == "en" else "zh")


def say(zh: str, en: str) -> str:
    """The one of two texts that the reader wants."""
    return en if current() == "en" else zh


def tell(text: Text | None) -> str:
    """A bilingual text in the reader's language; '' for None."""
    return "" if text is None else text.say(current())
