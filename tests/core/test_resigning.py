"""Signing anew, judged by botocore: what it would have made with the real keys is what must come out."""

import hashlib
import time
from email.utils import formatdate
from urllib.parse import parse_qsl, quote

import pytest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.core.resigning import Resigning, find_signer
from strongroom.core.sigv4 import NOTHING_HASHED, Request
from tests.core import aws
from tests.core.aws import (
    REAL,
    REAL_WITH_TOKEN,
    STAND_INS,
    WITH_TOKEN,
    Still,
    StillOther,
    StillOtherQuery,
    StillS3,
    StillS3Query,
    anew,
    field,
    found,
    refused,
    signed,
)

URL = "https://bucket.example.com/"
_SEGMENT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=6)
_SAFE = "~!$'()*,;:@="  # characters that clients leave as they are, or do not


def hashed(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()


@st.composite
def urls(draw: st.DrawFn) -> str:
    """Paths with dots, doubled slashes and escapes; queries with repeated, empty, unsorted and escaped names."""
    segments = draw(st.lists(st.one_of(_SEGMENT, st.sampled_from(["", ".", "..", "a b", "ü", "a+b", "%"])), max_size=4))
    path = "/".join(quote(segment, safe=_SAFE) for segment in segments)
    names = st.one_of(st.sampled_from(["a", "a-b", "A", "list-type", ""]), _SEGMENT)
    pairs = draw(st.lists(st.tuples(names, st.one_of(st.none(), _SEGMENT)), max_size=4))
    query = "&".join(
        quote(name, safe="-_.~") + ("" if value is None else "=" + quote(value, safe="-_.~")) for name, value in pairs
    )
    return URL + path + ("?" + query if query else "")


_WORDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x17F, exclude_categories=("Cc", "Zs")), max_size=5)
_VALUES = st.lists(_WORDS, max_size=4).flatmap(
    lambda words: st.sampled_from([" ", "  ", "\t", " \t "]).map(lambda between: between.join(words))
)
_HEADERS = st.dictionaries(
    st.sampled_from(["x-amz-meta-a", "X-Amz-Meta-B", "Range", "Content-Type", "User-Agent"]), _VALUES, max_size=4
)


@settings(deadline=None)
@given(
    auth=st.sampled_from([StillS3, StillOther]),
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE"]),
    url=urls(),
    headers=_HEADERS,
    body=st.binary(max_size=40),
    token=st.booleans(),
)
def test_a_request_comes_out_as_if_its_client_had_had_the_real_keys(
    auth: type[Still], method: str, url: str, headers: dict[str, str], body: bytes, *, token: bool
) -> None:
    theirs = signed(auth, WITH_TOKEN if token else STAND_INS, method, url, headers=headers, body=body)
    wanted = signed(auth, REAL_WITH_TOKEN if token else REAL, method, url, headers=headers, body=body)
    resigning = found(theirs, token=token)
    assert resigning.verify(hashed(body))
    ours = anew(theirs, resigning)
    assert field(ours, "authorization") == field(wanted, "authorization")
    assert sorted(ours.fields) == sorted(wanted.fields)
    assert ours.target == wanted.target


@settings(deadline=None)
@given(auth=st.sampled_from([StillS3Query, StillOtherQuery]), url=urls(), token=st.booleans())
def test_a_presigned_url_comes_out_as_if_its_maker_had_had_the_real_keys(
    auth: type[Still], url: str, *, token: bool
) -> None:
    theirs = signed(auth, WITH_TOKEN if token else STAND_INS, "GET", url)
    wanted = signed(auth, REAL_WITH_TOKEN if token else REAL, "GET", url)
    resigning = found(theirs, token=token)
    assert resigning.verify(NOTHING_HASHED)
    ours = anew(theirs, resigning)
    assert _pairs(ours) == _pairs(wanted)
    assert ours.fields == wanted.fields


def _pairs(request: Request) -> list[tuple[str, str]]:
    return sorted(parse_qsl(request.target.partition(b"?")[2].decode(), keep_blank_values=True))


def test_a_signature_under_another_secret_is_not_verified() -> None:
    theirs = signed(StillS3, Credentials("srp_access0", "srp_other0"), "GET", URL)
    assert not found(theirs).verify(NOTHING_HASHED)


