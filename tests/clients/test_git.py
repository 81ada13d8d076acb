"""git over HTTPS with a placeholder for its token, in each way that git takes one; the upstream is git itself."""

from pathlib import Path

import pytest

from tests.clients.repository import CONTENT, git
from tests.clients.stage import Stage
from tests.needs import need

WAYS = {
    "in the URL": 'git clone -q "https://agent:$TOKEN@{at}/git/parcel.git" {to}',
    "in a header of ours": 'git -c http.extraHeader="Authorization: Basic $(printf agent:$TOKEN | base64 -w 0)" '
    "clone -q https://{at}/git/parcel.git {to}",
    "from a helper": "git -c credential.helper='!f() {{ echo username=agent; echo \"password=$TOKEN\"; }}; f' "
    "clone -q https://{at}/git/parcel.git {to}",
}
WHO = "-c user.name=A -c user.email=a@example.test"


def types(stage: Stage, folder: Path, words: str) -> str:
    """Type something into a shell that has what `egress.env` says, with git saying all that it hears."""
    need("git")
    variables = {**stage.variables, "GIT_TRACE_CURL": "1", "GIT_TRACE_REDACT": "0", "GIT_TERMINAL_PROMPT": "0"}
    done = stage.runs(["sh", "-ec", words], folder, variables)
    assert done.returncode == 0, done.stderr[-2000:]
    assert stage.is_free_of_secrets(done.stdout, done.stderr)
    return done.stderr


@pytest.mark.parametrize("way", WAYS)
def test_a_clone_carries_the_token_and_sees_its_placeholder(stage: Stage, tmp_path: Path, way: str) -> None:
    at = stage.place(tmp_path).authority
    heard = types(stage, tmp_path, WAYS[way].format(at=at, to="got"))
    assert (tmp_path / "got" / "content").read_text() == CONTENT
    assert stage.proved_with_a_secret()
    quoted = [line for line in heard.splitlines() if "x-sent: basic " in line.lower()]
    assert stage.variables["TOKEN"] in quoted[-1]  # the upstream quotes what it was sent, and its secret was taken out


def test_what_is_pushed_arrives_and_is_fetched_again(stage: Stage, tmp_path: Path) -> None:
    at = stage.place(tmp_path).authority
    clone = WAYS["in the URL"].format(at=at, to="one") + " && cp -r one two"
    types(stage, tmp_path, clone)
    branch = f"b-{stage.variables['TOKEN'][-8:]}-{tmp_path.name}"
    change = f"cd one && git checkout -q -b {branch} && echo more >>content && git {WHO} commit -q -a -m More"
    types(stage, tmp_path, f"{change} && git push -q origin {branch}")
    assert "POST" in {seen.method for seen in stage.services.seen}
    pushed = git(stage.services.repositories / "parcel.git", "show", f"{branch}:content")
    assert pushed == CONTENT + "more\n"
    types(stage, tmp_path, f"cd two && git fetch -q && git checkout -q {branch}")
    assert (tmp_path / "two" / "content").read_text() == CONTENT + "more\n"


def test_a_push_larger_than_gits_buffer_arrives_by_chunks(stage: Stage, tmp_path: Path) -> None:
    """Over 1 MiB (http.postBuffer) git asks first with an empty request, and then sends by chunks."""
    at = stage.place(tmp_path).authority
    branch = f"large-{tmp_path.name}"
    make = f"head -c 3000000 /dev/urandom >large && git add large && git {WHO} commit -q -m Large"
    clone = WAYS["in the URL"].format(at=at, to="one")
    types(stage, tmp_path, f"{clone} && cd one && git checkout -q -b {branch} && {make}")
    types(stage, tmp_path, f"cd one && GIT_TRACE_CURL=0 git push -q origin {branch}")
    size = git(stage.services.repositories / "parcel.git", "cat-file", "-s", f"{branch}:large")
    assert int(size) == 3_000_000


def test_a_wrong_token_is_asked_for_again_and_refused_by_the_server_itself(stage: Stage, tmp_path: Path) -> None:
    at = stage.place(tmp_path).authority
    variables = {**stage.variables, "GIT_TERMINAL_PROMPT": "0"}
    argv = [need("git"), "clone", "-q", f"https://agent:mine@{at}/git/parcel.git", "got"]
    done = stage.runs(argv, tmp_path, variables)
    assert done.returncode != 0
    assert "Authentication failed" in done.stderr
    assert not stage.proved_with_a_secret()
