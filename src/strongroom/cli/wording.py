"""From the API's names of fields to what was typed: `hosts.0: must be ...` becomes `--host a.test/: must be ...`.

A command says which of its options became which fields; a sentence of the server that begins with
one of those fields is then about the option. Values are repeated from lists alone, where the
number of an entry would tell nobody which one is meant; no list holds secrets.
"""

import re
from collections.abc import Mapping

Words = Mapping[str, str]
"""Fields as dotted paths, and what to call them."""

_MOST_SHOWN = 64


def as_typed(sentence: str, body: object, words: Words) -> str:
    """Return the server's sentence with every field that `words` names called by its option."""
    if not words:
        return sentence
    fields = "|".join(re.escape(field) for field in sorted(words, key=len, reverse=True))
    problem = re.compile(rf"(?:(?<=^)|(?<=; ))({fields})((?:\.[^:; ]+)*): ")

    def typed(found: re.Match[str]) -> str:
        inner = found[2].removeprefix(".")
        entry = _entry(body, found[1], inner) if inner.isdecimal() else inner
        shown = f" {entry}" if entry and f" {entry}" not in sentence[found.end() :] else ""
        return f"{words[found[1]]}{shown}: "

    return problem.sub(typed, sentence)


def _entry(body: object, field: str, number: str) -> str:
    here = body
    for name in field.split("."):
        here = here.get(name) if isinstance(here, Mapping) else None
    if not isinstance(here, list) or int(number) >= len(here):
        return ""
    return str(here[int(number)])[:_MOST_SHOWN]
