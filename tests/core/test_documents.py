"""JSON that others wrote."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.core.calls import Reply
from strongroom.core.documents import Document
from strongroom.core.failures import BadReply
from strongroom.core.secret import Secret


def document(**fields: object) -> Document:
    return Document("the document", fields)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>sign in</html>", b"[]", b'"text"', b"\xff\xfe", b"[" * 100_000, b'{"a": 1', b"9" * 5000],
    ids=["empty", "html", "list", "text", "no-utf8", "deep", "cut", "number"],
)
def test_what_is_no_object_is_refused_without_repeating_it(body: bytes) -> None:
    with pytest.raises(BadReply) as refused:
        Document.read(Reply(status=200, body=body), "the document at https://as.test")
    assert str(refused.value).startswith("the document at https://as.test is not ")
    assert refused.value.__cause__ is None


def test_a_document_that_was_cut_off_is_refused() -> None:
    with pytest.raises(BadReply, match="larger than 64 KiB"):
        Document.read(Reply(status=200, body=b"{}", truncated=True), "the document")


def test_fields_have_the_type_that_they_must_have_or_the_document_is_refused() -> None:
    wrong = document(text=1, empty="", long="a" * 3000, control="a\nb", texts=["a", 1], seconds=-1, flag="true")
    for read in (
        lambda: wrong.text("text"),
        lambda: wrong.text("empty"),
        lambda: wrong.text("long"),
        lambda: wrong.text("control"),
        lambda: wrong.texts("texts"),
        lambda: wrong.texts("flag"),
        lambda: wrong.seconds("seconds"),
        lambda: wrong.seconds("flag"),
        lambda: wrong.required("missing"),
        lambda: wrong.secret("long", most=8),
    ):
        with pytest.raises(BadReply):
            read()
    assert not wrong.flag("flag")


def test_what_is_missing_is_none() -> None:
    empty = document(other=None)
    assert (empty.text("other"), empty.texts("x"), empty.seconds("x"), empty.secret("x", most=9)) == (None,) * 4
    assert empty.url("x", insecure=False) is None
    assert not empty.flag("x")


@pytest.mark.parametrize(("written", "seconds"), [(3600, 3600), ("3600", 3600), (59.9, 59), (0, 0)])
def test_seconds_are_read_as_servers_write_them(written: object, seconds: int) -> None:
    assert document(expires_in=written).seconds("expires_in") == seconds


def test_a_secret_is_never_text_and_fits_into_a_header() -> None:
    assert document(token="abc").secret("token", most=8192) == Secret("abc")
    for value in ("töken", "a\r\nb", "a\0"):
        with pytest.raises(BadReply) as refused:
            document(token=value).secret("token", most=8192)
        assert value not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://as.test/token",
        "javascript:alert(1)",
        "//as.test/",
        "https://user:pw@as.test/",
        "https://as.test/#x",
        "x",
    ],
)
def test_a_url_that_is_not_plain_https_is_refused_by_name_and_not_repeated(url: str) -> None:
    with pytest.raises(BadReply, match="token_endpoint in the document cannot be used") as refused:
        document(token_endpoint=url).required_url("token_endpoint", insecure=False)
    assert url not in str(refused.value)


def test_plain_http_is_for_deployments_that_enable_it() -> None:
    assert document(u="http://as.test/t").required_url("u", insecure=True).text == "http://as.test/t"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner)
       | st.dictionaries(st.text(), inner), max_leaves=20))  # fmt: skip
def test_any_json_gives_values_or_the_one_failure(value: object) -> None:
    body = json.dumps({"field": value}).encode()
    read = Document.read(Reply(status=200, body=body), "it")
    for look in (read.text, read.texts, read.seconds, read.flag, read.required):
        try:
            look("field")
        except BadReply:
            continue
