"""`clients.toml`: what we say of each client. The tests hold every client to it, and the page is written from it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from strongroom.core.client_variables import CA_VARIABLES, JAVA_OPTIONS, WGETRC

TRUST = {*CA_VARIABLES, WGETRC, JAVA_OPTIONS}
HEADINGS = (
    "client",
    "any of these alone names its proxy",
    "any of these alone names its certificates",
    "what it needs",
)


@dataclass(frozen=True, kw_only=True)
class Client:
    """One client.

    `proxy` and `trust` are alternatives: each variable alone does. Without its `switch` a client looks at no variable
    for its proxy. One that is `built_on` another finds both as that one does. `needs` is for the reader.
    """

    id: str
    name: str
    proxy: tuple[str, ...]
    trust: tuple[str, ...]
    prints: str = "what was sent"
    switch: str = ""
    built_on: str = ""
    needs: str = ""

    def row(self) -> str:
        proxy = ", ".join(f"`{name}`" for name in self.proxy)
        if self.switch and self.switch not in self.proxy:
            proxy += f", with `{self.switch}`"
        return f"| {self.name} | {proxy} | {', '.join(f'`{name}`' for name in self.trust)} | {self.needs} |"


def clients() -> list[Client]:
    found = tomllib.loads(Path(__file__).with_name("clients.toml").read_text(encoding="utf-8"))
    return [
        Client(**{**entry, "proxy": tuple(entry["proxy"]), "trust": tuple(entry["trust"])}) for entry in found["client"]
    ]


def table() -> str:
    """The table of the page."""
    lines = [" | ".join(HEADINGS), " | ".join("---" for _ in HEADINGS)]
    return "\n".join([*(f"| {line} |" for line in lines), *(client.row() for client in clients())])
