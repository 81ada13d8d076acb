"""Where audit chains come from: the server, page by page, or a file that was exported from it.

An exported file is JSON lines: for each chain its head, then its entries in order. Each head also
says how many chains the file holds, so that one which was left out shows.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from strongroom.cli.client import Client, Json, path
from strongroom.cli.complaint import Complaint
from strongroom.cli.entries import Garbled, Verdict, check, read_head

T = TypeVar("T")

AUDIT = path("strongroom", "v1", "audit")
PAGE = 1000

Progress = Callable[[int], None]
"""Told how many entries have come in."""


def heads(client: Client) -> list[Json]:
    """Return how long each chain is that the key may read, and how it ends."""
    found: list[Json] = client.get(AUDIT + path("chains"))["data"]
    return found


def of_server(client: Client, organization: str, entries: int) -> Iterator[Json]:
    """Return a chain's first entries; what was written after its head was read is left out."""
    after = 0
    while after < entries:
        limit = min(PAGE, entries - after)
        page: list[Json] = client.get(AUDIT, organization_id=organization, after=after, limit=limit)["data"]
        if not page:
            return
        yield from page
        after += len(page)


def verify_server(client: Client, progress: Progress) -> list[Verdict]:
    """Fetch every chain that the key may read and check it here. Raises `Complaint` for answers that are none."""
    verdicts = []
    for given in heads(client):
        try:
            organization, head = read_head(given)
        except Garbled as garbled:
            raise Complaint(f"{client.server} sent no audit chain: {garbled}") from None
        verdicts.append(check(organization, head, _told(of_server(client, organization, head.entries), progress)))
    return verdicts


def verify_file(file: Path, progress: Progress) -> list[Verdict]:
    """Check an exported file, with nothing but the file. Raises `Complaint` for one that is empty."""
    verdicts = []
    promised = set[object]()
    for _, numbered in groupby(_numbered(_told(_lines(file), progress)), key=itemgetter(0)):
        chain = map(itemgetter(1), numbered)
        first = next(chain)
        promised.add(first.get("chains") if isinstance(first, dict) else None)
        try:
            organization, head = read_head(first)
        except Garbled as garbled:
            verdicts.append(Verdict(organization=None, entries=0, first_bad=1, reason=str(garbled)))
        else:
            verdicts.append(check(organization, head, chain))
    if not verdicts:
        raise Complaint(f"{file} holds no audit chain: `strongroom audit export FILE` writes one")
    if promised != {len(verdicts)} and all(verdict.first_bad is None for verdict in verdicts):
        verdicts.append(Verdict(organization=None, entries=0, first_bad=1, reason="a whole chain is missing"))
    return verdicts


def export(client: Client, file: Path, progress: Progress) -> list[Json]:
    """Write every chain that the key may read; return their heads. The file appears whole or not at all."""
    fresh = file.with_name(f".{file.name}.new")
    written = heads(client)
    try:
        with fresh.open("w", encoding="utf-8") as out:
            for head in written:
                out.write(json.dumps(head | {"chains": len(written)}) + "\n")
                for entry in _told(of_server(client, head["organization_id"], head["entries"]), progress):
                    out.write(json.dumps(entry) + "\n")
        fresh.replace(file)
    except OSError as error:
        raise Complaint(f"{file} cannot be written ({error.strerror})") from None
    finally:
        fresh.unlink(missing_ok=True)
    return written


def _lines(file: Path) -> Iterator[object]:
    try:
        with file.open(encoding="utf-8") as opened:
            for line in opened:
                try:
                    yield json.loads(line)
                except ValueError:
                    yield line  # no entry: the check says so, and where
    except OSError as error:
        raise Complaint(f"{file} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise Complaint(f"{file} is not text") from None


def _numbered(lines: Iterable[object]) -> Iterator[tuple[int, object]]:
    """Number each line by the chain that it belongs to."""
    chain = 0
    for line in lines:
        chain += isinstance(line, dict) and "entries" in line
        yield chain, line


def _told(things: Iterable[T], progress: Progress) -> Iterator[T]:
    for count, thing in enumerate(things, 1):
        progress(count)
        yield thing
