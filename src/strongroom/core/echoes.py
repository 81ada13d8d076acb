"""The forms in which an upstream is likely to echo a text back.

Raw, escaped as JSON, HTML, XML or a literal of a program, percent-encoded, each as the common libraries
write it, and base64 at any of the three alignments, in both alphabets. Then the forms of forms: a service
that shows the body it got inside JSON of its own escapes the escapes, one that puts it into a URL
percent-encodes them, one that hands it on as bytes writes base64 of them. A text of letters and digits has
few distinct forms; the others cost only where the text has characters that need escaping.

What is echoed may be not quite what was sent: HTTP has blanks around a field's value trimmed, and to most
servers its fields are of ISO 8859-1, which makes two characters or more of one that is not of ASCII.
"""

import base64
import html
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import quote, quote_plus

_LEAST_TRIMMED = 8  # what is left of a shorter one may stand anywhere
_MIN_BASE64 = 4  # fewer digits say too little and occur by chance
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _units(chars: str, digits: str = "x") -> dict[int, str]:
    return {ord(char): f"\\u{ord(char):04{digits}}" for char in chars}


_GO_JSON = _units("<>&\u2028\u2029")
_GSON = _units("<>&='\u2028\u2029")
_FOR_HTML = _units("<>&'")  # Flask, and Jinja's `tojson`
_PHP_FOR_HTML = _units("<>&'", "X")  # Laravel, and whoever else asks for `JSON_HEX_…`
_DOTNET_JSON = _units("<>&'+`\x7f", "X")
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|.)")

_QUOTES = (
    ("&quot;", "&#x27;"),  # Python
    ("&quot;", "&#39;"),  # PHP, Ruby, Django
    ("&#34;", "&#39;"),  # Go, Jinja
    ("&quot;", "&apos;"),  # XML
    ("&quot;", "'"),
    ('"', "'"),
)
_HANDLEBARS = str.maketrans({'"': "&quot;", "'": "&#x27;", "`": "&#x60;", "=": "&#x3D;"})
_GO_TEMPLATE = str.maketrans({'"': "&#34;", "'": "&#39;", "+": "&#43;"})
_RAZOR = str.maketrans({'"': "&quot;", "'": "&#x27;", "+": "&#x2B;"})
_MUSTACHE = _HANDLEBARS | str.maketrans({"'": "&#39;", "/": "&#x2F;"})


def echoes(text: str) -> Iterator[bytes]:
    """Yield every form, some of them more than once."""
    text = _trimmed(text)
    for received in dict.fromkeys((text, *_received(text))):
        yield from _forms(received)
    if not text.isascii():
        with suppress(UnicodeEncodeError):
            latin = text.encode("latin-1")
            yield latin
            yield quote(latin, safe="").encode()


def _trimmed(text: str) -> str:
    """Return what is to be looked for: blanks around it stay where they are echoed, and are no secret."""
    trimmed = text.strip()
    return trimmed if len(trimmed) >= _LEAST_TRIMMED else text


def _received(text: str) -> Iterator[str]:
    """Yield what a server may have got instead of a text."""
    if "\n" in text:
        lines = text.replace("\r\n", "\n")
        yield lines
        yield lines.replace("\n", "\r\n")  # as forms are sent
    if not text.isascii():
        yield text.encode().decode("latin-1")


def _forms(text: str) -> Iterator[bytes]:
    once = dict.fromkeys((text, *_json(text), *_html(text), *_percent(text), *_literals(text)))
    for written in once:
        yield written.encode()
    yield from _every_byte(text.encode())
    sent = dict.fromkeys((text, *_plain_json(text), quote(text, safe=""), quote_plus(text)))  # as a body may hold it
    for written in sent:
        yield from _base64(written.encode())
        for again in (*_plain_json(written), quote(written, safe=""), quote_plus(written), *_literals(written)):
            yield again.encode()


