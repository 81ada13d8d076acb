"""A promise is judged by the figures of the run, and by nothing where there are none."""

from dataclasses import replace

from benchmarks.outcome import Outcome, Sample, Section
from benchmarks.report import verdict_table
from benchmarks.scenarios import UPLOAD, Scenario, keep_alive
from benchmarks.verdicts import Verdict, verdicts

SAMPLE = Sample(requests=100, cpu_us=50.0, rps=20_000.0, p50_ms=1.0, p99_ms=2.0, mb_per_second=20.0)


def section(scenario: Scenario, **samples: Sample) -> Section:
    outcomes = [Outcome(scenario=scenario, contestant=name, samples=(each,)) for name, each in samples.items()]
    return Section(title="", base="strongroom", outcomes=tuple(outcomes))


def judged(*sections: Section) -> dict[str, bool | None]:
    return {verdict.promise: verdict.met for verdict in verdicts(sections)}


def test_twenty_times_means_twenty_times_less_cpu_for_a_request() -> None:
    promise = "requests per second and core at 16 connections: at least 20 times mitmproxy's"
    enough = section(keep_alive(16), strongroom=SAMPLE, mitmproxy=replace(SAMPLE, cpu_us=1000.0))
    short = section(keep_alive(16), strongroom=SAMPLE, mitmproxy=replace(SAMPLE, cpu_us=999.0))
    assert judged(enough)[promise] is True
    assert judged(short)[promise] is False


def test_a_tail_is_compared_with_a_tenth_of_theirs() -> None:
    promise = "p99 at 64 connections: at most a tenth of mitmproxy's"
    assert judged(section(keep_alive(64), strongroom=SAMPLE, mitmproxy=replace(SAMPLE, p99_ms=20.0)))[promise] is True
    assert judged(section(keep_alive(64), strongroom=SAMPLE, mitmproxy=replace(SAMPLE, p99_ms=19.0)))[promise] is False


def test_more_connections_may_not_carry_less() -> None:
    promise = "requests per second at 64 connections: no fewer than at 16"
    few = section(keep_alive(16), strongroom=SAMPLE)
    assert judged(few, section(keep_alive(64), strongroom=SAMPLE))[promise] is True
    assert judged(few, section(keep_alive(64), strongroom=replace(SAMPLE, rps=19_000.0)))[promise] is False


def test_memory_and_pace_of_a_long_body_are_judged_both_ways() -> None:
    good = replace(SAMPLE, mb_per_second=300.0, growth_mib=3.0)
    found = judged(section(UPLOAD, strongroom=good))
    assert found["100 MB up: at least 300 MB/s"] is True
    assert found["100 MB up: less than 64 MiB of memory growth"] is True
    found = judged(section(UPLOAD, strongroom=replace(good, mb_per_second=299.0, growth_mib=65.0)))
    assert found["100 MB up: at least 300 MB/s"] is False
    assert found["100 MB up: less than 64 MiB of memory growth"] is False


def test_what_was_not_measured_is_not_judged() -> None:
    assert set(judged().values()) == {None}


def test_many_are_compared_with_one() -> None:
    promise = "CPU per request with 1,000 sessions: the same as with 1 session"
    flat = {"1 session": SAMPLE, "1,000 sessions": replace(SAMPLE, cpu_us=51.0)}
    steep = {"1 session": SAMPLE, "1,000 sessions": replace(SAMPLE, cpu_us=60.0)}
    assert judged(replace(section(keep_alive(64), **flat), base="1 session", flat=True))[promise] is True
    assert judged(replace(section(keep_alive(64), **steep), base="1 session", flat=True))[promise] is False


def test_the_table_says_yes_no_and_not_measured() -> None:
    several = [
        Verdict(promise="one", value=1.0, at_least=1.0),
        Verdict(promise="two", value=2.0, at_most=1.0),
        Verdict(promise="three", value=None, at_most=1.0),
    ]
    said = [line.split("|")[3].strip() for line in verdict_table(several).splitlines()[2:]]
    assert said == ["yes", "NO", "not measured"]
