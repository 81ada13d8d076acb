"""Where events may be sent, what an answer means, and how long to wait."""

from datetime import timedelta
from itertools import pairwise

import pytest

from strongroom.core.failures import Invalid
from strongroom.core.webhooks import ATTEMPTS, Accepted, Ended, Failed, Receiver, Unfit, judge, wait_after


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("https://hooks.example.com", "/"),
        ("https://hooks.example.com:443/a/../b%2f/?x=%41+b&c", "/a/../b%2f/?x=%41+b&c"),
        ("https://hooks.example.com?x=1/2", "/?x=1/2"),
        ("HTTPS://Hooks.Example.com/A", "/A"),
    ],
)
def test_a_url_is_asked_for_byte_for_byte_as_it_was_registered(text: str, target: str) -> None:
    receiver = Receiver.parse(text)
    assert receiver.url.target == target
    assert receiver.url.destination.authority == "hooks.example.com"
    assert receiver.url.is_ordinary


@pytest.mark.parametrize(
    "text",
    [
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "//hooks.example.com/",
        "https://user:password@hooks.example.com/",
        "https://hooks.example.com/#fragment",
        "https://hooks.example.com/\nx",
        "https:///path",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:8443/",
        "https://127.1/",
        "https://hooks.example.com/" + "a" * 2048,
    ],
)
def test_anything_but_https_on_port_443_is_refused_by_field(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        Receiver.parse(text)
    assert caught.value.field == "url"
    assert "password" not in str(caught.value)


def test_what_the_operator_opened_may_be_on_another_port_or_plain_http() -> None:
    other = Receiver.parse("https://hooks.example.com:8443/", other_ports=True)
    assert not other.url.is_ordinary
    assert not Receiver.parse("http://hooks.example.com/", other_ports=True, insecure=True).url.is_ordinary
    with pytest.raises(Invalid):
        Receiver.parse("http://hooks.example.com/", other_ports=True)


def test_an_answer_means_done_again_or_never() -> None:
    assert judge(204) == Accepted(204)
    for status in (400, 404, 410, 429, 500, 503):
        assert judge(status) == Failed(f"answered {status}", status)
    for status in (301, 302, 307, 308, 304):
        unfit = judge(status)
        assert isinstance(unfit, Unfit)
        assert (unfit.why, unfit.status) == (Ended.REDIRECTED, status)


def test_waits_grow_and_stay_between_5_and_120_seconds() -> None:
    bounds = [[wait_after(attempt, chance) for chance in (b"\0" * 4, b"\xff" * 4)] for attempt in range(1, ATTEMPTS)]
    assert bounds[0][0] == timedelta(seconds=5)
    assert bounds[-1][1] <= timedelta(seconds=120)
    for (least, most), (next_least, _) in pairwise(bounds):
        assert least < most <= next_least
