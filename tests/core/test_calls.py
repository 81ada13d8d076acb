"""URLs that we call ourselves."""

import pytest

from strongroom.core.calls import ControlUrl
from strongroom.core.failures import Invalid


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("https://Auth.Example.com:443", ("https://auth.example.com", "/")),
        ("https://auth.example.com/a/../b/?x=/y", ("https://auth.example.com", "/a/../b/?x=/y")),
        ("https://auth.example.com?x=1/2", ("https://auth.example.com", "/?x=1/2")),
        ("https://[2001:DB8::1]:8443/t", ("https://[2001:db8::1]:8443", "/t")),
    ],
)
def test_a_url_is_kept_in_parts_and_its_target_as_it_was_written(text: str, parts: tuple[str, str]) -> None:
    found = ControlUrl.parse(text)
    assert (found.origin, found.target) == parts
    assert found.text == "".join(parts)


@pytest.mark.parametrize("text", ["http://a.example/", "https://u@a.example/", "https://a.example/#f", "/token"])
def test_a_url_that_is_not_absolute_https_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        ControlUrl.parse(text)
