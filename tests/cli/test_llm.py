"""Vendors of models, gateway keys, their usage and limits, typed against a running server."""

import json
from typing import Any

import requests

from tests.cli.shell import Shell
from tests.e2e.stage import House

SECRET = "sk-typed-in-0123456789-wxyz"
ROTATED = "sk-typed-anew-9876543210-abcd"


def status(house: House, key: str) -> int:
    """Ask for a model that nobody has, which costs nothing; return how that is refused."""
    with requests.Session() as session:
        session.trust_env = False
        url = f"{house.api}/api/llm-gateway/v1/chat/completions"
        body = {"model": "unknown", "messages": []}
        answer = session.post(url, json=body, headers={"authorization": f"Bearer {key}"}, timeout=20)
    return answer.status_code


def test_a_vendor_from_its_first_secret_to_its_second(shell: Shell) -> None:
    made = shell.json(
        "llm", "add", "openai", "--model", "gpt-5", "--model", "fast=gpt-5-mini", "--value-stdin", stdin=SECRET
    )
    assert (made["name"], made["model_provider"], made["key_last4"]) == ("openai", "openai", "wxyz")
    assert made["models"] == ["gpt-5", "fast"]
    (listed,) = [each for each in shell.json("llm", "list") if each["name"] == "openai"]
    assert sorted(listed["models"]) == ["fast", "gpt-5", "openai/gpt-5", "openai/gpt-5-mini"]
    assert (listed["id"], listed["connection_id"]) == (made["provider_id"], made["connection_id"])
    shown = shell.gets("llm", "list")
    assert "gpt-5" in shown
    rotated = shell.json("llm", "rotate", "OpenAI", "--value-stdin", stdin=ROTATED + "\n")
    assert (rotated["id"], rotated["key_last4"]) == (made["connection_id"], "abcd")
    assert SECRET not in shown + json.dumps([made, listed, rotated])
    assert ROTATED not in json.dumps(rotated)


def test_whoever_adds_a_vendor_is_told_how_to_go_on(shell: Shell, house: House) -> None:
    done = shell.types("llm", "add", "groq", "--name", "fast one", "--value-stdin", stdin=SECRET)
    assert done.returncode == 0, done.stderr
    assert "strongroom llm enable fast one MODEL" in done.stderr
    assert f"{house.api}/api/llm-gateway/v1" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    (made,) = shell.json("llm", "enable", "fast one", "quick=llama")
    assert (made["model_alias"], made["upstream_model"]) == ("quick", "llama")


