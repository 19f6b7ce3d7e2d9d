"""A link to a record that is gone leads to what is left of it, and says so, in place of "not found"."""

from __future__ import annotations

import re

from datasette import NotFound, Response, hookimpl
from datasette.utils import tilde_decode

from web.cells import DATABASE
from web.gone import gone_page

_RECORD = re.compile(rf"/{DATABASE}/([a-z_]+)/([^/]+)")


@hookimpl
def handle_exception(datasette, request, exception):
    """The page of a record that is not there any more; anything else is left to Datasette."""
    found = _RECORD.fullmatch(request.path) if isinstance(exception, NotFound) else None
    site = getattr(datasette, "_auditkb_site", None)
    if found is None or site is None:
        return None
    record_type, key = found[1], tilde_decode(found[2])

    async def page():
        left = await datasette.get_database(DATABASE).execute_fn(lambda connection: gone_page(connection, site.labels, record_type, key))
        if left is None:
            return None
        context = {"page": left, "database": DATABASE, "table": record_type}
        return Response.html(await datasette.render_template("gone.html", context, request=request))

    return page()
