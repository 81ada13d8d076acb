"""Idle upstream connections: kept for the same session and destination, not too many, not for too long."""

import asyncio

import pytest

from strongroom.core.hosts import Host
from strongroom.core.overriding import override
from strongroom.core.plans import Destination
from strongroom.delivery.egress import Limits
from strongroom.delivery.egress.pool import Pool
from strongroom.delivery.egress.upstream import UpstreamConnection, User
from tests.delivery.egress.doubles import FixedDelivery

THERE = Destination("https", Host("api.example.com"), 443)


class Wire(asyncio.Transport):
    """A transport that goes nowhere."""

    aborted = False

    @override
    def is_closing(self) -> bool:
        return self.aborted

    @override
    def resume_reading(self) -> None:
        pass

    @override
    def abort(self) -> None:
        self.aborted = True


def never(connection: UpstreamConnection) -> User:
    raise AssertionError("nothing was agreed on for this connection")


def connection() -> UpstreamConnection:
    made = UpstreamConnection(never)
    made.connection_made(Wire())
    return made


@pytest.fixture
def pool() -> Pool:
    return Pool(limits=Limits(upstream_idle_connections=2, upstream_idle_seconds=30))


def test_the_connection_used_last_is_used_next(pool: Pool) -> None:
    lane = pool.lane(FixedDelivery().live, THERE)
    first, second = connection(), connection()
    lane.keep(first, 0)
    lane.keep(second, 0)
    assert [lane.take(), lane.take(), lane.take()] == [second, first, None]


def test_no_more_are_kept_than_the_limit(pool: Pool) -> None:
    lane = pool.lane(FixedDelivery().live, THERE)
    kept = [connection() for _ in range(3)]
    for each in kept:
        lane.keep(each, 0)
    assert [each.gone for each in kept] == [False, False, True]


def test_what_is_idle_for_too_long_is_closed(pool: Pool) -> None:
    lane = pool.lane(FixedDelivery().live, THERE)
    old, young = connection(), connection()
    lane.keep(old, 0)
    lane.keep(young, 20)
    pool.sweep(31)
    assert (old.gone, young.gone) == (True, False)
    assert lane.take() is young


def test_sessions_and_destinations_are_kept_apart(pool: Pool) -> None:
    delivery = FixedDelivery()
    one, other = delivery.session("sesn_1"), delivery.session("sesn_2")
    pool.lane(one, THERE).keep(connection(), 0)
    assert pool.lane(other, THERE).take() is None
    assert pool.lane(one, Destination("https", THERE.host, 8443)).take() is None
    assert pool.lane(one, Destination("http", THERE.host, 443)).take() is None
    assert pool.lane(one, THERE).take() is not None


@pytest.mark.parametrize("end", ["data", "eof", "lost"])
def test_a_connection_that_ends_or_speaks_while_idle_is_forgotten(pool: Pool, end: str) -> None:
    lane = pool.lane(FixedDelivery().live, THERE)
    kept = connection()
    lane.keep(kept, 0)
    match end:
        case "data":
            kept.data_received(b"abc")
        case "eof":
            kept.eof_received()
        case _:
            kept.connection_lost(None)
    assert lane.take() is None
    assert kept.gone


def test_an_empty_lane_that_nobody_holds_takes_no_room(pool: Pool) -> None:
    live = FixedDelivery().live
    for port in range(1, 100):
        pool.lane(live, Destination("https", THERE.host, port))
    assert len(pool._lanes) == 0


def test_closing_the_pool_closes_what_it_keeps(pool: Pool) -> None:
    kept = connection()
    pool.lane(FixedDelivery().live, THERE).keep(kept, 0)
    pool.close()
    assert kept.gone


def test_a_connection_that_was_told_goodbye_has_some_time_to_end(pool: Pool) -> None:
    parted, slow = connection(), connection()
    pool.part_with(parted, 0)
    pool.part_with(slow, 0)
    slow.data_received(b"x")  # what still comes is thrown away
    parted.eof_received()
    pool.sweep(1.9)
    assert (parted.gone, slow.gone) == (True, False)
    pool.sweep(2.1)
    assert slow.gone
    last = connection()
    pool.part_with(last, 3)
    pool.close()
    assert last.gone