def test_secrets_of_several_parts_and_of_none_go_where_they_belong(shell: Shell) -> None:
    keys = {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"}
    where = ("--auth-type", "aws_keys", "--setting", "region=us-east-1", "--value-stdin")
    made = shell.json("llm", "add", "bedrock", *where, stdin=json.dumps(keys))
    assert (made["auth_type"], made["stores_key_material"]) == ("aws_keys", True)
    assert keys["secret_access_key"] not in json.dumps(made)
    adc = (
        "--name",
        "adc",
        "--auth-type",
        "google_adc",
        "--setting",
        "project_id=p-123456",
        "--setting",
        "location=global",
    )
    assert shell.json("llm", "add", "vertex", *adc)["stores_key_material"] is False


def admin(house: House, method: str, where: str, body: dict[str, str] | None = None) -> Any:  # noqa: ANN401 - whatever JSON it is
    with requests.Session() as session:
        session.trust_env = False
        key = (house.data_dir / "admin-key").read_text().strip()
        url = f"{house.api}/api/llm-gateway/admin{where}"
        answer = session.request(method, url, json=body, headers={"authorization": f"Bearer {key}"}, timeout=20)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_cannot_be_added_is_named_and_leaves_nothing_behind(shell: Shell, house: House) -> None:
    before = shell.json("llm", "list")
    assert "VENDOR" in shell.fails("llm", "add", "nobody", "--value-stdin", stdin=SECRET)
    bad = ("--base-url", "ftp://x.example")
    assert "--base-url" in shell.fails("llm", "add", "openai", "--name", "bad", *bad, "--value-stdin", stdin=SECRET)
    assert "the secret" in shell.fails("llm", "add", "openai", "--name", "bad", "--value-stdin", stdin="a\x01b")
    taken = ("llm", "add", "mistral", "--name", "taken", "--value-stdin")
    made = shell.json(*taken, stdin=SECRET)
    assert "with this name already" in shell.fails(*taken, stdin=SECRET)
    admin(house, "PUT", f"/connections/{made['connection_id']}", {"name": "another"})
    held = admin(house, "GET", "/connections")
    assert "with this name already" in shell.fails(*taken, stdin=SECRET), "a provider's now"
    assert admin(house, "GET", "/connections") == held
    assert len(shell.json("llm", "list")) == len(before) + 1
    assert "--value-stdin" in shell.misuses("llm", "add", "openai")
    assert "llm list" in shell.fails("llm", "rotate", "nobody", "--value-stdin", stdin=SECRET)


def test_a_gateway_key_from_beginning_to_end(shell: Shell, house: House) -> None:
    made = shell.json("llm", "key", "create", "--name", "app")
    assert status(house, made["key"]) == 404
    assert made["key"] not in shell.gets("llm", "key", "list")
    assert shell.json("llm", "key", "disable", "app")["disabled_at"] is not None
    assert status(house, made["key"]) == 401
    assert shell.json("llm", "key", "disable", made["id"], "--undo")["disabled_at"] is None
    assert status(house, made["key"]) == 404
    assert shell.json("llm", "key", "revoke", "app")["revoked_at"] is not None
    assert status(house, made["key"]) == 401
    fresh = shell.json("llm", "key", "create", "--name", "app")
    assert shell.json("llm", "key", "disable", "app")["id"] == fresh["id"], "the one that works is meant"
    assert "llm key list" in shell.fails("llm", "key", "revoke", "nobody")
    shell.json("llm", "key", "create", "--name", "app")
    assert "id" in shell.fails("llm", "key", "revoke", "app")


def test_a_limit_is_set_kept_and_taken_away(shell: Shell, house: House) -> None:
    made = shell.json("llm", "key", "create", "--name", "limited")
    limited = shell.json("llm", "limit", "limited", "--per-day", "0", "--per-month", "500")
    assert (limited["tokens_per_day"], limited["tokens_per_month"], limited["tokens_today"]) == (0, 500, 0)
    assert status(house, made["key"]) == 429
    freed = shell.json("llm", "limit", "limited", "--per-day", "none")
    assert (freed["tokens_per_day"], freed["tokens_per_month"]) == (None, 500)
    assert status(house, made["key"]) == 404
    assert "--per-day" in shell.misuses("llm", "limit", "limited", "--per-day", "many")
    assert "--per-day" in shell.misuses("llm", "limit", "limited")
    assert "--per-month" in shell.fails("llm", "limit", "limited", "--per-month", str(2**53))


def test_usage_is_shown_by_what_was_asked_for(shell: Shell, house: House) -> None:
    made = shell.json("llm", "key", "create", "--name", "user of models")
    assert shell.json("llm", "usage", "--key", "user of models") == []
    status(house, made["key"])
    (row,) = shell.json("llm", "usage", "--key", "user of models", "--by", "key", "--by", "model")
    assert (row["key_id"], row["requests"], row["failed_requests"]) == (made["id"], 1, 1)
    assert "user of models" in shell.gets("llm", "usage", "--by", "key", "--by", "credential")
    assert "--from" in shell.fails("llm", "usage", "--from", "yesterday")
    assert "--by" in shell.misuses("llm", "usage", "--by", "hour")


def test_a_vendor_is_tested_and_one_that_is_not_there_said_to_be_unreachable(shell: Shell) -> None:
    nowhere = ("--base-url", "http://127.0.0.1:9")
    shell.json("llm", "add", "custom", "--name", "nowhere", *nowhere, "--value-stdin", stdin=SECRET)
    done = shell.types("llm", "test", "nowhere", "--json")
    assert done.returncode == 1, done.stderr
    (told,) = json.loads(done.stdout)
    assert (told["name"], told["outcome"]) == ("nowhere", "unreachable")
    adc = ("--auth-type", "google_adc", "--setting", "project_id=p-123456", "--setting", "location=global")
    shell.json("llm", "add", "vertex", "--name", "cloud", *adc)
    done = shell.types("llm", "test", "cloud", "--json")
    assert done.returncode == 1, done.stderr
    (told,) = json.loads(done.stdout)
    assert told["outcome"] == "unavailable"
    assert "--ambient-cloud-identity" in told["because"]
    region = ("--setting", "region=us-east-1")
    shell.json(
        "llm", "add", "bedrock", "--name", "b", "--auth-type", "bedrock_api_key", *region, "--value-stdin", stdin=SECRET
    )
    (told,) = shell.json("llm", "test", "b")
    assert told["outcome"] == "untested"
