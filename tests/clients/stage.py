"""One server, one set of upstreams, one session: what all clients of a test run share."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme

from tests.clients.commands import Place
from tests.clients.repository import make_repository
from tests.clients.services import Services, presented
from tests.e2e.stage import ECHO_HOST, House, bare_environment, running_house, running_upstream
from tests.nursery.forking import nursery
from tests.nursery.order import Order

VARIABLES = ("TOKEN", "GH_ENTERPRISE_TOKEN", "ANTHROPIC_API_KEY", "OPENAI_API_KEY")
"""What is stored, by the names that clients look for. Each has a value of its own."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """What a client meets. `direct_roots` signs what is not intercepted: it is among the server's system roots."""

    house: House
    services: Services
    session: Mapping[str, Any]
    folder: Path
    direct_roots: trustme.CA

    @property
    def variables(self) -> dict[str, str]:
        """What `egress.env` of the session says."""
        return dict(self.session["egress"]["env"])

    def place(self, folder: Path) -> Place:
        return Place(folder=folder, built=self.folder, authority=f"{ECHO_HOST}:{self.services.port}")

    def runs(
        self, argv: list[str], folder: Path, variables: Mapping[str, str], *, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a client in an environment made from scratch, and forget what upstreams saw before."""
        self.services.seen.clear()
        home = folder / "home"
        home.mkdir(exist_ok=True)
        return subprocess.run(
            argv,
            env=bare_environment(home, variables),
            cwd=folder,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=60,
        )

    def types(self, argv: list[str], folder: Path, *, forked: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a client under `strongroom run`, as the person who started the server; not `forked`, as it is installed.

        A fork runs the same, and need not read its modules for each client.
        """
        variables = {"STRONGROOM_URL": self.house.api, "STRONGROOM_DATA_DIR": str(self.house.data_dir)}
        words = ["run", "--vault", "clients", "--", *argv]
        if not forked:
            return self.runs([str(Path(sys.executable).with_name("strongroom")), *words], folder, variables)
        self.services.seen.clear()
        home = folder / "home"
        home.mkdir(exist_ok=True)
        order = Order(words=words, variables=bare_environment(home, variables), folder=str(folder))
        return nursery().run(order, stdin="", timeout=60)

    def proved_with_a_secret(self) -> bool:
        """Tell whether an upstream was shown one of the secrets since the last run."""
        return any(
            secret in presented(seen.headers)
            for seen in self.services.seen
            for secret in self.services.secrets.values()
        )

    def is_free_of_secrets(self, *texts: str | bytes) -> bool:
        """Tell whether no secret is in any of these: as it is, or as user information of Basic authorization."""
        whole = b"\n".join(text if isinstance(text, bytes) else text.encode(errors="replace") for text in texts)
        return not any(form in whole for secret in self.services.secrets.values() for form in forms(secret))


def forms(secret: str) -> list[bytes]:
    """Return what of a secret stands in a text: itself, and its middle in each of the three phases of base64."""
    encoded = (base64.b64encode(b"x" * before + secret.encode()) for before in range(3))
    return [secret.encode(), *(form[4:-8] for form in encoded)]


@contextmanager
def running_stage(folder: Path) -> Iterator[Stage]:
    authority, direct = trustme.CA(), trustme.CA()
    roots = folder / "system-roots.pem"
    direct.cert_pem.write_to_path(str(roots))
    services = Services(
        secrets={name: f"secret-of-{name}-{os.urandom(16).hex()}" for name in VARIABLES},
        repositories=folder / "repositories",
    )
    make_repository(services.repositories)
    with (
        running_upstream(authority, services),
        running_house(folder, authority, extra={"SSL_CERT_FILE": str(roots)}) as house,
    ):
        vault = house.vault("clients")
        for name, secret in services.secrets.items():
            house.variable(vault, name, secret, [ECHO_HOST])
        session = house.session(house.environment_id(), vault)
        yield Stage(house=house, services=services, session=session, folder=folder, direct_roots=direct)
