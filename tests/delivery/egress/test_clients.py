"""Programs that people use, through the running proxy. Their environment is made from scratch."""

import asyncio
import functools
import json
from pathlib import Path

import pytest
import requests

from tests.delivery.egress.doubles import PLACEHOLDER, SECRET, FixedDelivery, swap
from tests.delivery.egress.running import HOST, Rig, read_request, rig
from tests.needs import need


async def account(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with what was received, as JSON."""
    while True:
        head, body = await read_request(reader)
        said = json.dumps({"head": head.decode(), "body": body.decode(), "secret": SECRET}).encode()
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said)
        )


class Curl:
    """curl, told everything on its command line."""

    def __init__(self, at: Rig, folder: Path) -> None:
        self.at = at
        self.ca = folder / "ca.pem"
        self.ca.write_text(at.authority.certificate)

    async def __call__(self, *arguments: str) -> tuple[int, str]:
        command = [need("curl"), "-sS", "--cacert", str(self.ca), "-x", self.at.proxy_url, *arguments]
        ran = await asyncio.create_subprocess_exec(
            *command, env={}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        out, _ = await asyncio.wait_for(ran.communicate(), 20)
        return ran.returncode or 0, out.decode()


async def test_curl_sends_the_secret_and_gets_its_placeholder_back(tmp_path: Path) -> None:
    async with rig(account, FixedDelivery(swaps=(swap(),))) as at:
        code, out = await Curl(at, tmp_path)(
            "-H", f"Authorization: Bearer {PLACEHOLDER}", "--json", json.dumps({"k": PLACEHOLDER}), at.url
        )
    assert code == 0, out
    assert SECRET not in out
    received = json.loads(out)
    assert f"Authorization: Bearer {PLACEHOLDER}" in received["head"]
    assert json.loads(received["body"]) == {"k": PLACEHOLDER}
    assert received["secret"] == PLACEHOLDER


async def test_curl_that_waits_to_be_asked_for_its_token_is_served(tmp_path: Path) -> None:
    async with rig(account) as at:
        code, out = await Curl(at, tmp_path)("--proxy-anyauth", "-v", at.url)
    assert code == 0, out
    assert "407 Proxy Authentication Required" in out
    assert "200 Connection Established" in out


async def test_curl_uploads_with_expect_and_by_chunks(tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_text(PLACEHOLDER + "x" * 100_000)
    async with rig(account, FixedDelivery(swaps=(swap(),))) as at:
        for extra in (("-H", "Expect: 100-continue"), ("-H", "Transfer-Encoding: chunked")):
            code, out = await Curl(at, tmp_path)("-T", str(body), *extra, at.url + "/file")
            assert code == 0, out
            assert json.loads(out)["body"] == PLACEHOLDER + "x" * 100_000


async def test_curl_reuses_its_tunnel_and_keeps_plain_http_apart(tmp_path: Path) -> None:
    async with rig(account, tls=False) as at:
        url = f"http://{HOST}:{at.upstream_port}"
        code, out = await Curl(at, tmp_path)(url + "/1", url + "/2", "--next", "-p", "-x", at.proxy_url, url + "/3")
        assert code == 0, out
        assert {(made.scheme, made.host) for made in at.dialer.dialled} == {("http", HOST)}
    assert [f"GET /{number} HTTP/1.1" in out for number in (1, 2, 3)] == [True] * 3


async def test_curl_reads_why_it_was_refused(tmp_path: Path) -> None:
    async with rig(account) as at:
        code, out = await Curl(at, tmp_path)("-H", "Host: evil.example", "-i", at.url)
    assert code == 0, out
    assert "HTTP/2 421" in out
    assert "strongroom-refused: authority_mismatch" in out


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_requests_sends_the_secret_and_gets_its_placeholder_back(tmp_path: Path, method: str) -> None:
    async with rig(account, FixedDelivery(swaps=(swap(),))) as at:
        ca = tmp_path / "ca.pem"
        ca.write_text(at.authority.certificate)
        with requests.Session() as session:
            session.trust_env = False
            session.proxies = {"https": at.proxy_url}
            session.verify = str(ca)
            ask = functools.partial(session.request, method, at.url, timeout=20, auth=("user", PLACEHOLDER))
            answers = [await asyncio.to_thread(ask) for _ in range(3)]
        assert [answer.json()["secret"] for answer in answers] == [PLACEHOLDER] * 3
        assert at.counters.upstreams_opened == 1
    assert all(SECRET not in answer.text for answer in answers)