@pytest.mark.parametrize(
    "change",
    [
        lambda request: Request(method=b"PUT", target=request.target, fields=request.fields),
        lambda request: Request(method=request.method, target=b"/other", fields=request.fields),
        lambda request: Request(method=request.method, target=request.target + b"?acl", fields=request.fields),
        lambda request: Request(
            method=request.method,
            target=request.target,
            fields=[(name, b"other.example.com" if name == b"host" else value) for name, value in request.fields],
        ),
    ],
)
def test_a_request_that_was_changed_after_it_was_signed_is_not_verified(change: object) -> None:
    assert callable(change)
    theirs = change(signed(StillS3, STAND_INS, "GET", URL + "key"))
    assert not found(theirs).verify(NOTHING_HASHED)


def test_a_body_without_a_hash_in_the_head_is_verified_by_its_hash() -> None:
    theirs = signed(StillOther, STAND_INS, "POST", URL, body=b"{}", service="dynamodb")
    resigning = found(theirs)
    assert resigning.word is None
    assert not resigning.verify()
    assert not resigning.verify(hashed(b"{ }"))
    assert resigning.verify(hashed(b"{}"))


def test_nothing_is_signed_before_the_clients_signature_was_right() -> None:
    theirs = signed(StillS3, STAND_INS, "GET", URL)
    with pytest.raises(ValueError, match="not verified"):
        found(theirs).anew(theirs.method, theirs.target, theirs.fields)


def test_what_is_signed_is_what_is_sent_and_not_what_came() -> None:
    headers = {"Range": "bytes=0-9", "x-amz-meta-k": "srp_k"}
    theirs = signed(StillS3, STAND_INS, "GET", "https://bucket.example.com/k?v=1", headers=headers)
    resigning = found(theirs)
    assert resigning.verify(NOTHING_HASHED)
    kept = [(name, b"real" if name == b"x-amz-meta-k" else value) for name, value in theirs.fields if name != b"range"]
    changed = Request(method=b"GET", target=b"/k?v=2", fields=kept)
    ours = anew(changed, resigning)
    wanted = signed(StillS3, REAL, "GET", "https://bucket.example.com/k?v=2", headers={"x-amz-meta-k": "real"})
    assert field(ours, "authorization") == field(wanted, "authorization")


def test_a_token_is_added_and_signed_where_only_the_real_keys_have_one() -> None:
    theirs = signed(StillS3, STAND_INS, "GET", URL)
    resigning = found(theirs, token=True)
    assert resigning.verify(NOTHING_HASHED)
    wanted = signed(StillS3, REAL_WITH_TOKEN, "GET", URL)
    assert field(anew(theirs, resigning), "authorization") == field(wanted, "authorization")


def test_a_token_is_left_out_where_only_the_stand_ins_have_one() -> None:
    theirs = signed(StillS3, WITH_TOKEN, "GET", URL)
    resigning = found(theirs)
    assert resigning.verify(NOTHING_HASHED)
    ours = anew(theirs, resigning)
    assert field(ours, "x-amz-security-token") is None
    assert field(ours, "authorization") == field(signed(StillS3, REAL, "GET", URL), "authorization")


@pytest.mark.parametrize(
    ("path", "canonical"), [("/a%2fb", "/a/b"), ("/a+b", "/a%2Bb"), ("/%7Ea", "/~a"), ("/a:b", "/a%3Ab")]
)
def test_a_path_escaped_anew_by_its_signer_is_understood(path: str, canonical: str) -> None:
    """As clients do that write the canonical path from a decoded one."""
    theirs = signed(StillS3, STAND_INS, "GET", f"https://bucket.example.com{canonical}")
    sent = Request(method=theirs.method, target=path.encode(), fields=theirs.fields)
    assert found(sent).verify(NOTHING_HASHED)


@pytest.mark.parametrize(("length", "understood"), [(8000, True), (8200, False)])
def test_only_targets_of_a_usual_length_are_tried_in_other_forms(length: int, *, understood: bool) -> None:
    theirs = signed(StillS3, STAND_INS, "GET", f"https://bucket.example.com/{'k' * length}%2B")
    sent = Request(method=theirs.method, target=b"/" + b"k" * length + b"+", fields=theirs.fields)
    assert found(sent).verify(NOTHING_HASHED) is understood


