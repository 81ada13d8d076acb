"""How each client of `clients.toml` is run: what a user would type, with the secret's variable in its place."""

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.clients import toolchains
from tests.needs import need
from tests.node import node_program, npm


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a client runs: an empty folder of its own, one for what is built once, and the upstream's address."""

    folder: Path
    built: Path
    authority: str

    @property
    def url(self) -> str:
        return f"https://{self.authority}"


def shell(words: str) -> list[str]:
    """Return how a shell runs it: variables are filled in there, in the child."""
    return ["sh", "-c", words]


def told(program: Sequence[str], url: str) -> list[str]:
    return [*program, url]


def _in_node(name: str) -> list[str]:
    """Return how to run one of our programs in Node."""
    return node_program(Path(__file__).parent / "node" / name)


def _pip(place: Place) -> list[str]:
    pip = shlex.quote(toolchains.of_clients("pip"))
    quiet = "--disable-pip-version-check --no-cache-dir --retries 0 --no-deps"
    index = f'--index-url "https://agent:$TOKEN@{place.authority}/simple/"'
    return shell(f"{pip} download {quiet} --dest got {index} parcel")


def _uv(place: Place) -> list[str]:
    uv = shlex.quote(toolchains.of_clients("uv"))
    index = f'--default-index "https://agent:$TOKEN@{place.authority}/simple/"'
    return shell(f"{uv} pip install --no-cache --no-config --python {sys.executable} --target got {index} parcel")


def _npm(place: Place) -> list[str]:
    registry = f"{place.url}/npm/"
    command = shlex.join([*npm(), "install", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0"])
    token = f"//{place.authority}/npm/:_authToken=${{TOKEN}}"
    return shell(
        f"echo '{token}' >.npmrc && {command} --registry={registry} parcel && cat node_modules/parcel/package.json"
    )


def _git(place: Place) -> list[str]:
    return shell(f'git clone -q "https://agent:$TOKEN@{place.authority}/git/parcel.git" got && cat got/content')


COMMANDS: Mapping[str, Callable[[Place], list[str]]] = {
    "curl": lambda at: shell(f'{need("curl")} -sS --fail -H "Authorization: Bearer $TOKEN" {at.url}/'),
    "wget": lambda at: shell(f'{need("wget")} -q -t 1 -O - --header "Authorization: Bearer $TOKEN" {at.url}/'),
    "git": _git,
    "gh": lambda at: [need("gh"), "api", f"{at.url}/user"],
    "pip": _pip,
    "uv": _uv,
    "npm": _npm,
    "urllib": lambda at: told(toolchains.python("with_urllib.py"), at.url),
    "urllib3": lambda at: told(toolchains.python("with_urllib3.py"), at.url),
    "requests": lambda at: told(toolchains.python("with_requests.py"), at.url),
    "httpx": lambda at: told(toolchains.python("with_httpx.py"), at.url),
    "httpx2": lambda at: told(toolchains.python("with_httpx2.py"), at.url),
    "aiohttp": lambda at: told(toolchains.python("with_aiohttp.py"), at.url),
    "boto3": lambda at: told(toolchains.python("with_boto3.py"), at.url),
    "anthropic": lambda at: told(toolchains.python("with_anthropic.py"), at.url),
    "openai": lambda at: told(toolchains.python("with_openai.py"), at.url),
    "node-fetch": lambda at: told(_in_node("fetch.mjs"), at.url),
    "node-https": lambda at: told(_in_node("get.mjs"), at.url),
    "undici": lambda at: told(_in_node("undici.mjs"), at.url),
    "axios": lambda at: told(_in_node("axios.mjs"), at.url),
    "anthropic-node": lambda at: told(_in_node("anthropic.mjs"), at.url),
    "openai-node": lambda at: told(_in_node("openai.mjs"), at.url),
    "deno": lambda at: [
        *[toolchains.of_clients("deno"), "run", "--quiet", "--no-config", "--no-lock", "--allow-env", "--allow-net"],
        *[str(toolchains.PROGRAMS / "get.deno.ts"), at.url],
    ],
    "go": lambda at: [toolchains.go_program(at.built), at.url],
    "java-client": lambda at: [*toolchains.java_program(at.built), "client", at.url],
    "java-connection": lambda at: [*toolchains.java_program(at.built), "connection", at.url],
    "ruby": lambda at: [need("ruby"), str(toolchains.PROGRAMS / "get.rb"), at.url],
}
