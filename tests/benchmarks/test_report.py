import json
from dataclasses import asdict, replace

import pytest

from benchmarks.load.job import Measured
from benchmarks.outcome import Outcome, Sample, Section
from benchmarks.page import BEGIN, END, with_figures
from benchmarks.report import Report, spread_note, table
from benchmarks.scenarios import STREAM, keep_alive

ONE = keep_alive(1)


def sample(cpu_us: float | None, rps: float) -> Sample:
    return Sample(requests=100, cpu_us=cpu_us, rps=rps, p50_ms=1.0, p99_ms=2.5, mb_per_second=rps / 10, growth_mib=3.0)


def outcome(name: str, *samples: Sample) -> Outcome:
    return Outcome(scenario=ONE, contestant=name, samples=samples)


OURS = outcome("strongroom", sample(60, 9000), sample(50, 10000), sample(90, 1000))
THEIRS = outcome("mitmproxy", sample(1200, 800))
DIRECT = outcome("direct", sample(None, 40000))
SECTION = Section(title="A request", base="strongroom", outcomes=(DIRECT, OURS, THEIRS))


def test_counts_become_figures() -> None:
    measured = Measured(requests=2000, seconds=4.0, p50_us=1500, p99_us=2500, cpu_seconds=0.1)
    found = Sample.of(measured, ONE, 5 * 2**20, 6 * 2**20)
    assert asdict(found) == {
        "requests": 2000,
        "cpu_us": pytest.approx(50.0),
        "rps": 500.0,
        "p50_ms": 1.5,
        "p99_ms": 2.5,
        "mb_per_second": pytest.approx(0.512),
        "rest_mib": 5.0,
        "growth_mib": 1.0,
        "opened_per_1000": None,
    }


def test_rounds_are_told_by_their_median() -> None:
    assert (OURS.figure("cpu_us"), OURS.figure("rps")) == (60, 9000)
    assert DIRECT.figure("cpu_us") is None


def test_memory_is_told_by_the_worst_round() -> None:
    rounds = [replace(sample(60, 9000), growth_mib=mib) for mib in (40.0, 0.1, 0.2)]
    assert outcome("strongroom", *rounds).figure("growth_mib") == 40.0


def test_a_ratio_is_to_the_base_in_the_same_scenario() -> None:
    assert SECTION.ratio(THEIRS, "cpu_us") == 20.0
    assert SECTION.ratio(THEIRS, "rps") == pytest.approx(800 / 9000)
    assert SECTION.ratio(OURS, "rps") == 1.0
    assert SECTION.ratio(DIRECT, "cpu_us") is None
    elsewhere = Outcome(scenario=keep_alive(16), contestant="mitmproxy", samples=(sample(1, 1),))
    assert SECTION.ratio(elsewhere, "rps") is None


def test_the_table_lines_up_and_is_markdown() -> None:
    assert table(SECTION).splitlines() == [
        "|              |            | CPU µs/request |     × | requests/s |    × | p50 ms | p99 ms |",  # noqa: RUF001
        "|--------------|------------|---------------:|------:|-----------:|-----:|-------:|-------:|",
        "| 1 connection | direct     |              – |     – |     40,000 | 4.44 |   1.00 |   2.50 |",  # noqa: RUF001
        "|              | strongroom |             60 |  1.00 |      9,000 | 1.00 |   1.00 |   2.50 |",
        "|              | mitmproxy  |          1,200 | 20.00 |        800 | 0.09 |   1.00 |   2.50 |",
    ]


def test_a_streamed_reply_has_a_table_of_its_own() -> None:
    streamed = Outcome(scenario=STREAM, contestant="strongroom", samples=(sample(60, 9000),))
    heading = table(
        Section(title="A long reply", base="strongroom", outcomes=(streamed,), about="streams")
    ).splitlines()[0]
    assert "MB/s" in heading
    assert "CPU ms/reply" in heading
    assert "memory growth MiB" in heading


def test_the_object_holds_medians_ratios_and_every_round() -> None:
    report = Report(sections=(SECTION,), notes=("as measured",), versions={"mitmproxy": "11.0.2"})
    found = json.loads(json.dumps(report.as_json()))
    ours = next(result for result in found["results"] if result["contestant"] == "strongroom")
    assert (ours["scenario"], ours["cpu_us"], ours["ratios"]["rps"]) == ("keep-alive-1", 60, 1.0)
    assert [one["cpu_us"] for one in ours["rounds"]] == [60, 50, 90]
    assert found["versions"] == {"mitmproxy": "11.0.2"}


def test_the_notes_say_how_far_the_rounds_lie_apart() -> None:
    assert "67%" in spread_note([SECTION])  # 90 and 50, beside a median of 60
    single = Section(title="A request", base="strongroom", outcomes=(THEIRS,))
    assert "A single round" in spread_note([single])


def test_a_page_takes_the_figures_between_its_marks_and_nowhere_else() -> None:
    page = f"# Performance\n\n{BEGIN}\nold\n{END}\n\nThe end.\n"
    assert with_figures(page, "new") == f"# Performance\n\n{BEGIN}\n\nnew\n\n{END}\n\nThe end.\n"
    with pytest.raises(ValueError, match="figures"):
        with_figures("# Performance\n", "new")
