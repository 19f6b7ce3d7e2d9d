"""Every CSV of the site is safe to open in a spreadsheet program."""

from __future__ import annotations

from datasette import hookimpl

from web.csv_files import SafeCsv

_OURS = (b"content-length", b"content-type")


@hookimpl
def asgi_wrapper(datasette):
    """Rewrite the body of answers to addresses that end with .csv."""

    def wrap(app):
        async def make_safe(scope, receive, send):
            if scope["type"] != "http" or not scope["path"].endswith(".csv"):
                await app(scope, receive, send)
                return
            safe: SafeCsv | None = None

            async def send_safe(event):
                nonlocal safe
                if event["type"] == "http.response.start" and _is_csv(event):
                    safe = SafeCsv()
                    kept = [pair for pair in event.get("headers", []) if pair[0].lower() not in _OURS]
                    event = {**event, "headers": [*kept, (b"content-type", b"text/csv; charset=utf-8")]}
                elif event["type"] == "http.response.body" and safe is not None:
                    event = {**event, "body": safe.take(event.get("body", b""), is_last=not event.get("more_body", False))}
                await send(event)

            await app(scope, receive, send_safe)

        return make_safe

    return wrap


def _is_csv(event) -> bool:
    kind = dict(event.get("headers", [])).get(b"content-type", b"")
    return event["status"] == 200 and kind.startswith((b"text/plain", b"text/csv"))
