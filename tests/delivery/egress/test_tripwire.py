"""A placeholder where it does not belong: a literal on its way and an event, or a 403 and the same event."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.surfaces import Surface
from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress.refusals import Code
from tests.delivery.egress.doubles import HEADER, PLACEHOLDER, SECRET, STRAY, FixedDelivery, swap
from tests.delivery.egress.talk import AUTHORIZED, Talk, reply, request

BASIC = base64.b64encode(f"user:{STRAY}".encode()).decode()


def strict(*, refuses: bool = True) -> FixedDelivery:
    """A session with a secret for headers here, and one that does not belong here at all."""
    return FixedDelivery(swaps=(swap(HEADER),), refuses_strays=refuses)


def code_of(heard: bytes) -> str:
    head, _, body = heard.partition(b"\r\n\r\n")
    assert b"HTTP/1.1 403 Forbidden" in head
    assert STRAY.encode() not in heard
    assert PLACEHOLDER.encode() not in heard
    return str(json.loads(body)["error"]["code"])


async def events(delivery: FixedDelivery) -> list[tuple[object, object]]:
    await delivery.meter.flush()
    return [(record.facts["surface"], record.facts["answer"]) for record in delivery.ledger.records]


PLACES = [
    pytest.param(request("/", f"X-Key: {STRAY}"), Surface.HEADER, id="header"),
    pytest.param(request("/", f"Authorization: Basic {BASIC}"), Surface.HEADER, id="basic"),
    pytest.param(request(f"/a/{STRAY}/b"), Surface.PATH, id="path"),
    pytest.param(request(f"/?key={STRAY}"), Surface.QUERY, id="query"),
    pytest.param(request(f"/?key={PLACEHOLDER}"), Surface.QUERY, id="wrong-surface"),
    pytest.param(request("/", f"{STRAY}: x"), Surface.HEADER, id="field-name"),
    pytest.param(request("/", f"Content-Type: {STRAY}/json"), Surface.HEADER, id="content-type"),
    pytest.param(request("/", f"Range: {STRAY}"), Surface.HEADER, id="range"),
    pytest.param(request("/", method="POST", body=STRAY.encode()), Surface.BODY, id="body"),
    pytest.param(request("/", method="POST", body=f'{{"k": "{PLACEHOLDER}"}}'.encode()), Surface.BODY, id="json"),
]


@pytest.mark.parametrize(("sent", "surface"), PLACES)
async def test_where_the_environment_asks_for_it_a_stray_is_refused_and_reported(sent: bytes, surface: Surface) -> None:
    talk = Talk(strict()).tunnel().client(sent)
    assert code_of(talk.heard_by_client()) == "placeholder_not_allowed"
    assert talk.heard_by_upstream() == b""
    assert do.DropUpstream() in talk.done
    assert talk.counters.refused[Code.PLACEHOLDER_NOT_ALLOWED] == 1
    assert await events(talk.delivery) == [(surface, "refused")]
    assert [(row.code, row.host, row.count) for row in talk.delivery.refusals.rows] == [
        ("placeholder_not_allowed", "api.example.com", 1)
    ]


async def test_where_it_does_not_a_stray_goes_out_as_it_is_and_is_reported() -> None:
    talk = Talk(strict(refuses=False)).tunnel()
    talk.client(request(f"/?q={STRAY}", f"X-Key: {STRAY}", method="POST", body=STRAY.encode()))
    assert talk.heard_by_upstream().count(STRAY.encode()) == 3
    assert set(await events(talk.delivery)) == {
        (Surface.QUERY, "sent"),
        (Surface.HEADER, "sent"),
        (Surface.BODY, "sent"),
    }


@given(
    before=st.binary(max_size=40), sizes=st.lists(st.integers(1, 40), min_size=1, max_size=12), chunked=st.booleans()
)
def test_for_any_cut_of_a_body_nothing_of_the_stray_reaches_the_upstream(
    before: bytes, sizes: list[int], chunked: bool
) -> None:
    talk = Talk(strict()).tunnel()
    body = before.replace(b"srp_", b"") + STRAY.encode() + b" and more"
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    talk.client(request("/", framing, method="POST"))
    while body:
        size = sizes.pop(0) if sizes else len(body)
        piece, body = body[:size], body[size:]
        talk.client(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
    assert code_of(talk.heard_by_client()) == "placeholder_not_allowed"
    heard = talk.heard_by_upstream()
    assert b"srp_" not in heard
    assert do.DropUpstream() in talk.done
    assert (do.CloseClient(linger=True) in talk.done) or not (chunked or body)


def test_after_a_refused_head_the_connection_goes_on() -> None:
    talk = Talk(strict()).tunnel().client(request("/", f"X-Key: {STRAY}"))
    assert code_of(talk.heard_by_client()) == "placeholder_not_allowed"
    talk.client(request("/", f"X-Key: {PLACEHOLDER}"))
    assert SECRET.encode() in talk.heard_by_upstream()
    assert talk.upstream(reply()).heard_by_client().startswith(b"HTTP/1.1 200 OK")


def test_hosts_for_which_the_session_holds_nothing_are_watched_too() -> None:
    delivery = FixedDelivery(refuses_strays=True)
    talk = Talk(delivery).client(
        f"GET http://other.example/?k={STRAY} HTTP/1.1\r\nHost: other.example\r\n".encode() + AUTHORIZED + b"\r\n"
    )
    assert code_of(talk.heard_by_client()) == "placeholder_not_allowed"
    assert talk.heard_by_upstream() == b""


def test_the_sentence_names_credential_host_and_place() -> None:
    heard = Talk(strict()).tunnel().client(request(f"/?k={STRAY}")).heard_by_client()
    sentence = json.loads(heard.partition(b"\r\n\r\n")[2])["error"]["message"]
    assert sentence.startswith("the placeholder of credential vcrd_2 does not belong in the query of a request to api.")


def test_a_plan_that_is_over_refuses_nothing_more() -> None:
    """The literal of a revoked credential goes out: it is no misuse."""
    delivery = strict()
    talk = Talk(delivery).tunnel().client(request("/", "Content-Length: 100", method="POST"))
    delivery.live.forget()
    talk.client(STRAY.encode() + b"!" * 68)
    assert STRAY.encode() in talk.heard_by_upstream()
