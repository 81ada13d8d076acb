"""Websites with a login, and such as would like to have it: real servers on loopback, which remember what they got."""

import base64
import hmac
import html
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from strongroom.core.overriding import override

USER = "ada@example.com"
PASSWORD = "correct horse/battery+staple&§"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PERIOD = 600
KEY = f"otpauth://totp/Example:ada?secret={SEED}&period={PERIOD}"
"""Codes that last long: no test waits for the next one, and none comes too late."""

LISTENER = """
<script>
  window.heard = [];
  for (const kind of ["input", "change", "keydown", "keypress", "keyup", "beforeinput", "paste", "submit", "focusin"])
    document.addEventListener(kind, (event) => {
      const values = [...document.querySelectorAll("input")].map((input) => input.value);
      window.heard.push([kind, event.data ?? event.key ?? "", ...values].join("|"));
    }, true);
</script>
"""
"""Listens to everything that happens on the page, and reads every field each time."""


def code_at(seconds: float) -> str:
    """RFC 6238, written anew: the site does not ask us what is right."""
    counter = int(seconds // PERIOD).to_bytes(8)
    mac = hmac.digest(base64.b32decode(SEED), counter, "sha1")
    start = mac[-1] & 15
    return str((int.from_bytes(mac[start : start + 4]) & 0x7FFFFFFF) % 1_000_000).zfill(6)


STYLE = """
<style>
  body { font: 16px sans-serif; margin: 3em; max-width: 24em }
  label { display: block; margin: 1em 0 .2em }
  input { font: inherit; padding: .4em; width: 100%; box-sizing: border-box }
  .box { width: 2.2em; text-align: center }
  button { margin-top: 1em }
</style>
"""


def page(body: str) -> str:
    return f"<!doctype html><meta charset=utf-8><title>Example</title>{STYLE}{LISTENER}{body}"


def login_form(action: str = "/login", extra: str = "") -> str:
    return page(
        f"<h1>Sign in</h1><form method=post action='{action}'>"
        "<label for=user>User name</label><input id=user name=user autocomplete=username>"
        f"<label for=pass>Password</label><input id=pass name=pass type=password {extra}>"
        "<button type=submit>Sign in</button></form>"
    )


CODE_FORM = page(
    "<h1>Enter your code</h1><form method=post action=/code>"
    "<label for=code>Code</label><input id=code name=code autocomplete=one-time-code maxlength=6 pattern='[0-9]{6}'>"
    "<button>Go on</button></form>"
)
BOXES_FORM = page(
    "<h1>Enter your code</h1><form method=post action=/code>"
    + "".join(f"<input class=box name=digit{n} aria-label='Digit {n}' maxlength=1 inputmode=numeric>" for n in range(6))
    + "<button>Go on</button></form>"
)
STEPS_FORM = page(
    """<h1>Sign in</h1><form id=first><input id=user type=email name=email><button>Next</button></form>
    <script>
      let email;
      first.onsubmit = (event) => {
        event.preventDefault();
        email = first.email.value;
        first.outerHTML = "<form id=second><input type=password name=pass><button>Go</button></form>";
        second.onsubmit = async (event) => {
          event.preventDefault();
          await fetch("/login.json", {
            method: "POST",
            headers: {"content-type": "application/json"},
            body: JSON.stringify({email, pass: second.pass.value}),
          });
          location = "/welcome";
        };
      };
    </script>"""
)
"""Asks for one thing after the other, and sends JSON."""


@dataclass
class Site:
    """One origin. `pages` by path; `posted` is what came, in order."""

    host: str = "127.0.0.1"
    port: int = 0
    second_step: str = "/code"
    posted: list[tuple[str, str]] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Callable[[str], tuple[int, dict[str, str], str]]] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)

    @property
    def origin(self) -> str:
        return f"http://{self.host}:{self.port}"

    def got(self, path: str) -> list[dict[str, str]]:
        """The forms that were posted to a path."""
        forms = [parse_qs(body, keep_blank_values=True) for where, body in self.posted if where == path]
        return [{name: values[0] for name, values in form.items()} for form in forms]

    def get(self, path: str) -> tuple[int, dict[str, str], str]:
        known = {"/login": login_form(), "/code": CODE_FORM, "/boxes": BOXES_FORM, "/steps": STEPS_FORM}
        known |= {"/welcome": page("<h1>Welcome, Ada</h1>"), **self.pages}
        return (200, {}, known[path]) if path in known else (404, {}, "nothing here")

    def post(self, path: str, body: str) -> tuple[int, dict[str, str], str]:
        self.posted.append((path, body))
        if path in self.answers:
            return self.answers[path](body)
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if path == "/login":
            right = (form.get("user"), form.get("pass")) == (USER, PASSWORD)
            return _go(self.second_step) if right else (200, {}, page(f"<p>Wrong: {html.escape(str(form))}</p>"))
        if path == "/code":
            code = form.get("code") or "".join(form.get(f"digit{n}", "") for n in range(6))
            now = time.time()
            right = code in {code_at(now), code_at(now - PERIOD)} and code not in self.codes
            self.codes.add(code)
            return _go("/welcome") if right else (200, {}, page(f"<p>Wrong code {html.escape(code)}</p>"))
        return 200, {}, page("<h1>Thanks</h1>")


def _go(path: str) -> tuple[int, dict[str, str], str]:
    return 303, {"location": path}, ""


@contextmanager
def running(site: Site) -> Iterator[Site]:
    """Serve a site on a free port."""

    class Handler(BaseHTTPRequestHandler):
        @override
        def log_message(self, *_: Any) -> None:  # noqa: ANN401 - what the library says
            pass

        def do_GET(self) -> None:
            self.answer(*site.get(self.path.partition("?")[0]))

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            self.answer(*site.post(self.path, self.rfile.read(length).decode()))

        def answer(self, status: int, headers: dict[str, str], text: str) -> None:
            body = text.encode()
            self.send_response(status)
            for name, value in {"content-type": "text/html; charset=utf-8", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join(10)
