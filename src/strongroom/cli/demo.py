"""`strongroom demo`: a whole first hour on a throwaway data directory, every claim of it observed.

It starts the real server as a process and small HTTPS services that demand a token, and runs `curl`
and a Python program through the proxy. It exits 0 only if each thing that it claims was really seen.
"""

import asyncio
import shutil
import tempfile
from pathlib import Path

import typer

from strongroom.cli.complaint import Complaint
from strongroom.cli.options import AsJson, examples
from strongroom.cli.output import write_json

API, OTHER, BLOCKED = "api.demo.test", "other.demo.test", "blocked.demo.test"
VARIABLE = "DEMO_TOKEN"

CURL = f'curl -sS -H "Authorization: Bearer ${VARIABLE}"'
PYTHON = f"""
import json, os, sys, urllib.request
body = json.dumps({{"token": os.environ["{VARIABLE}"]}}).encode()
headers = {{"Authorization": "Bearer " + os.environ["{VARIABLE}"], "Content-Type": "application/json"}}
with urllib.request.urlopen(urllib.request.Request(sys.argv[1], body, headers), timeout=10) as reply:
    print(reply.read().decode())
"""


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command("demo", epilog=examples("strongroom demo"))(demo)


def demo(as_json: AsJson = False) -> None:
    """Show the first hour, on a throwaway server.

    A secret is stored, used by real programs, and never seen by them. Everything happens on
    127.0.0.1 and in a temporary directory that is removed. Needs curl.
    """
    if shutil.which("curl") is None:
        raise Complaint("the demo runs curl, which is not installed: apt-get install curl, or your system's way")
    with tempfile.TemporaryDirectory(prefix="strongroom-demo-") as folder:
        try:
            complete, observed = asyncio.run(_play(Path(folder), quiet=as_json))
        except RuntimeError as failure:
            raise Complaint(f"the demo could not go on: {failure}") from None
    if as_json:
        write_json({"ok": complete, "observed": observed})
    if not complete:
        raise typer.Exit(1)


async def _play(folder: Path, *, quiet: bool) -> tuple[bool, dict[str, bool]]:
    from strongroom import edge  # noqa: PLC0415 - only the demo loads the server's parts
    from strongroom.cli.acts import Acts  # noqa: PLC0415 - as above
    from strongroom.cli.transcript import Transcript  # noqa: PLC0415 - as above
    from strongroom.core.secret import Secret  # noqa: PLC0415 - as above
    from strongroom.testing.stage import staged  # noqa: PLC0415 - as above

    page = Transcript(quiet=quiet)
    secret = f"demo_{edge.entropy(16).hex()}"
    async with staged(folder, (API, OTHER), names=(API, OTHER, BLOCKED), token=Secret(secret)) as stage:
        acts = Acts(stage=stage, page=page, secret=secret)
        await acts.store()
        await acts.look_around()
        await acts.use()
        await acts.try_elsewhere()
        await acts.read_the_log()
    page.close(
        "The agent worked, and never held the secret. Start your own: strongroom serve"
        if page.complete
        else "Something was not as it must be; see the marks above."
    )
    return page.complete, page.observed
