"""The acts of the demo: what is done in each, and what must be seen."""

import asyncio
import json
import sys
from dataclasses import dataclass, field
from typing import Any, final

from strongroom.cli.demo import API, BLOCKED, CURL, OTHER, PYTHON, VARIABLE
from strongroom.cli.transcript import Transcript, masked
from strongroom.testing.stage import Ended, Stage

SHOWN_ENTRIES = 8
FLUSH_SECONDS = 1.5
"""Uses are counted in memory and written once a second."""


@final
@dataclass(slots=True, kw_only=True)
class Acts:
    """One performance."""

    stage: Stage
    page: Transcript
    secret: str
    env: dict[str, str] = field(default_factory=dict)
    session: str = ""

    @property
    def placeholder(self) -> str:
        """What the agent holds."""
        return self.env[VARIABLE]

    async def store(self) -> None:
        """Store a secret that may go to one host, and open a session whose network has two."""
        page, run = self.page, self.stage.command
        page.title("Strongroom: a first hour", f"server {self.stage.api}, egress proxy {self.stage.proxy}")
        page.step("Store a secret, say where it may go, and open a session for an agent")
        page.command("strongroom vault create demo")
        vault = await run("vault", "create", "demo")
        page.command(f"strongroom credential add {VARIABLE} --vault demo --host {API} --value-stdin")
        hosts = ["--host", API]
        await run("credential", "add", VARIABLE, "--vault", "demo", *hosts, "--value-stdin", stdin=self.secret)
        page.command(f"strongroom environment create demo --limited --host {API} --host {OTHER}")
        limited = await run("environment", "create", "demo", "--limited", *hosts, "--host", OTHER)
        page.command("strongroom session create --vault demo --environment demo")
        session = await run("session", "create", "--vault", vault["id"], "--environment", limited["id"])
        self.env, self.session = session["egress"]["env"], session["id"]
        page.check("no answer repeats the secret", held=self.secret not in json.dumps([vault, limited, session]))

    async def look_around(self) -> None:
        """See what a program in the session finds in its environment."""
        self.page.step("What the agent holds")
        self.page.command("env")
        ended = await self.stage.agent(["env"], self.env)
        for line in sorted(ended.out.splitlines()):
            if line.startswith((VARIABLE, "HTTPS_PROXY", "SSL_CERT_FILE")):
                self.page.saw("agent", _without_token(line))
        held = f"{VARIABLE}={self.placeholder}" in ended.out and self.secret not in ended.out
        self.page.check("its environment holds a placeholder and not the secret", held=held)

    async def use(self) -> None:
        """Use the secret with curl, and with Python, where it may go."""
        url = self.stage.url(API, "/whoami")
        self.page.step(f"A request to {API}, which the secret may go to")
        self.page.command(f"{CURL} {url}")
        self._saw_use("curl", await self.stage.agent(["sh", "-c", f"{CURL} {url}"], self.env), body="")
        self.page.command("python agent.py    # the placeholder in a header and in a JSON body")
        ended = await self.stage.agent([sys.executable, "-c", PYTHON, url], self.env)
        self._saw_use("Python", ended, body=json.dumps({"token": self.secret}))

    async def try_elsewhere(self) -> None:
        """Send it to a host that only the environment lists, and to one that nothing lists."""
        url = self.stage.url(OTHER, "/collect")
        self.page.step(f"A request to {OTHER}, which the secret may not go to")
        self.page.command(f"{CURL} {url}")
        ended = await self.stage.agent(["sh", "-c", f"{CURL} {url}"], self.env)
        received = self.stage.upstreams[OTHER].received
        got = received[-1].authorization if received else ""
        self.page.saw(f"{OTHER} received", masked(got, self.secret))
        held = got == f"Bearer {self.placeholder}" and self.secret not in ended.out
        self.page.check("it gets the placeholder, which is worth nothing there", held=held)

        url = self.stage.url(BLOCKED, "/")
        self.page.step(f"A request to {BLOCKED}, which the environment does not allow")
        self.page.command(f"{CURL} {url}")
        ended = await self.stage.agent(["sh", "-c", f"{CURL} -w '%{{http_connect}}' {url}"], self.env)
        self.page.saw("curl says", ended.err.strip())
        self.page.check("the proxy refuses it with 403", held=ended.code != 0 and "403" in ended.out + ended.err)

    async def read_the_log(self) -> None:
        """Read what was recorded, and verify it."""
        page, run = self.page, self.stage.command
        page.step("What was recorded")
        page.command(f"strongroom session show {self.session}    # uses and security events")
        uses, strays = await self._settled()
        for use in uses:
            page.saw("used", f"{use['count']} times at {use['host']}")
        for stray in strays:
            page.saw("security event", f"{stray['action']} at {stray['facts']['host']} ({stray['facts']['surface']})")
        page.command(f"strongroom audit tail -n {SHOWN_ENTRIES}")
        entries = await run("audit", "tail", "-n", "100")
        for entry in entries[-SHOWN_ENTRIES:]:
            page.saw(entry["outcome"], f"{entry['action']:<22} {entry['target']}")
        page.command("strongroom audit verify")
        verdict = await run("audit", "verify")
        page.saw("verified", f"{verdict['entries']} entries, each sealing the one before it")
        page.check("every use was counted", held=sum(use["count"] for use in uses) >= 3)  # noqa: PLR2004 - header, header, body
        page.check("the stray placeholder raised a security event", held=bool(strays))
        page.check("the refusal was recorded", held=_refused(entries))
        page.check("the audit chain is whole and holds no secret", held=verdict["ok"] and self._absent_from(entries))

    def _saw_use(self, who: str, ended: Ended, *, body: str) -> None:
        received = self.stage.upstreams[API].received
        last = received[-1] if received else None
        got = last.authorization if last else ""
        self.page.saw(f"{API} received", masked(got, self.secret))
        if last and body:
            self.page.saw("", masked(last.body, self.secret))
        self.page.saw("agent got back", masked(ended.out.strip() or ended.err.strip(), self.secret))
        real = last is not None and got == f"Bearer {self.secret}" and (not body or last.body == body)
        self.page.check(f"the service received the real secret from {who}", held=real)
        clean = ended.code == 0 and self.secret not in ended.out and self.placeholder in ended.out
        self.page.check(f"{who} got the placeholder back where the service quoted the secret", held=clean)

    async def _settled(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return uses and strays once the counts of the last second are written."""
        await asyncio.sleep(FLUSH_SECONDS)
        shown = await self.stage.command("session", "show", self.session)
        entries = await self.stage.command("audit", "tail", "-n", "100")
        return shown["uses"], [entry for entry in entries if entry["action"] == "placeholder.strayed"]

    def _absent_from(self, entries: list[dict[str, Any]]) -> bool:
        return self.secret not in json.dumps(entries)


def _refused(entries: list[dict[str, Any]]) -> bool:
    return any(entry["outcome"] == "denied" and entry["target"] == BLOCKED for entry in entries)


def _without_token(line: str) -> str:
    """Shorten the session's token, which need not stand in anybody's scroll-back."""
    before, colon, after = line.rpartition("@")
    return f"{before[:30]}…{colon}{after}" if colon else line
