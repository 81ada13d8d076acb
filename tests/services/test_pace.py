from datetime import UTC, datetime, timedelta

from strongroom.services.pace import Pace

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_minute_holds_so_many_and_the_next_as_many_again() -> None:
    pace = Pace(2)
    assert [pace.wait(START), pace.wait(START + timedelta(seconds=20))] == [0, 0]
    assert pace.wait(START + timedelta(seconds=20)) == 40
    assert pace.wait(START + timedelta(seconds=59.9)) == 1
    assert [pace.wait(START + timedelta(seconds=60)) for _ in range(3)] == [0, 0, 60]
