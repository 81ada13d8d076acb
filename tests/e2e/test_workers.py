"""One server with several workers: the same promises, whichever worker a connection meets."""

import secrets
import signal
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from tests.cli.shell import Shell
from tests.e2e.crew import Tunnel, alive, counts, kill, refused, shares, workers
from tests.e2e.stage import ECHO_HOST, House, Upstream, running_house, through, until
from tests.e2e.test_runtime import sentinel

SIZE = 3
TUNNELS, MOST_TUNNELS = 8, 300
"""At least so many, and then until each worker has one: on a busy machine one may come late to its turn."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("crew")
    with running_house(folder, authority, extra={"STRONGROOM_WORKERS": str(SIZE)}, forked=False) as running:
        yield running


@pytest.fixture
def two(tmp_path: Path, authority: trustme.CA) -> Iterator[House]:
    """A server of its own, to be treated badly."""
    with running_house(tmp_path, authority, extra={"STRONGROOM_WORKERS": "2"}) as running:
        yield running


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


class Agent:
    """A session with one secret for the echo host, and tunnels that are open on every worker."""

    def __init__(
        self, house: House, upstream: Upstream, stack: ExitStack, *, key: str | None = None, warm: bool = True
    ) -> None:
        self.secret, self.vault = sentinel(), house.vault()
        self.credential = house.variable(self.vault, "TOKEN", self.secret, [ECHO_HOST])
        self.environment = house.environment_id()
        body = {"agent": "a", "environment_id": self.environment, "vault_ids": [self.vault]}
        self.session = house.made("/v1/sessions", body, key=key)
        self.placeholder = self.session["egress"]["env"]["TOKEN"]
        self.upstream, self.stack, self.house = upstream, stack, house
        self.tunnels = [self.tunnel() for _ in range(TUNNELS)]
        while not all(shares(house, self.tunnels).values()):
            assert len(self.tunnels) < MOST_TUNNELS, shares(house, self.tunnels)
            self.tunnels.append(self.tunnel())
        assert not warm or all(self.sent(tunnel) == self.secret for tunnel in self.tunnels)

    def tunnel(self) -> Tunnel:
        return self.stack.enter_context(Tunnel(self.session, ECHO_HOST, self.upstream.port))

    def sent(self, tunnel: Tunnel) -> str | int:
        """Send the placeholder; return what arrived for it, the status of a refusal, or 0 for a closed connection."""
        path = f"/{secrets.token_hex(8)}"
        try:
            status, _ = tunnel.get(path, **{"X-Key": self.placeholder})
        except OSError:
            return 0
        seen = [seen for seen in self.upstream.seen if seen.target == path]
        return seen[0].headers["X-Key"] if seen else status

    def soon(self, *expected: str | int) -> bool:
        """Look at every tunnel until none is as it was; before that moment either answer is right."""
        return until(lambda: {self.sent(tunnel) for tunnel in self.tunnels} <= set(expected))


def requests(house: House) -> float:
    """Return how many there were, once the workers' answers agree: a busy one may answer after it was asked."""
    said = [-1.0]

    def settled() -> bool:
        said.append(counts(house)["strongroom_egress_requests_total"])
        return said[-1] == said[-2]

    assert until(settled)
    return said[-1]


def test_each_of_many_connections_finds_a_worker_and_each_worker_gets_some(
    house: House, upstream: Upstream, stack: ExitStack
) -> None:
    assert len(workers(house)) == SIZE
    agent = Agent(house, upstream, stack)
    held = shares(house, agent.tunnels)
    assert len(held) == SIZE
    assert all(held.values())
    assert sum(held.values()) == len(agent.tunnels)
    assert counts(house)["strongroom_egress_workers"] == SIZE
    assert until(lambda: counts(house)["strongroom_egress_clients"] >= len(agent.tunnels))
    assert house.call("GET", "/readyz").status_code == 200


def test_an_archived_credential_is_not_put_in_again_on_any_worker(
    house: House, upstream: Upstream, stack: ExitStack
) -> None:
    agent = Agent(house, upstream, stack)
    done = house.call("POST", f"/v1/vaults/{agent.vault}/credentials/{agent.credential}/archive")
    assert done.status_code == 200
    assert agent.soon(agent.placeholder)


