"""What needs a browser of the server's own (contract skyvern-credentials 2.C): there is none.

Nothing that is sent here is looked at or kept.
"""

from typing import Annotated, Any

from fastapi import Body

from strongroom.dialects.skyvern.errors import Told
from strongroom.dialects.skyvern.paths import CREDENTIALS, Paths

Whatever = Annotated[Any, Body()]


def add_unsupported(paths: Paths) -> None:
    """Add the routes. The document does not name what is not there."""
    one = f"{CREDENTIALS}/{{credential_id}}/test"
    for method, path in (
        ("POST", f"{CREDENTIALS}/test-login"),
        ("POST", one),
        ("GET", f"{one}/{{workflow_run_id}}"),
        ("POST", f"{one}/{{workflow_run_id}}/cancel"),
    ):
        paths.current(method, path, unsupported, in_document=False)


async def unsupported(sent: Whatever = None) -> None:  # noqa: ARG001 - read so that any body is taken
    """Say so."""
    raise not_supported()


def not_supported() -> Told:
    """Return the refusal."""
    return Told(501, "Not supported by this server")
