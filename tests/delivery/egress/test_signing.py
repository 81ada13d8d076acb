"""Requests that were signed with placeholders: verified, signed anew over what is sent, and never sent otherwise."""

import hashlib
import re

import pytest
from botocore.credentials import Credentials

from strongroom.core.ids import CredentialId
from strongroom.core.sigv4 import Request, Scope
from strongroom.core.sigv4_chunks import LARGEST_CHUNK, Chain
from strongroom.core.surfaces import Surface
from strongroom.delivery.egress import Counters, Limits
from strongroom.delivery.egress import commands as do
from strongroom.delivery.egress.short_way import QuickConversation
from tests.core.aws import MOMENT, REAL, STAND_INS, Still, StillOther, StillS3, StillS3Query, signed, signer, wire
from tests.delivery.egress.doubles import BOTH, PLACEHOLDER, SECRET, STRAY, FixedDelivery, placement, swap
from tests.delivery.egress.talk import Talk, refused, reply
from tests.delivery.egress.test_holding import Slow

URL = "https://api.example.com"
SCOPE = Scope(b"20260102", b"eu-central-1", b"s3")


def delivery(**more: object) -> FixedDelivery:
    keys = signer(token=bool(more.pop("token", False)))
    strays = {part.placeholder: part.credential for part in keys.parts}
    strays |= {STRAY: CredentialId("vcrd_2")}
    return FixedDelivery(signers={b"srp_access0": keys}, strays=strays, **more)  # type: ignore[arg-type]


def sent(request: Request, body: bytes = b"", *more: bytes) -> bytes:
    """The request as its client sends it."""
    lines = [b"%b %b HTTP/1.1" % (request.method, request.target)]
    lines += [name + b": " + value for name, value in request.fields if name != b"content-length"]
    framing = list(more) or ([b"Content-Length: %d" % len(body)] if body else [])
    return b"\r\n".join([*lines, *framing, b"", b""]) + body