def test_an_ended_session_closes_its_connections_on_every_worker(
    house: House, upstream: Upstream, stack: ExitStack
) -> None:
    agent = Agent(house, upstream, stack)
    assert house.call("POST", f"/strongroom/v1/sessions/{agent.session['id']}/end").status_code == 200
    assert agent.soon(0)
    with pytest.raises(ConnectionRefusedError):
        agent.tunnel()


def test_a_revoked_key_ends_its_sessions_on_every_worker(house: House, upstream: Upstream, stack: ExitStack) -> None:
    key = house.made("/strongroom/v1/keys", {"name": "agent"})
    agent = Agent(house, upstream, stack, key=key["key"])
    assert house.call("POST", f"/strongroom/v1/keys/{key['id']}/revoke").status_code == 200
    assert agent.soon(0)


def test_a_narrowed_environment_bites_on_every_worker(house: House, upstream: Upstream, stack: ExitStack) -> None:
    agent = Agent(house, upstream, stack)
    networking = {"type": "limited", "allowed_hosts": ["elsewhere.example.test"]}
    config = {"type": "cloud", "networking": networking}
    assert house.call("POST", f"/v1/environments/{agent.environment}", {"config": config}).status_code == 200
    assert agent.soon(0, 403)


def test_what_one_worker_sent_is_taken_out_of_what_another_reads(
    house: House, upstream: Upstream, stack: ExitStack
) -> None:
    agent = Agent(house, upstream, stack, warm=False)
    upstream.reply = lambda _: web.Response(text=f"you stored {agent.secret}")
    status, said = agent.tunnels[0].get("/store", **{"X-Key": agent.placeholder})
    assert (status, said) == (200, f"you stored {agent.placeholder}")
    assert {tunnel.get("/read")[1] for tunnel in agent.tunnels[1:]} == {f"you stored {agent.placeholder}"}


