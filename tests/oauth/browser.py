"""A person's browser as a program, for whoever opens one: `consents URL` or `denies URL`.

It goes where it is sent in the end, as a browser does, and leaves what it saw there in a file, if one is named.
"""

import sys
from pathlib import Path

import httpx

from tests.oauth.stage import Person


def main(does: str, seen: str, url: str) -> None:
    person = Person()
    end = person.consents(url) if does == "consents" else person.denies(url)
    person.close()
    Path(seen).write_text(httpx.get(end, trust_env=False, timeout=60).text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
