"""Settings: what is allowed is said in words, by the name that was typed, and nothing given is repeated."""

from datetime import timedelta
from pathlib import Path

import pytest

from strongroom.core.secret import Secret
from strongroom.settings import Settings, WrongSettings


def refused(environ: dict[str, str], overrides: dict[str, object] | None = None) -> WrongSettings:
    with pytest.raises(WrongSettings) as raised:
        Settings.load(environ, overrides)
    return raised.value


@pytest.mark.parametrize(
    ("variable", "given", "rule"),
    [
        ("LOG_LEVEL", "loud", "must be debug, info, warning or error"),
        ("PATH_PREFIX", "nope", "must be a path such as /vault"),
        ("PATH_PREFIX", "/nope/", "must be a path such as /vault"),
        ("PATH_PREFIX", "/nope\n", "must be a path such as /vault"),
        ("PUBLIC_URL", "nope", "must be a URL such as https://vault.example.com"),
        ("PUBLIC_URL", "ftp://nope.test", "must be a URL such as https://vault.example.com"),
        ("PUBLIC_URL", "https://nope:nope@vault.test", "must be a URL such as https://vault.example.com"),
        ("PUBLIC_URL", "https://vault.test/?nope", "must be a URL such as https://vault.example.com"),
        ("PORT", "nope", "must be a whole number"),
        ("PORT", "-1", "must be at least 0"),
        ("PORT", "70000", "must be at most 65535"),
        ("EGRESS_ALLOW_PRIVATE", "nope", "must be networks such as 10.0.0.0/8"),
        ("EGRESS_PASS_THROUGH", "https://nope.test", "must be hosts such as api.example.com"),
        ("EGRESS_PASS_THROUGH", "*.*.nope.test", "must be hosts such as api.example.com"),
        ("EGRESS_REQUEST_BYTES", "0", "must be at least 1"),
        ("EGRESS_HEAD_BYTES", "65537", "must be at most 65536"),
        ("EGRESS_SESSION_REQUESTS_PER_SECOND", "nope", "must be a whole number"),
        ("RESOLVE", "nope", "must be host=address"),
        ("RESOLVE", "a.test=nope", "must be host=address"),
        ("RESOLVE", "=127.0.0.1", "must be host=address"),
        ("RESOLVE", "a.test=127.0.0.1:0", "must be host=address"),
        ("RESOLVE", "a.test=127.0.0.1:65536", "must be host=address"),
        ("RESOLVE", "a.test=b.test:443", "must be host=address"),
        ("SESSION_LIFETIME", "nope", "must be 1 to 2592000 seconds"),
        ("SESSION_LIFETIME", "0", "must be 1 to 2592000 seconds"),
        ("SESSION_LIFETIME", "9" * 30, "must be 1 to 2592000 seconds"),
        ("STRICT_BETA", "nope", "must be true or false"),
        ("JWT_ISSUER", "nope", "must be an absolute URL such as https://login.example.com"),
        ("JWKS_URL", "file:///nope", "must be an absolute URL such as https://login.example.com"),
        ("JWT_NEW_ORGANIZATIONS", "nope", "must be true or false"),
        ("DATA_DIR", "~nope-nobody/x", "must be a path without ~"),
        ("ROOT_PASSPHRASE", "nope\udcff", "must be text (UTF-8)"),
    ],
)
def test_what_is_allowed_is_said_and_what_was_given_is_not(variable: str, given: str, rule: str) -> None:
    said = str(refused({f"STRONGROOM_{variable}": given}))
    assert said.startswith(f"STRONGROOM_{variable}: {rule}")
    assert "nope" not in said


def test_everything_wrong_is_said_at_once_by_the_names_that_were_typed() -> None:
    wrong = refused({"STRONGROOM_PORT": "x", "STRONGROOM_LOG_LEVEL": "info"}, {"log_level": "loud", "host": ""})
    assert wrong.options == {"--log-level": "must be debug, info, warning or error", "--host": "must not be empty"}
    assert wrong.variables == {"STRONGROOM_PORT": "must be a whole number"}


def test_an_issuer_without_an_audience_is_no_setting() -> None:
    wrong = refused({}, {"jwt_issuer": "https://login.test"})
    assert list(wrong.variables) == ["STRONGROOM_JWT_AUDIENCE"]
    assert "must be given along with the issuer" in str(wrong)
    both = Settings.load({"STRONGROOM_JWT_AUDIENCE": "ours"}, {"jwt_issuer": "https://login.test"})
    assert (both.jwt_issuer, both.jwt_audience) == ("https://login.test", "ours")


@pytest.mark.parametrize(
    "key", ["short", "twenty characters and a blank", "x" * 20 + "\n", "x" * 20 + "\t", "ü" * 20, "x" * 20 + "\x7f"]
)
def test_an_admin_key_that_no_header_carries_is_refused_and_not_repeated(key: str) -> None:
    said = str(refused({"STRONGROOM_ADMIN_KEY": key}))
    assert said.startswith("STRONGROOM_ADMIN_KEY: must have at least 20 characters, all of them visible ASCII")
    assert key not in said


def test_settings_are_read_from_variables_and_options() -> None:
    read = Settings.load(
        {
            "HOME": "/ignored",
            "STRONGROOM_ADMIN_KEY": "!" * 19 + "~",
            "STRONGROOM_SESSION_LIFETIME": "60",
            "STRONGROOM_PATH_PREFIX": "/a/b-c",
            "STRONGROOM_PUBLIC_URL": "https://vault.example.com/rooms/",
            "STRONGROOM_UPSTREAM_CA_FILE": "~/roots.pem",
            "STRONGROOM_PORT": "1",
        },
        {"data_dir": Path("~/x"), "port": 2, "host": None},
    )
    assert read.admin_key == Secret("!" * 19 + "~")
    assert read.session_lifetime == timedelta(seconds=60)
    assert (read.path_prefix, read.port, read.host) == ("/a/b-c", 2, "127.0.0.1")
    assert read.public_url == "https://vault.example.com/rooms"
    assert (read.data_dir, read.upstream_ca_file) == (Path.home() / "x", Path.home() / "roots.pem")
