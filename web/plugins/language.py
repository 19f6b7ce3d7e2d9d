"""The language of a request: `?_lang=en` sets a cookie and returns to the page, the cookie decides from then on."""

from __future__ import annotations

from http.cookies import SimpleCookie
from urllib.parse import parse_qsl, urlencode

from datasette import hookimpl

from web import language


@hookimpl
def asgi_wrapper(datasette):
    """Read the cookie before anything else runs."""

    def wrap(app):
        async def choose_language(scope, receive, send):
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            asked, rest = _asked(scope["query_string"].decode("latin-1"))
            if asked is not None:
                await _remember(scope, send, asked, rest)
                return
            language.use(_cookie(scope))
            await app(scope, receive, send)

        return choose_language

    return wrap


def _asked(query: str) -> tuple[str | None, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    asked = [value for name, value in pairs if name == "_lang"]
    if not asked:
        return None, query
    rest = urlencode([pair for pair in pairs if pair[0] != "_lang"])
    return ("en" if asked[-1] == "en" else "zh"), rest


def _cookie(scope) -> str | None:
    header = dict(scope["headers"]).get(b"cookie", b"").decode("latin-1")
    found = SimpleCookie(header).get(language.COOKIE)
    return found.value if found else None


async def _remember(scope, send, asked: str, rest: str) -> None:
    # A path that begins with two slashes would be read as another host.
    path = "/" + scope.get("raw_path", scope["path"].encode()).decode("latin-1").split("?")[0].lstrip("/\\")
    target = path + (f"?{rest}" if rest else "")
    headers = [
        (b"location", target.encode("latin-1")),
        (b"set-cookie", f"{language.COOKIE}={asked}; Path=/; Max-Age=31536000; SameSite=Lax".encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": 302, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