def heard(wire_: bytes) -> tuple[Request, bytes]:
    """What the upstream got: the request, and its body."""
    head, _, body = wire_.partition(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n")[0].split(b" ")
    fields = [tuple(line.split(b": ", 1)) for line in head.split(b"\r\n")[1:]]
    return Request(method=method, target=target, fields=[(name.lower(), value) for name, value in fields]), body


def right(
    request: Request, auth: type[Still], *, body: bytes = b"", service: str = "s3", keys: Credentials = REAL
) -> bool:
    """Tell whether botocore would have signed these very fields so, with the real keys."""
    said = dict(request.fields)[b"authorization"].decode()
    names = re.search("SignedHeaders=([^,]+)", said)
    assert names is not None
    chosen = {name.decode(): value.decode() for name, value in request.fields if name.decode() in names[1].split(";")}
    chosen.pop("x-amz-date", None)
    again = signed(
        auth, keys, request.method.decode(), URL + request.target.decode(), headers=chosen, body=body, service=service
    )
    return dict(again.fields)[b"authorization"].decode() == said


def test_a_signed_request_goes_out_signed_with_the_real_keys() -> None:
    talk = Talk(delivery()).tunnel().client(sent(signed(StillS3, STAND_INS, "GET", URL + "/k?list-type=2")))
    request, _ = heard(talk.heard_by_upstream())
    assert b"Credential=AKIAREALREALREAL0000/20260102/" in dict(request.fields)[b"authorization"]
    assert right(request, StillS3)
    assert (request.method, request.target) == (b"GET", b"/k?list-type=2")


def test_what_the_proxy_changes_is_what_is_signed() -> None:
    headers = {"x-amz-meta-k": PLACEHOLDER, "accept-encoding": "gzip", "Range": "bytes=0-4"}
    theirs = signed(StillS3, STAND_INS, "GET", URL + "/k", headers=headers)
    talk = Talk(delivery(swaps=(swap(frozenset({Surface.HEADER})),))).tunnel().client(sent(theirs))
    request, _ = heard(talk.heard_by_upstream())
    fields = dict(request.fields)
    assert (fields[b"x-amz-meta-k"], fields[b"accept-encoding"]) == (SECRET.encode(), b"identity")
    assert b"range" not in fields  # now a real secret may come back, in parts
    assert right(request, StillS3)


def test_a_range_is_kept_while_nothing_worth_anything_was_sent() -> None:
    theirs = signed(StillS3, STAND_INS, "GET", URL + "/k", headers={"Range": "bytes=0-4", "accept-encoding": "gzip"})
    talk = Talk(delivery()).tunnel()
    for _ in range(2):
        request, _ = heard(talk.client(sent(theirs)).heard_by_upstream())
        assert dict(request.fields)[b"range"] == b"bytes=0-4"
        assert dict(request.fields)[b"accept-encoding"] == b"identity"
        assert right(request, StillS3)
        part = reply(b"abcde", "Content-Range: bytes 0-4/9", "Content-Encoding: gzip", status="206 Partial Content")
        assert talk.upstream(part).heard_by_client() == part


def test_a_long_reply_keeps_its_length_and_shows_the_key_id_as_its_placeholder() -> None:
    talk = Talk(delivery()).tunnel().client(sent(signed(StillS3, STAND_INS, "GET", URL + "/")))
    body = REAL.access_key.encode() + b"-" * 200_000
    head, _, got = talk.upstream(reply(body)).heard_by_client().partition(b"\r\n\r\n")
    assert b"Content-Length: 200020" in head
    assert len(got) == len(body)
    assert got.startswith(b"srp_access0_________--")


def test_a_secret_that_is_sent_besides_is_scrubbed_as_ever() -> None:
    theirs = signed(StillS3, STAND_INS, "GET", URL + "/", headers={"x-amz-meta-k": PLACEHOLDER})
    talk = Talk(delivery(swaps=(swap(),))).tunnel().client(sent(theirs))
    got = talk.upstream(reply(SECRET.encode() + b"-" * 200_000)).heard_by_client()
    assert SECRET.encode() not in got
    assert PLACEHOLDER.encode() in got


@pytest.mark.parametrize("body", [b"hello", b""])
def test_a_signature_that_is_wrong_is_refused_and_nothing_is_dialled(body: bytes) -> None:
    theirs = signed(StillS3, Credentials("srp_access0", "guessed"), "PUT", URL + "/", body=body)
    talk = Talk(delivery()).tunnel().client(sent(theirs, body))
    assert refused(talk.heard_by_client())[:2] == (403, "signature_mismatch")
    assert talk.opened == []
    assert talk.counters.refused["signature_mismatch"] == 1  # type: ignore[index]


def test_a_signature_of_another_kind_is_refused_by_name() -> None:
    request = b"GET / HTTP/1.1\r\nHost: api.example.com\r\nAuthorization: AWS srp_access0:c2ln\r\n\r\n"
    talk = Talk(delivery()).tunnel().client(request)
    status, code, sentence = refused(talk.heard_by_client())
    assert (status, code) == (403, "signature_not_supported")
    assert "SigV2" in sentence
    assert talk.opened == []


def test_a_body_that_its_head_hashes_is_passed_on_as_it_comes_and_strays_in_it_are_reported() -> None:
    body = b"before " + STRAY.encode() + b" " + PLACEHOLDER.encode() + b" after"
    theirs = signed(StillS3, STAND_INS, "PUT", URL + "/k", body=body)
    keeper = delivery(swaps=(swap(BOTH),))
    whole = sent(theirs, body)
    talk = Talk(keeper).tunnel().client(whole[:-20])
    assert len(talk.to_upstream) > 0
    request, got = heard(talk.client(whole[-20:]).heard_by_upstream())
    assert got == body
    assert right(request, StillS3, body=body)
    assert {key[0].credential for key in keeper.meter._strays} == {"vcrd_1", "vcrd_2"}


def test_a_body_without_a_hash_is_gathered_and_goes_out_with_its_head() -> None:
    theirs = signed(StillOther, STAND_INS, "POST", URL + "/", body=b'{"a": 1}', service="dynamodb")
    whole = sent(theirs, b'{"a": 1}')
    talk = Talk(delivery()).tunnel().client(whole[:-1])
    assert talk.opened == []
    request, got = heard(talk.client(whole[-1:]).heard_by_upstream())
    assert got == b'{"a": 1}'
    assert right(request, StillOther, body=got, service="dynamodb")


def test_a_gathered_body_that_was_changed_is_refused() -> None:
    theirs = signed(StillOther, STAND_INS, "POST", URL + "/", body=b'{"a": 1}', service="dynamodb")
    talk = Talk(delivery()).tunnel().client(sent(theirs, b'{"a": 2}'))
    assert refused(talk.heard_by_client())[:2] == (403, "signature_mismatch")
    assert talk.to_upstream == b""


def test_a_gathered_body_in_chunks_goes_out_with_its_length() -> None:
    theirs = signed(StillOther, STAND_INS, "POST", URL + "/", body=b"ab", service="sqs")
    talk = Talk(delivery()).tunnel().client(sent(theirs, b"", b"Transfer-Encoding: chunked"))
    request, got = heard(talk.client(b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n").heard_by_upstream())
    assert (got, dict(request.fields)[b"content-length"]) == (b"ab", b"2")


@pytest.mark.parametrize("framing", [b"Content-Length: 11", b"Transfer-Encoding: chunked"])
def test_a_body_too_large_to_gather_is_refused(framing: bytes) -> None:
    limits = Limits(signed_request_bytes=10)
    theirs = signed(StillOther, STAND_INS, "POST", URL + "/", body=b"x" * 11, service="sqs")
    talk = Talk(delivery(), limits=limits).tunnel().client(sent(theirs, b"", framing))
    if b"chunked" in framing:
        talk.client(b"b\r\nxxxxxxxxxxx\r\n")
    assert refused(talk.heard_by_client())[:2] == (413, "too_large")
    assert talk.opened == []


def test_a_client_that_waits_for_a_hundred_gets_one() -> None:
    theirs = signed(StillOther, STAND_INS, "POST", URL + "/", body=b"{}", service="sqs")
    talk = Talk(delivery()).tunnel().client(sent(theirs, b"", b"Content-Length: 2", b"Expect: 100-continue"))
    assert talk.heard_by_client() == b"HTTP/1.1 100 Continue\r\n\r\n"
    request, got = heard(talk.client(b"{}").heard_by_upstream())
    assert (got, b"expect" in dict(request.fields)) == (b"{}", False)
    hashed = signed(StillS3, STAND_INS, "PUT", URL + "/", body=b"{}")
    talk = Talk(delivery()).tunnel().client(sent(hashed, b"", b"Content-Length: 2", b"Expect: 100-continue"))
    assert b"Expect: 100-continue" in talk.heard_by_upstream()


def test_a_presigned_target_goes_out_presigned_with_the_real_keys() -> None:
    theirs = signed(StillS3Query, STAND_INS, "GET", URL + "/k?versionId=1")
    keeper = delivery()
    talk = Talk(keeper).tunnel().client(sent(theirs))
    request, _ = heard(talk.heard_by_upstream())
    wanted = signed(StillS3Query, REAL, "GET", URL + "/k?versionId=1")
    assert sorted(request.target.split(b"&")) != sorted(theirs.target.split(b"&"))
    assert re.findall(rb"X-Amz-Signature=\w+", request.target) == re.findall(rb"X-Amz-Signature=\w+", wanted.target)
    assert keeper.meter._strays == {}


def test_a_signed_request_keeps_its_signature_where_a_bearer_would_be_added() -> None:
    theirs = signed(StillS3, STAND_INS, "GET", URL + "/mcp")
    talk = Talk(delivery(placements=(placement(),))).tunnel().client(sent(theirs))
    request, _ = heard(talk.heard_by_upstream())
    assert [name for name, _ in request.fields].count(b"authorization") == 1
    assert right(request, StillS3)


def test_a_request_that_is_sent_again_carries_the_same_signature() -> None:
    talk = Talk(delivery()).tunnel()
    talk.reuse = True
    first = talk.client(sent(signed(StillS3, STAND_INS, "GET", URL + "/"))).heard_by_upstream()
    assert talk.upstream_gone().heard_by_upstream() == first


def test_keys_that_changed_while_the_request_waited_sign_as_they_are_now() -> None:
    talk = Slow(delivery())
    talk.tunnel().client(sent(signed(StillOther, STAND_INS, "POST", URL + "/", body=b"{}", service="sqs"), b"{}"))
    talk.delivery.live.forget()
    keys = talk.delivery.signers[b"srp_access0"]
    talk.delivery.signers = {}
    talk.open()
    heard_then = talk.open().heard_by_upstream()
    assert REAL.access_key.encode() not in heard_then
    assert b"srp_access0" in heard_then  # the literal, as of any placeholder whose secret was revoked
    assert keys.secret_access_key.placeholder not in heard_then.decode()


def test_each_use_of_the_keys_is_counted() -> None:
    keeper = delivery()
    talk = Talk(keeper).tunnel()
    for _ in range(3):
        talk.client(sent(signed(StillS3, STAND_INS, "GET", URL + "/"))).upstream(reply())
    assert list(keeper.meter._uses.values()) == [3]


class Upload:
    """A body in signed chunks, on top of a request's signature."""

    def __init__(self) -> None:
        headers = {
            "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            "content-encoding": "aws-chunked",
            "x-amz-decoded-content-length": "10",
        }
        request = _StreamedS3.signed(headers)
        self.head = sent(request, b"", b"Transfer-Encoding: chunked")
        self.seed = re.search(rb"Signature=(\w+)", dict(request.fields)[b"authorization"])
        assert self.seed is not None
        self.chain = Chain(SCOPE.key(STAND_INS.secret_key), SCOPE, MOMENT.encode(), seed=self.seed[1])

    def chunk(self, payload: bytes) -> bytes:
        given = self.chain.chunk(hashlib.sha256(payload).hexdigest().encode())
        return framed(b"%x;chunk-signature=%b\r\n%b\r\n" % (len(payload), given, payload))


class _StreamedS3(StillS3):
    """Leaves the word for the body as it is given."""

    def _modify_request_before_signing(self, request: object) -> None:
        request.headers["X-Amz-Date"] = MOMENT  # type: ignore[attr-defined]

    @classmethod
    def signed(cls, headers: dict[str, str]) -> Request:
        return signed(cls, STAND_INS, "PUT", URL + "/k", headers=headers)


def framed(payload: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def unframed(body: bytes) -> bytes:
    out = b""
    while body:
        line, _, body = body.partition(b"\r\n")
        size = int(line, 16)
        out, body = out + body[:size], body[size + 2 :]
    return out


def test_chunks_are_signed_anew_one_by_one() -> None:
    upload = Upload()
    talk = Talk(delivery()).tunnel().client(upload.head)
    request, _ = heard(talk.heard_by_upstream())
    found = re.search(rb"Signature=(\w+)", dict(request.fields)[b"authorization"])
    assert found is not None
    chain = Chain(SCOPE.key(REAL.secret_key), SCOPE, MOMENT.encode(), seed=found[1])
    for payload in (b"first", b"two", b""):
        wanted = b"%x;chunk-signature=%b\r\n%b\r\n" % (
            len(payload),
            chain.chunk(hashlib.sha256(payload).hexdigest().encode()),
            payload,
        )
        piece = upload.chunk(payload)
        talk.client(piece[:-9])
        assert talk.share.gathered_bytes > 0
        got = talk.client(piece[-9:]).heard_by_upstream()
        assert unframed(got) == wanted
        assert talk.share.gathered_bytes == 0
    assert talk.client(b"0\r\n\r\n").heard_by_upstream() == b"0\r\n\r\n"


def test_a_chunk_that_is_not_what_was_signed_ends_the_request() -> None:
    upload = Upload()
    talk = Talk(delivery()).tunnel().client(upload.head)
    talk.heard_by_upstream()
    talk.client(upload.chunk(b"first").replace(b"first", b"fIrst"))
    assert refused(talk.heard_by_client())[:2] == (403, "signature_mismatch")
    assert talk.heard_by_upstream() == b""
    assert do.DropUpstream() in talk.done
    assert talk.share.gathered_bytes == 0


def test_a_chunk_beyond_the_bound_is_refused() -> None:
    upload = Upload()
    talk = Talk(delivery()).tunnel().client(upload.head)
    talk.client(framed(b"%x;chunk-signature=%b\r\n" % (LARGEST_CHUNK + 1, b"0" * 64)))
    assert refused(talk.heard_by_client())[:2] == (413, "too_large")


def test_a_body_that_ends_before_its_last_chunk_is_refused() -> None:
    upload = Upload()
    talk = Talk(delivery()).tunnel().client(upload.head + upload.chunk(b"first") + b"0\r\n\r\n")
    assert refused(talk.heard_by_client())[:2] == (403, "signature_mismatch")


def test_no_chunk_is_signed_once_the_plan_is_over() -> None:
    upload = Upload()
    talk = Talk(delivery()).tunnel().client(upload.head + upload.chunk(b"first"))
    talk.heard_by_upstream()
    talk.delivery.live.forget()
    talk.client(upload.chunk(b"second"))
    assert talk.heard_by_upstream() == b""
    assert refused(talk.heard_by_client())[:2] == (503, "unavailable")


def test_fields_are_read_as_they_stand_on_the_wire() -> None:
    theirs = signed(StillS3, STAND_INS, "GET", URL + "/", headers={"x-amz-meta-a": "a  b", "x-amz-meta-u": "ü"})
    request, _ = heard(Talk(delivery()).tunnel().client(sent(theirs)).heard_by_upstream())
    assert dict(request.fields)[b"x-amz-meta-a"] == b"a  b"
    assert right(request, StillS3)
    assert wire("GET", URL + "/", {"x-amz-meta-a": "a  b"}).fields[0] == (b"x-amz-meta-a", b"a  b")


def test_a_plan_that_may_have_to_sign_leaves_the_short_way_to_others() -> None:
    for keeper, quick in ((delivery(), False), (FixedDelivery(), True)):
        talk = Talk(keeper)
        talk.conversation = conversation = QuickConversation(limits=Limits(), counters=Counters())
        talk.tunnel()
        begun = conversation.begin_at_once(sent(signed(StillS3, STAND_INS, "GET", URL + "/")))
        assert (begun is not None) is quick