def _literals(text: str) -> Iterator[str]:
    """Yield what is between the quotes where a program shows what it got: Python, whose quotes depend on the text."""
    for written in (repr(text)[1:-1], repr(text.encode())[2:-1]):
        yield written
        yield written.replace("\\'", "'")
        yield written.replace("\\'", "'").replace("'", "\\'")


def _plain_json(text: str) -> Iterator[str]:
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]


def _json(text: str) -> Iterator[str]:
    for escaped in _plain_json(text):
        yield escaped
        yield escaped.replace("/", "\\/")  # PHP
        for table in (_GO_JSON, _GSON, _FOR_HTML):
            yield escaped.translate(table)
        quoted = escaped.replace('\\"', "\\u0022").translate(_PHP_FOR_HTML)
        yield quoted
        yield quoted.replace("/", "\\/")
    escaped = json.dumps(text)[1:-1]
    yield _upper_units(escaped)
    yield _upper_units(escaped.replace('\\"', "\\u0022").translate(_DOTNET_JSON))
    yield from _every_unit(text)


def _upper_units(escaped: str) -> str:
    return _ESCAPE.sub(lambda found: f"\\u{found[1].upper()}" if found[1] else found[0], escaped)


def _every_unit(text: str) -> Iterator[str]:
    """Escaped without exception, as any character of a JSON text may be (RFC 8259 7)."""
    digits = text.encode("utf-16-be", "surrogatepass").hex(" ", 2)
    for each in (digits, digits.upper()):
        yield "\\u" + each.replace(" ", "\\u")


def _html(text: str) -> Iterator[str]:
    escaped = html.escape(text, quote=False)
    for double, single in _QUOTES:
        yield escaped.replace('"', double).replace("'", single)
    for table in (_HANDLEBARS, _MUSTACHE, _GO_TEMPLATE, _RAZOR):
        yield escaped.translate(table)


def _percent(text: str) -> Iterator[str]:
    for written in (
        quote(text, safe=""),
        quote(text),
        quote(text, safe="!'()*"),  # JavaScript
        quote(text, safe="$&+=:@"),  # Go, in a path
        quote(text, safe=";,/?:@&=+$#!'()*"),  # JavaScript, of a whole URL
        quote(text, safe="!$%&()*+,/:;=?@[\\]^`{|}"),  # the URL Standard, in a query
        quote(text, safe="!$%&'()*+,/:;=@[\\]^|"),  # and in a path
        quote(text.replace("\\", "/"), safe="!$%&'()*+,/:;=@[]^|"),  # where a backslash is taken for a slash
        quote(text, safe="@*+/").replace("~", "%7E"),  # JavaScript's `escape`
        quote_plus(text),
        quote_plus(text, safe="*").replace("~", "%7E"),  # Java, and forms as browsers write them
    ):
        yield written
        yield _lower_escapes(written)


def _lower_escapes(percent: str) -> str:
    head, *escapes = percent.split("%")
    return "%".join([head, *(escape[:2].lower() + escape[2:] for escape in escapes)])


def _every_byte(raw: bytes) -> Iterator[bytes]:
    """Percent-encoded without exception, as a URL may be written (RFC 3986 2.1)."""
    digits = raw.hex("%")
    for each in (digits, digits.upper()):
        yield f"%{each}".encode()


def _base64(raw: bytes) -> Iterator[bytes]:
    for shift in range(3):
        digits = _own_digits(raw, shift)
        if len(digits) >= _MIN_BASE64:
            yield digits
            yield digits.translate(_URL_SAFE)
            percent = quote(digits, safe="")
            yield percent.encode()
            yield _lower_escapes(percent).encode()
            yield digits.replace(b"/", b"\\/")  # base64 inside the JSON of PHP
            yield digits.replace(b"+", b"\\u002B")  # and of .NET


def _own_digits(raw: bytes, shift: int) -> bytes:
    """Return the base64 digits that depend on `raw` alone when `shift` bytes stand before it."""
    digits = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
    first = (0, 2, 3)[shift]  # digits shared with the bytes before
    shared_after = (shift + len(raw)) % 3 != 0  # the last digit also carries bits of what follows
    return digits[first : len(digits) - shared_after]
