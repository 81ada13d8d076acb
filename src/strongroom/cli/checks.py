"""What `strongroom doctor` looks at: each check answers with what it saw and, where needed, what to do."""

import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import final
from urllib.parse import urlsplit

from strongroom.cli.client import Client, path
from strongroom.cli.complaint import Complaint, NoServer, Refusal
from strongroom.cli.connection import Connection
from strongroom.data_dir import ADMIN_KEY, CERTIFICATE

DEFAULT_PROXY_PORT = 8701
ROOT_KEY, SALT = "root-key", "root-passphrase.json"
PATIENCE = 3.0
"""Seconds that a server on this machine may take to answer a check."""
CUSTODIANS_PATIENCE = 15.0
"""Likewise, where it asks others first."""
CLOCK_WARN = 5.0
CLOCK_BAD = 60.0
"""Seconds between two clocks; the Date header counts whole seconds, and sessions and tokens expire by the clock."""
EXPIRES_SOON = timedelta(days=30)


class Level(StrEnum):
    """How a check went."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check saw. `advice` says what to do, unless all is well."""

    check: str
    level: Level
    seen: str
    advice: str = ""


def data_directory(directory: Path) -> Iterator[Finding]:
    """Look at the data directory of this machine's server: there, private, with its key files."""
    check = "data directory"
    try:
        yield from _directory(check, directory)
    except OSError as error:
        advice = "run this as the user that the server runs as"
        seen = f"{directory} cannot be looked into ({error.strerror})"
        yield Finding(check=check, level=Level.BAD, seen=seen, advice=advice)


def _directory(check: str, directory: Path) -> Iterator[Finding]:
    if not directory.is_dir():
        yield Finding(
            check=check,
            level=Level.WARN,
            seen=f"{directory} is not there",
            advice="fine if the server runs elsewhere; otherwise `strongroom serve` makes it",
        )
        return
    yield _private(check, directory, 0o700)
    for name, file in (("root key", ROOT_KEY), ("root key", SALT), ("admin key", ADMIN_KEY)):
        if (directory / file).exists():
            yield _private(name, directory / file, 0o600)
    if not (directory / ROOT_KEY).exists() and not (directory / SALT).exists():
        advice = "fine if --root-key names another holder; otherwise restore the file: nothing else opens the database"
        yield Finding(check="root key", level=Level.WARN, seen=f"{directory / ROOT_KEY} is not there", advice=advice)


def certificate(directory: Path, now: datetime) -> Iterator[Finding]:
    """Look at how long the certificate authority's certificate is valid."""
    from cryptography import x509  # noqa: PLC0415 - slow to import, and only this check needs it

    file = directory / CERTIFICATE
    check = "certificate authority"
    try:
        found = x509.load_pem_x509_certificate(file.read_bytes())
    except FileNotFoundError:
        return
    except (OSError, ValueError):
        advice = "move it away; the server writes it again when it starts"
        yield Finding(check=check, level=Level.BAD, seen=f"{file} is no readable certificate", advice=advice)
        return
    until = found.not_valid_after_utc
    seen = f"valid until {until:%Y-%m-%d}"
    if not found.not_valid_before_utc <= now < until:
        yield Finding(check=check, level=Level.BAD, seen=f"not valid now, {seen}", advice="check this machine's clock")
    elif until - now < EXPIRES_SOON:
        yield Finding(check=check, level=Level.WARN, seen=seen, advice="plan for a new one")
    else:
        yield Finding(check=check, level=Level.OK, seen=seen)


def server(connection: Connection, proxy_port: int | None) -> Iterator[Finding]:
    """Ask the server: does it answer, is it ready, does the key work, do the clocks agree, is the proxy there.

    Without `proxy_port` the proxy is looked for where the server says it is.
    """
    anonymous = Client(server=connection.server, key=None, timeout=PATIENCE)
    try:
        ahead = anonymous.clock_difference()
    except NoServer as complaint:
        yield Finding(check="server", level=Level.BAD, seen=str(complaint), advice="`strongroom serve` starts one")
        yield from _ports(connection.server, proxy_port or DEFAULT_PROXY_PORT)
        return
    except Refusal as refusal:
        advice = "check STRONGROOM_URL: this may be another program, or the path may be wrong"
        yield Finding(check="server", level=Level.BAD, seen=str(refusal), advice=advice)
        return
    yield Finding(check="server", level=Level.OK, seen=f"{connection.server} answers")
    if urlsplit(connection.server).scheme == "http" and not _is_local(connection.server):
        advice = "use https, or a tunnel: secrets and keys cross the network in clear"
        yield Finding(check="transport", level=Level.WARN, seen="plain http to another machine", advice=advice)
    yield _ready(anonymous)
    yield _clock(ahead)
    try:
        me = connection.client(timeout=PATIENCE).get(path("strongroom", "v1", "me"))
    except Complaint as complaint:
        yield Finding(check="key", level=Level.BAD, seen=str(complaint), advice="set STRONGROOM_API_KEY")
        here = f"{urlsplit(connection.server).hostname}:{DEFAULT_PROXY_PORT}"
    else:
        yield Finding(check="key", level=Level.OK, seen=f"{me['id']} in workspace {me['workspace_id']}")
        yield from _custodians(connection)
        here = me["proxy"]
    yield _proxy(here if proxy_port is None else f"{urlsplit(connection.server).hostname}:{proxy_port}")


