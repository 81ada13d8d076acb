"""`strongroom connect`: a person consents in a browser, and the tokens of an MCP server land in a vault.

What happens is said step by step on standard error. The command never sees a token: it hands the browser's answer to
the server, which redeems and stores it.
"""

import os
import sys
import time
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from strongroom.cli import browser, output
from strongroom.cli.client import Client, Json, path
from strongroom.cli.complaint import Complaint, Refusal
from strongroom.cli.lookups import DEFAULT_VAULT, credentials_of, vault_to_add_to
from strongroom.cli.loopback import Answer, Listener, can_be_typed, listening
from strongroom.cli.options import AsJson, connection, examples
from strongroom.cli.output import note
from strongroom.cli.values import read_client_secret
from strongroom.core.fields import read_time

AUTHORIZATIONS = path("strongroom", "v1", "authorizations")
_INVALID = 400
TIMEOUT = 60.0
"""Seconds for one request: the server asks two others before it answers."""
WORDS = {
    "mcp_server_url": "URL",
    "vault": "--vault",
    "client_id": "--client-id",
    "client_secret": "the client's secret",
    "scope": "--scope",
    "display_name": "--display-name",
    "flow": "--device",
}
FIELDS = {
    "id": "id",
    "vault": "vault_id",
    "kind": "auth.type",
    "server": "auth.mcp_server_url",
    "display name": "display_name",
    "expires": "auth.expires_at",
    "renewed at": "auth.refresh.token_endpoint",
}


def register(app: typer.Typer) -> None:
    """Add the command to the root."""
    app.command(
        "connect",
        epilog=examples(
            "strongroom connect https://mcp.linear.app/mcp",
            "strongroom connect https://mcp.example.com/mcp --vault 'customer 4711'",
            "strongroom connect https://mcp.example.com/mcp --device",
            "pass show example | strongroom connect https://mcp.example.com/mcp --client-id abc --client-secret-stdin",
        ),
    )(connect)


def connect(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="The MCP server, as a client would be given it.")],
    vault: Annotated[
        str,
        typer.Option("--vault", metavar="ID_OR_NAME", help="Where to keep it; `default` is made if missing."),
    ] = DEFAULT_VAULT,
    device: Annotated[
        bool, typer.Option("--device", help="Show a code to enter on another machine: there is no browser here.")
    ] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser; the URL is shown.")] = False,
    client_id: Annotated[
        str | None, typer.Option("--client-id", metavar="ID", help="A client that you registered by hand.")
    ] = None,
    client_secret_stdin: Annotated[
        bool, typer.Option("--client-secret-stdin", help="Read the client's secret from standard input.")
    ] = False,
    scope: Annotated[
        str | None, typer.Option("--scope", metavar="SCOPES", help="What to ask for, instead of what the server names.")
    ] = None,
    display_name: Annotated[
        str | None, typer.Option("--display-name", metavar="TEXT", help="A name for people.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Connect an MCP server by your consent in a browser.

    The tokens land in the vault. Where it has a credential for the server already, that is repaired: it keeps its id,
    and sessions go on.
    """
    if client_secret_stdin and client_id is None:
        raise typer.BadParameter("belongs to a client: give --client-id too", param_hint="--client-secret-stdin")
    secret = read_client_secret() if client_secret_stdin else None
    client = connection(ctx).client(timeout=TIMEOUT)
    place = vault_to_add_to(client, vault)
    place = place or client.post(path("v1", "vaults"), {"display_name": DEFAULT_VAULT})
    asked: Json = {"mcp_server_url": url, "vault": place["id"], "scope": scope, "display_name": display_name}
    asked |= {"client_id": client_id, "client_secret": None if secret is None else secret.reveal()}
    note(f"finding out who issues tokens for {url}")
    if device:
        ended = _by_code(client, asked)
    else:
        with listening() as listener:
            ended = _in_browser(client, asked, listener, opens=not no_browser)
    if ended["status"] != "connected":
        raise Complaint(f"{url} is not connected: {ended['problem']}")
    if as_json:
        output.write_json(ended)
        return
    stored = client.get(credentials_of(place) + path(ended["credential_id"]))
    output.one(stored, FIELDS, as_json=False)
    if stored["auth"]["refresh"] is None:
        note("the server gave no refresh token: when this one expires, connect again")


def _in_browser(client: Client, asked: Json, listener: Listener, *, opens: bool) -> Json:
    begun = client.post(AUTHORIZATIONS, asked | {"flow": "loopback", "redirect_uri": listener.redirect}, WORDS)
    url = begun["authorization_url"]
    listener.expect(parse_qs(urlsplit(url).query)["state"][0])
    _show_way(url, listener, opens=opens)
    if can_be_typed():
        listener.take_from(sys.stdin)
    deadline = _deadline(begun)
    while (answer := listener.wait(deadline - time.monotonic())) is not None:
        note("the answer is there: redeeming it")
        done = _completed(client, begun["id"], answer)
        if done is not None:
            return done
    ended: Json = client.get(AUTHORIZATIONS + path(begun["id"]))
    return ended if ended["status"] != "pending" else ended | {"problem": "nobody consented in time: begin again"}


def _completed(client: Client, authorization: str, answer: Answer) -> Json | None:
    """Hand the answer over; None if it was none of ours, so that waiting goes on."""
    try:
        ended: Json = client.post(
            AUTHORIZATIONS + path(authorization, "complete"), {"callback_url": answer.url.reveal()}
        )
    except Refusal as refusal:
        if refusal.status == _INVALID:
            note(f"that was not it: {refusal}")
            answer.tell("Not this one", str(refusal))
            return None
        answer.tell("Not connected", str(refusal))
        raise
    if ended["status"] == "connected":
        answer.tell("Connected", "the tokens are in the vault. You can close this window.")
    else:
        answer.tell("Not connected", ended["problem"])
    return ended


def _show_way(url: str, listener: Listener, *, opens: bool) -> None:
    where = urlsplit(url)
    if opens and browser.opens(url):
        note(f"your browser opens {where.scheme}://{where.netloc} and asks for your consent; if it does not, open:")
    else:
        note("open this in a browser and consent:")
    print(output.harmless(url), file=sys.stderr, flush=True)
    note(f"waiting for the answer at {listener.redirect}")
    if not (opens and browser.has_browser(os.environ)):
        note(
            "is the browser on another machine? Paste the URL that it ends up at here, even if it shows an error; "
            "or stop this and use --device"
        )


def _by_code(client: Client, asked: Json) -> Json:
    begun = client.post(AUTHORIZATIONS, asked | {"flow": "device"}, WORDS)
    note(f"open {begun['verification_uri']} on any machine and enter: {begun['user_code']}")
    if begun["verification_uri_complete"] is not None:
        note(f"or open {begun['verification_uri_complete']}")
    note("waiting for your consent")
    deadline, poll = _deadline(begun), AUTHORIZATIONS + path(begun["id"], "poll")
    ended: Json = begun
    while ended["status"] == "pending" and time.monotonic() < deadline:
        time.sleep(begun["interval_seconds"])
        ended = client.post(poll)
    if ended["status"] == "pending":
        ended = client.get(AUTHORIZATIONS + path(begun["id"]))
    return ended


def _deadline(begun: Json) -> float:
    """When it runs out, on this machine's own watch: its clock may be another than the server's."""
    lasts = read_time(begun["expires_at"]) - read_time(begun["created_at"])
    return time.monotonic() + lasts.total_seconds()
