"""`strongroom credential validate`, before a server on loopback that takes one token alone."""

import json

import trustme
from aiohttp import web

from tests.cli.shell import Shell
from tests.e2e.stage import Seen, running_upstream

HOST = "mcp.example.test"
HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "s", "version": "1"}}


def answer(seen: Seen) -> web.Response:
    if seen.headers.get("Authorization") != "Bearer good":
        return web.Response(status=401, text=f"not {seen.headers.get('Authorization')}")
    return web.json_response({"jsonrpc": "2.0", "id": 1, "result": HELLO})


def test_it_says_whether_the_server_takes_the_token_and_what_to_do(shell: Shell, authority: trustme.CA) -> None:
    inside = ("--vault", shell.json("vault", "create", "looked-at")["id"])
    with running_upstream(authority) as upstream:
        upstream.reply = answer
        for name, token in (("good", "good"), ("bad", "sentinel-token")):
            url = f"https://{HOST}:{upstream.port}/{name}"
            add = ("credential", "add", name, *inside, "--kind", "mcp_oauth", "--url", url, "--value-stdin")
            shell.json(*add, stdin=token)
        assert shell.json("credential", "validate", "good", *inside)["status"] == "valid"
        assert "valid" in shell.gets("credential", "validate", "good", *inside)
        bad = shell.types("credential", "validate", "bad", *inside)
        assert bad.returncode == 1
        assert "initialize: answered 401" in bad.stdout
        assert "no refresh token" in bad.stdout
        assert f"strongroom connect https://{HOST}:{upstream.port}/bad" in bad.stderr
        told = shell.types("credential", "validate", "bad", *inside, "--json")
        assert (told.returncode, told.stderr, json.loads(told.stdout)["status"]) == (1, "", "invalid")
        assert "sentinel" not in bad.stdout + bad.stderr + told.stdout
    gone = shell.types("credential", "validate", "good", *inside)
    assert gone.returncode == 1
    assert "initialize: no answer" in gone.stdout
    assert "could not be asked" in gone.stderr
