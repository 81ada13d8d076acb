"""curl, beyond a plain request: uploads that ask first, large bodies both ways, one connection for many requests."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.clients.services import LARGE
from tests.clients.stage import Stage
from tests.needs import need

HEADER = '-H "Authorization: Bearer $TOKEN"'
VERSIONS = ["--http1.1", "--http2"]


def curl(stage: Stage, folder: Path, words: str) -> str:
    """Type curl with what `egress.env` says; return what it says."""
    done = stage.runs(["sh", "-c", f"{need('curl')} -sS --fail {HEADER} {words}"], folder, stage.variables)
    assert done.returncode == 0, done.stderr
    assert stage.is_free_of_secrets(done.stdout, done.stderr)
    return done.stdout


@pytest.fixture
def body(tmp_path: Path) -> Path:
    path = tmp_path / "body"
    path.write_bytes(bytes(range(256)) * (LARGE // 256))
    return path


@pytest.mark.parametrize("version", VERSIONS)
def test_the_version_that_is_asked_for_is_spoken(stage: Stage, tmp_path: Path, version: str) -> None:
    said = curl(stage, tmp_path, f"{version} -o /dev/null -w '%{{http_version}}' {stage.place(tmp_path).url}/")
    assert said == {"--http1.1": "1.1", "--http2": "2"}[version]
    assert stage.proved_with_a_secret()


@pytest.mark.parametrize(
    ("version", "framing"),
    [
        ("--http1.1", "Expect: 100-continue"),
        ("--http1.1", "Expect:"),
        ("--http1.1", "Transfer-Encoding: chunked"),
        ("--http2", "Expect:"),  # RFC 9113 8.2.2: chunks are HTTP/1.1's own
    ],
)
def test_a_large_upload_arrives_whole(stage: Stage, tmp_path: Path, body: Path, version: str, framing: str) -> None:
    said = json.loads(curl(stage, tmp_path, f'{version} -T {body} -H "{framing}" {stage.place(tmp_path).url}/large'))
    assert said["sha256"] == hashlib.sha256(body.read_bytes()).hexdigest()
    assert stage.proved_with_a_secret()
    assert said["headers"]["Authorization"] == f"Bearer {stage.variables['TOKEN']}"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_large_download_arrives_whole(stage: Stage, tmp_path: Path, body: Path, version: str) -> None:
    curl(stage, tmp_path, f"{version} -o got {stage.place(tmp_path).url}/large")
    assert (tmp_path / "got").read_bytes() == body.read_bytes()


def test_many_requests_go_through_one_tunnel(stage: Stage, tmp_path: Path) -> None:
    url = stage.place(tmp_path).url
    count = "-w '%{num_connects}\\n' -o /dev/null"
    said = curl(stage, tmp_path, f"{count} {url}/a --next -sS {HEADER} {count} {url}/b {url}/c")
    assert said.split()[:2] == ["1", "0"]
    assert len(stage.services.seen) == 3
    assert stage.proved_with_a_secret()
