"""The server's names of fields become what was typed."""

import pytest

from strongroom.cli.wording import as_typed

BODY = {
    "name": "n",
    "hosts": ["a.test", "b c"],
    "config": {"networking": {"allowed_hosts": ["x/y"]}},
    "value": "s3cret",
}
WORDS = {
    "name": "NAME",
    "hosts": "--host",
    "config.networking.allowed_hosts": "--host",
    "metadata": "--metadata",
    "value": "the secret",
}


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ("name: must not be empty", "NAME: must not be empty"),
        ("hosts.1: must be a host", "--host b c: must be a host"),
        ("hosts.1: nothing is named b c", "--host: nothing is named b c"),
        ("hosts.7: must be a host", "--host: must be a host"),
        ("hosts: must have entries", "--host: must have entries"),
        ("config.networking.allowed_hosts.0: must be a host", "--host x/y: must be a host"),
        ("metadata.plan: must be short", "--metadata plan: must be short"),
        ("value: must be short", "the secret: must be short"),
        ("name: is required; hosts.0: is bad", "NAME: is required; --host a.test: is bad"),
        ("nothing of the kind", "nothing of the kind"),
        ("the name: is inside", "the name: is inside"),
        ("names: is another field", "names: is another field"),
    ],
)
def test_a_field_is_called_what_was_typed(said: str, typed: str) -> None:
    assert as_typed(said, BODY, WORDS) == typed


def test_without_words_and_without_a_body_nothing_breaks() -> None:
    assert as_typed("hosts.0: x", None, {}) == "hosts.0: x"
    assert as_typed("hosts.0: x", None, WORDS) == "--host: x"