def test_a_query_with_plus_for_a_space_is_understood_as_forms_mean_it() -> None:
    theirs = signed(StillS3, STAND_INS, "GET", "https://bucket.example.com/?prefix=a%20b")
    sent = Request(method=theirs.method, target=b"/?prefix=a+b", fields=theirs.fields)
    assert found(sent).verify(NOTHING_HASHED)


def test_the_date_field_counts_where_there_is_no_amz_date() -> None:
    theirs = signed(StillOther, STAND_INS, "GET", URL, headers={"Date": formatdate(0, usegmt=True)})
    assert field(theirs, "x-amz-date") is None
    assert found(theirs).verify(NOTHING_HASHED)


def test_a_request_signed_with_other_keys_is_none_of_ours() -> None:
    theirs = signed(StillS3, Credentials("AKIAOTHER", "x"), "GET", URL)
    assert find_signer({b"srp_access0": aws.signer()}, theirs) is None


def test_a_request_without_a_signature_is_none_of_ours() -> None:
    request = Request(method=b"GET", target=b"/", fields=[(b"authorization", b"Bearer srp_access0")])
    assert find_signer({b"srp_access0": aws.signer()}, request) is None


def _head(authorization: bytes, *more: tuple[bytes, bytes], target: bytes = b"/") -> Request:
    fields = [(b"host", b"h"), (b"x-amz-date", aws.MOMENT.encode()), (b"authorization", authorization), *more]
    return Request(method=b"GET", target=target, fields=fields)


_GOOD = (
    b"AWS4-HMAC-SHA256 Credential=srp_access0/20260102/r/s3/aws4_request, SignedHeaders=host, Signature=" + b"0" * 64
)
_QUERY = b"X-Amz-Algorithm=%b&X-Amz-Credential=srp_access0%%2F20260102%%2Fr%%2Fs3%%2Faws4_request"


@pytest.mark.parametrize(
    "request_",
    [
        _head(b"AWS srp_access0:AAAA="),
        _head(_GOOD.replace(b"HMAC-SHA256", b"ECDSA-P256-SHA256")),
        _head(_GOOD.replace(b"aws4_request", b"aws5_request")),
        _head(_GOOD.replace(b"=host,", b"=x-amz-date,")),
        _head(_GOOD.replace(b"=host,", b"=host;host,")),
        _head(_GOOD[:-1]),
        _head(_GOOD, (b"authorization", _GOOD)),
        _head(_GOOD, (b"x-amz-date", b"20260102T030405Z")),
        _head(_GOOD, (b"x-amz-content-sha256", b"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")),
        _head(_GOOD, (b"x-amz-content-sha256", b"STREAMING-AWS4-HMAC-SHA256-EVENTS")),
        _head(_GOOD, (b"x-amz-content-sha256", NOTHING_HASHED), (b"x-amz-content-sha256", NOTHING_HASHED)),
        _head(b"Basic AAAA", target=b"/?AWSAccessKeyId=srp_access0&Signature=x"),
        _head(b"Basic AAAA", target=b"/?" + _QUERY % b"AWS4-ECDSA-P256-SHA256"),
        _head(b"Basic AAAA", target=b"/?" + _QUERY % b"AWS4-HMAC-SHA256"),
        _head(_GOOD, target=b"/?" + _QUERY % b"AWS4-HMAC-SHA256"),
    ],
)
def test_what_cannot_be_signed_anew_is_refused_and_never_passed_over(request_: Request) -> None:
    assert "srp_" not in refused(request_).reason


@pytest.mark.parametrize(
    "made_to_cost",
    [
        _head(_GOOD, target=b"/?" + b"a&" * 30_000),
        _head(_GOOD, target=b"/" + b"%25" * 20_000),
        _head(
            _GOOD.replace(b"=host,", b"=" + b";".join(b"%d" % n for n in range(9000)) + b";host,"),
            *[(b"x", b"")] * 9000,
        ),
    ],
)
def test_a_request_made_to_be_costly_costs_little(made_to_cost: Request) -> None:
    began = time.process_time()
    assert not found(made_to_cost).verify(NOTHING_HASHED)
    assert time.process_time() - began < 0.5  # a hundredth of that on a quiet machine


def test_a_request_shows_nothing_of_the_keys() -> None:
    resigning = found(signed(StillS3, STAND_INS, "GET", URL))
    assert isinstance(resigning, Resigning)
    assert "real" not in repr(resigning.signer)