def test_uses_add_up_and_the_audit_chain_stays_whole(
    house: House, upstream: Upstream, stack: ExitStack, folder: Path
) -> None:
    agents = [Agent(house, upstream, stack) for _ in range(2)]
    before = requests(house)

    def use(agent: Agent, tunnel: Tunnel) -> None:
        for _ in range(5):
            agent.sent(tunnel)

    threads = [threading.Thread(target=use, args=(agent, tunnel)) for agent in agents for tunnel in agent.tunnels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = 5 * sum(len(agent.tunnels) for agent in agents)
    assert until(lambda: counts(house)["strongroom_egress_requests_total"] == before + made)

    def uses(agent: Agent) -> int:
        shown = house.call("GET", f"/strongroom/v1/sessions/{agent.session['id']}").json()
        return sum(use["count"] for use in shown["uses"])

    for agent in agents:
        assert until(lambda agent=agent: uses(agent) == len(agent.tunnels) * 6), uses(agent)  # type: ignore[misc]
    shell = Shell(home=folder, variables={"STRONGROOM_URL": house.api, "STRONGROOM_API_KEY": house.key})
    assert shell.json("audit", "verify")["ok"] is True


def test_a_killed_worker_is_replaced_while_the_others_serve_and_counts_do_not_go_back(
    two: House, upstream: Upstream, folder: Path
) -> None:
    session = two.session(two.environment_id(), two.vault())
    url = f"https://{ECHO_HOST}:{upstream.port}/"
    for _ in range(8):
        through(session, folder, "GET", url)
    crew = workers(two)
    assert until(lambda: counts(two)["strongroom_egress_requests_total"] == 8)
    kill(crew[0])
    assert until(lambda: crew[0] not in workers(two))
    outcomes = [through(session, folder, "GET", url).status_code for _ in range(8)]
    assert outcomes == [200] * 8
    assert until(lambda: counts(two)["strongroom_egress_workers"] == 2, within=60)
    assert crew[1] in workers(two)
    assert until(lambda: counts(two)["strongroom_egress_requests_total"] == 16)
    assert '"worker 1 is replaced in 0.1 s: it was ended by SIGKILL"' in two.log.read_text() or (
        '"worker 2 is replaced in 0.1 s: it was ended by SIGKILL"' in two.log.read_text()
    )


def test_when_the_server_is_killed_no_worker_serves_on(two: House, upstream: Upstream, stack: ExitStack) -> None:
    session = two.session(two.environment_id(), two.vault())
    tunnels = [stack.enter_context(Tunnel(session, ECHO_HOST, upstream.port)) for _ in range(6)]
    crew = workers(two)
    kill(two.process.pid)
    two.process.wait()
    assert until(lambda: not any(map(alive, crew)))
    for tunnel in tunnels:
        with pytest.raises((ConnectionError, ssl.SSLError)):
            tunnel.get("/")
    assert until(lambda: refused(two))


def test_a_stop_lets_requests_finish_and_leaves_nothing_behind(
    two: House, upstream: Upstream, stack: ExitStack
) -> None:
    session = two.session(two.environment_id(), two.vault())
    tunnels = [stack.enter_context(Tunnel(session, ECHO_HOST, upstream.port)) for _ in range(6)]
    for tunnel in tunnels:
        tunnel.send("/late")
    assert until(lambda: len(upstream.seen) == len(tunnels))
    crew = workers(two)
    two.process.send_signal(signal.SIGTERM)
    assert until(lambda: refused(two))
    upstream.released.set()
    assert [tunnel.reply() for tunnel in tunnels] == [(200, "late")] * 6
    assert two.process.wait(60) == 0
    assert not any(map(alive, crew))


def test_the_passphrase_reaches_workers_and_shows_nowhere(
    tmp_path: Path, authority: trustme.CA, upstream: Upstream, folder: Path
) -> None:
    passphrase = sentinel()
    extra = {
        "STRONGROOM_WORKERS": "2",
        "STRONGROOM_ROOT_KEY": "passphrase:",
        "STRONGROOM_ROOT_PASSPHRASE": passphrase,
        "STRONGROOM_LOG_LEVEL": "debug",
    }
    with running_house(tmp_path, authority, extra=extra) as house:
        secret, vault = sentinel(), house.vault()
        house.variable(vault, "TOKEN", secret, [ECHO_HOST])
        session = house.session(house.environment_id(), vault)
        headers = {"X-Key": session["egress"]["env"]["TOKEN"]}
        for _ in range(6):
            through(session, folder, "GET", f"https://{ECHO_HOST}:{upstream.port}/", headers=headers)
        assert {seen.headers["X-Key"] for seen in upstream.seen} == {secret}
        for worker in workers(house):
            for place in ("cmdline", "environ"):
                shown = Path(f"/proc/{worker}/{place}").read_bytes()
                assert passphrase.encode() not in shown
                assert b"STRONGROOM_" not in shown
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [content for content in written if passphrase.encode() in content]


def serving(shell: Shell, *words: str, **variables: str) -> str:
    return shell.fails("serve", "--port", "0", "--proxy-port", "0", *words, **variables)


def test_what_no_worker_could_start_with_ends_the_start_and_is_said(tmp_path: Path) -> None:
    shell = Shell(home=tmp_path, variables={"STRONGROOM_UPSTREAM_CA_FILE": str(tmp_path / "missing.pem")})
    said = serving(shell, "--workers", "2")
    assert "STRONGROOM_UPSTREAM_CA_FILE names" in said


def test_a_port_in_use_is_named_before_any_worker_starts(tmp_path: Path) -> None:
    shell = Shell(home=tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = shell.fails("serve", "--port", "0", "--proxy-port", port, "--workers", "2")
    assert f"127.0.0.1:{port} cannot be used" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", ["0", "-1", "65"])
def test_a_number_of_workers_that_cannot_be_is_wrong_usage(tmp_path: Path, number: str) -> None:
    shell = Shell(home=tmp_path)
    assert "--workers" in shell.misuses("serve", "--workers", number)
    assert "STRONGROOM_WORKERS: must be at" in shell.fails("serve", STRONGROOM_WORKERS=number)


def test_a_worker_that_never_comes_back_ends_the_server(tmp_path: Path, authority: trustme.CA) -> None:
    with running_house(tmp_path, authority, extra={"STRONGROOM_WORKERS": "2"}) as house:
        (tmp_path / "upstream-roots.pem").unlink()
        crew = workers(house)
        kill(crew[0])
        assert house.process.wait(280) == 1
        assert not any(map(alive, crew))
        said = house.log.read_text()
        assert "of the egress proxy cannot start: " in said
        assert "upstream-roots.pem, which cannot be read" in said