def _private(check: str, place: Path, wanted: int) -> Finding:
    mode = stat.S_IMODE(place.stat().st_mode)
    if mode & ~wanted & 0o077:
        advice = f"chmod {wanted:o} {place}"
        return Finding(check=check, level=Level.BAD, seen=f"{place} is open to others ({mode:o})", advice=advice)
    return Finding(check=check, level=Level.OK, seen=f"{place} ({mode:o})")


def _ready(client: Client) -> Finding:
    try:
        client.get("/readyz")
    except Complaint as complaint:
        advice = "look at the server's log: its database, its root key or its workers do not work"
        return Finding(check="ready", level=Level.BAD, seen=str(complaint), advice=advice)
    return Finding(check="ready", level=Level.OK, seen="database, root key and egress proxy work")


def _clock(ahead: float) -> Finding:
    seen = f"the server's clock and this one differ by {abs(ahead):.0f} s"
    advice = "set both by NTP: sessions, tokens and certificates expire by the clock"
    if abs(ahead) > CLOCK_BAD:
        return Finding(check="clock", level=Level.BAD, seen=seen, advice=advice)
    if abs(ahead) > CLOCK_WARN:
        return Finding(check="clock", level=Level.WARN, seen=seen, advice=advice)
    return Finding(check="clock", level=Level.OK, seen="agrees with the server's")


def _custodians(connection: Connection) -> Iterator[Finding]:
    """Look at the vaults of others that are set up; one that keeps nothing by itself only warns."""
    try:
        found = connection.client(timeout=CUSTODIANS_PATIENCE).get(path("strongroom", "v1", "custodians"))["data"]
    except Complaint as complaint:
        advice = "fine for a key that may not look; the admin key may"
        yield Finding(check="custodians", level=Level.WARN, seen=str(complaint), advice=advice)
        return
    for each in found[1:]:  # ours comes first, and is ready if the server is
        check = f"custodian {each['id']}"
        advice = "docs/custody.md says how it is set up; `strongroom serve` shows its settings"
        if each["configured"] and each["problem"]:
            level = Level.BAD if each["default"] else Level.WARN
            yield Finding(check=check, level=level, seen=each["problem"], advice=advice)
        elif each["configured"]:
            yield Finding(check=check, level=Level.OK, seen="would serve" + (", by default" if each["default"] else ""))
        elif each["default"]:
            seen = "keeps logins by default, and is not set up"
            yield Finding(check=check, level=Level.BAD, seen=seen, advice=advice)


def _proxy(where: str) -> Finding:
    advice = "check --proxy-port, STRONGROOM_PROXY_PORT and firewalls"
    parts = urlsplit(f"//{where}")
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=PATIENCE) as connected:
            connected.sendall(b"CONNECT doctor.invalid:443 HTTP/1.1\r\nHost: doctor.invalid:443\r\n\r\n")
            status = connected.recv(64).split(b" ")[1:2]
    except OSError as error:
        said = error.strerror or type(error).__name__
        return Finding(check="proxy", level=Level.BAD, seen=f"nothing answers at {where} ({said})", advice=advice)
    if status != [b"407"]:
        return Finding(check="proxy", level=Level.BAD, seen=f"{where} is no Strongroom proxy", advice=advice)
    return Finding(check="proxy", level=Level.OK, seen=f"{where} asks for a session's token")


def _ports(server_url: str, proxy_port: int) -> Iterator[Finding]:
    """Look whether a server could start here: are its ports free."""
    if not _is_local(server_url):
        return
    parts = urlsplit(server_url)
    for option, port in (("--port", parts.port or 80), ("--proxy-port", proxy_port)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                advice = f"stop what listens there, or start with another {option}"
                seen = f"port {port} cannot be used ({error.strerror})"
                yield Finding(check=f"port {port}", level=Level.BAD, seen=seen, advice=advice)
            else:
                yield Finding(check=f"port {port}", level=Level.OK, seen="free")


def _is_local(server_url: str) -> bool:
    return urlsplit(server_url).hostname in {"127.0.0.1", "localhost", "::1"}
