"""The counts of all workers as one: they add up, and never go back."""

from collections.abc import Iterable

from prometheus_client.core import Metric

from strongroom.delivery.egress import Code, Counters
from strongroom.workers.counts import Sums, written


def counted(requests: int, *, clients: int = 0, refused: int = 0) -> Counters:
    counters = Counters()
    counters.requests, counters.clients = requests, clients
    counters.refused[Code.BAD_REQUEST] = refused
    return counters


def shown(metrics: Iterable[Metric]) -> dict[tuple[str, ...], float]:
    samples = [sample for metric in metrics for sample in metric.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def test_the_sum_of_one_is_what_it_said_under_the_same_names() -> None:
    counters = counted(3, clients=2, refused=1)
    sums = Sums()
    sums.said(1, written(counters))
    assert shown(sums.collect()) == shown(counters.collect())
    assert [(metric.name, metric.type, metric.documentation) for metric in sums.collect()] == [
        (metric.name, metric.type, metric.documentation) for metric in counters.collect()
    ]


def test_what_workers_say_adds_up_and_what_one_says_again_takes_the_place_of_what_it_said() -> None:
    sums = Sums()
    sums.said(1, written(counted(3, clients=2, refused=1)))
    sums.said(2, written(counted(10, clients=5)))
    sums.said(1, written(counted(4, clients=1, refused=1)))
    total = shown(sums.collect())
    assert total["strongroom_egress_requests_total",] == 14
    assert total["strongroom_egress_clients",] == 6
    assert total["strongroom_egress_refused_total", "bad_request"] == 1
    assert total["strongroom_egress_workers",] == 2


def test_a_worker_that_ended_leaves_its_counts_and_takes_its_clients_along() -> None:
    sums = Sums()
    sums.said(1, written(counted(3, clients=2, refused=1)))
    sums.ended(1)
    assert shown(sums.collect())["strongroom_egress_requests_total",] == 3
    assert shown(sums.collect())["strongroom_egress_clients",] == 0
    assert shown(sums.collect())["strongroom_egress_workers",] == 0
    sums.said(1, written(counted(1, clients=1)))
    sums.ended(1)
    sums.ended(1)
    total = shown(sums.collect())
    assert total["strongroom_egress_requests_total",] == 4
    assert total["strongroom_egress_refused_total", "bad_request"] == 1
