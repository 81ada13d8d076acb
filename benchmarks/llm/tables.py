"""A run as tables for people."""

from benchmarks.llm.gateways import DIRECT, LITELLM, STRONGROOM
from benchmarks.llm.run import TIMES_FASTER, Result
from benchmarks.report import DASH, TIMES, machine

BUSY = 0.5
BEGIN = "<!-- figures: written by `make bench-llm ARGS='--into docs/performance.md'` -->"
END = "<!-- end of figures of the LLM gateway -->"
HEADINGS = ("", "", "CPU µs/request", TIMES, "requests/s", "p50 ms", "p99 ms", "first byte p50 ms", "first byte p99 ms")


def text(result: Result) -> str:
    """Return everything as Markdown."""
    parts = ["**A chat of 1 KiB, and the first byte of a stream**", _table(result), "**What must hold**"]
    parts += [_held(result), _notes(result)]
    return "\n\n".join(parts)


def _table(result: Result) -> str:
    lines = [HEADINGS]
    before = 0
    for (connections, name), found in result.figures.items():
        base = result.figures[connections, STRONGROOM].of("cpu_us")
        cpu = found.of("cpu_us")
        title = f"{connections} connection{'s' if connections > 1 else ''}"
        lines.append(
            (
                title if connections != before else "",
                name,
                _figure(cpu, "{:,.0f}"),
                DASH if cpu is None or not base else f"{cpu / base:,.2f}",
                _figure(found.of("rps"), "{:,.0f}"),
                *(_figure(found.of(each), "{:,.2f}") for each in ("p50_ms", "p99_ms", "first_ms", "first_p99_ms")),
            )
        )
        before = connections
    return _aligned(lines)


def _held(result: Result) -> str:
    turned = result.rotations
    lines = [("", "measured", "met")]
    for connections in sorted({count for count, _ in result.figures}):
        if (connections, LITELLM) in result.figures:
            times = result.times(connections, "cpu_us")
            title = (
                f"times LiteLLM's requests per second and core, {connections} connections: at least {TIMES_FASTER:g}"
            )
            lines.append((title, _figure(times, "{:,.1f}"), _word(times is not None and times >= TIMES_FASTER)))
    title = f"requests that fail in {turned.rotations} rotations under load ({turned.requests:,} requests): none"
    lines.append((title, str(turned.failed), _word(turned.rotations > 0 and not turned.failed)))
    title = "requests that begin after a rotation is answered and use the old key: none"
    lines.append((title, str(turned.late), _word(turned.rotations > 0 and not turned.late)))
    return _aligned(lines, left=1)


def _notes(result: Result) -> str:
    pace = result.pace
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    added = _added(result)
    notes = [
        f"{TIMES}: the ratio to Strongroom in the same run.",
        "CPU: of the gateway's process alone, user and system, in a window of its own beside a busy core.",
        f"Medians of {pace.rounds} round{'s' if pace.rounds > 1 else ''} of {pace.seconds:g} s. {versions}.",
        *added,
        f"The slowest rotation was answered after {result.rotations.slowest_ms:,.0f} ms.",
        f"{machine()} {result.cores}",
    ]
    if result.load > BUSY:
        notes.append(
            f"The machine was busy before this began (load average {result.load:.2f}): ratios hold, times do not."
        )
    return "\n".join(f"- {note}" for note in notes)


def _added(result: Result) -> list[str]:
    """Say what is added to the first byte of a stream."""
    said: list[str] = []
    for connections in sorted({count for count, _ in result.figures}):
        found = {name: each.of("first_ms") for (count, name), each in result.figures.items() if count == connections}
        direct = found.get(DIRECT)
        if direct is not None:
            each = ", ".join(
                f"{name} {ms - direct:,.2f} ms" for name, ms in found.items() if ms is not None and name != DIRECT
            )
            said.append(f"Added to the first byte of a stream, {connections} at a time (p50): {each}.")
    return said


def _figure(value: float | None, form: str) -> str:
    return DASH if value is None else form.format(value)


def _word(met: bool) -> str:  # noqa: FBT001 - a word for it
    return "yes" if met else "no"


def _aligned(lines: list[tuple[str, ...]], left: int = 2) -> str:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]

    def row(cells: tuple[str, ...]) -> str:
        pairs = enumerate(zip(cells, widths, strict=True))
        return "| " + " | ".join(c.ljust(w) if n < left else c.rjust(w) for n, (c, w) in pairs) + " |"

    rule = "|" + "|".join("-" * (w + 2) if n < left else "-" * (w + 1) + ":" for n, w in enumerate(widths)) + "|"
    return "\n".join([row(lines[0]), rule, *map(row, lines[1:])])
