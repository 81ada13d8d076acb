"""`strongroom audit`: shown, exported, and checked without trusting whoever kept it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.shell import Shell
from tests.e2e.stage import House

Lines = list[str]


@pytest.fixture
def exported(shell: Shell, house: House, tmp_path: Path) -> Path:
    for name in "abc":
        house.vault(name)
    shell.json("org", "create", "another")
    shell.json("audit", "export", str(tmp_path / "audit.jsonl"))
    return tmp_path / "audit.jsonl"


def verdict(shell: Shell, *words: str) -> tuple[int, dict[str, object]]:
    done = shell.types("audit", "verify", *words, "--json")
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def test_the_newest_entries_are_shown_oldest_first(shell: Shell, house: House) -> None:
    house.vault("seen")
    entries = shell.json("audit", "tail", "-n", "2")
    assert [entry["action"] for entry in entries] == ["vault.create", "audit.read"]
    assert "vault.create" in shell.gets("audit", "tail")


def test_new_entries_are_followed_without_the_reads_that_following_makes(shell: Shell, house: House) -> None:
    argv = shell.argv("audit", "tail", "-n", "5", "--follow", "--json")
    following = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=shell.environment())
    assert following.stdout is not None
    try:
        made = [house.vault("one")]
        entry = json.loads(following.stdout.readline())
        while entry["target"] != made[-1]:
            assert entry["action"] != "audit.read"
            if len(made) == 1:
                made.append(house.vault("two"))
            entry = json.loads(following.stdout.readline())
    finally:
        following.terminate()
        following.wait(20)
        following.stdout.close()


def test_the_servers_chains_are_checked_here(shell: Shell, house: House) -> None:
    other = shell.json("org", "create", "other")["organization_id"]
    code, said = verdict(shell)
    assert (code, said["ok"], said["first_bad"]) == (0, True, None)
    assert isinstance(said["entries"], int)
    assert said["entries"] > 0
    chains = said["chains"]
    assert isinstance(chains, list)
    assert other in {chain["organization_id"] for chain in chains}
    assert "intact" in shell.gets("audit", "verify")


def test_an_exported_log_is_checked_without_a_server_or_a_key(lonely: Shell, exported: Path) -> None:
    code, said = verdict(lonely, str(exported))
    assert (code, said["ok"]) == (0, True)
    assert said["entries"] == sum(1 for line in exported.read_text().splitlines() if '"sequence"' in line)


def change(lines: Lines) -> None:
    lines[2] = lines[2].replace("allowed", "denied")


def remove(lines: Lines) -> None:
    del lines[2]


def swap(lines: Lines) -> None:
    lines[2], lines[3] = lines[3], lines[2]


def truncate(lines: Lines) -> None:
    del lines[-1]


def leave_a_chain_out(lines: Lines) -> None:
    heads = [number for number, line in enumerate(lines) if '"chains"' in line]
    del lines[heads[-1] :]


def drop_the_head(lines: Lines) -> None:
    del lines[0]


def garble(lines: Lines) -> None:
    lines[2] = lines[2][:-10]


def forge_a_shorter_head(lines: Lines) -> None:
    head = json.loads(lines[0])
    lines[0] = json.dumps(head | {"entries": head["entries"] - 1})


@pytest.mark.parametrize(
    ("tamper", "first_bad"),
    [
        (change, 2),
        (remove, 2),
        (swap, 2),
        (truncate, None),
        (leave_a_chain_out, 1),
        (drop_the_head, 1),
        (garble, 2),
        (forge_a_shorter_head, None),
    ],
)
def test_a_log_that_was_tampered_with_is_broken(
    shell: Shell, exported: Path, tamper: Callable[[Lines], None], first_bad: int | None
) -> None:
    lines = exported.read_text().splitlines()
    tamper(lines)
    exported.write_text("\n".join(lines) + "\n")
    code, said = verdict(shell, str(exported))
    assert (code, said["ok"]) == (1, False)
    assert isinstance(said["first_bad"], int)
    assert said["first_bad"] == first_bad or first_bad is None
    assert said["reason"]
    people = shell.types("audit", "verify", str(exported))
    assert people.returncode == 1
    assert "BROKEN at entry" in people.stdout


def test_an_empty_file_proves_nothing(lonely: Shell, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    assert "holds no audit chain" in lonely.fails("audit", "verify", str(tmp_path / "empty"))
    assert "cannot be read" in lonely.fails("audit", "verify", str(tmp_path / "missing"))


def test_an_export_that_cannot_be_written_leaves_nothing(shell: Shell, tmp_path: Path) -> None:
    assert "cannot be written" in shell.fails("audit", "export", str(tmp_path / "no" / "such" / "file"))
    assert list(tmp_path.iterdir()) == []
