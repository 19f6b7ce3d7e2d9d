"""Nothing from outside the server is loaded, framed or run."""

from __future__ import annotations

from datasette import hookimpl

# Core pages of Datasette have scripts and styles in the page itself.
POLICY = ("default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
          "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
HEADERS = [(b"content-security-policy", POLICY.encode()), (b"x-content-type-options", b"nosniff"),
           (b"referrer-policy", b"same-origin")]


@hookimpl
def asgi_wrapper(datasette):
    """Add the headers to every response."""

    def wrap(app):
        async def add_headers(scope, receive, send):
            async def send_with_headers(event):
                if event["type"] == "http.response.start":
                    names = {name for name, _ in HEADERS}
                    kept = [pair for pair in event.get("headers", []) if pair[0].lower() not in names]
                    event = {**event, "headers": [*kept, *HEADERS]}
                await send(event)

            await app(scope, receive, send_with_headers)

        return add_headers

    return wrap
