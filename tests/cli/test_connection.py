"""Which server and which key; and what is said when either is not there."""

from pathlib import Path

import pytest

from strongroom.cli.complaint import Complaint
from strongroom.cli.connection import Connection
from strongroom.core.secret import Secret
from tests.cli.shell import Shell
from tests.e2e.stage import House


def read(variables: dict[str, str], **options: Path | str | None) -> Connection:
    return Connection.read(variables, **{"server": None, "data_dir": None, **options})  # type: ignore[arg-type]


def test_an_option_wins_over_its_variable_and_the_variable_over_the_default() -> None:
    assert read({}).server == "http://127.0.0.1:8700"
    assert read({}).data_dir == Path.home() / ".strongroom"
    variables = {"STRONGROOM_URL": "https://v.test/prefix/", "STRONGROOM_DATA_DIR": "/v"}
    assert read(variables).server == "https://v.test/prefix"
    assert read(variables).data_dir == Path("/v")
    given = read(variables, server="http://o.test", data_dir=Path("/o"))
    assert (given.server, given.data_dir) == ("http://o.test", Path("/o"))


def test_the_key_is_the_variables_or_the_data_directorys(tmp_path: Path) -> None:
    (tmp_path / "admin-key").write_text("from-file\n")
    assert read({}, data_dir=tmp_path).key() == Secret("from-file")
    assert read({"STRONGROOM_API_KEY": "from-variable"}, data_dir=tmp_path).key() == Secret("from-variable")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1:8700",
        "ftp://a.test",
        "http://",
        "http://a.test:x",
        "http://u:p@a.test",
        "http://a.test?q=1",
        "http://a..test",
        "http://a.test/b c",
        "http://a.test/\n",
        "http://a.test/ü",
        "http://" + "a" * 64 + ".test",
    ],
)
def test_an_address_that_is_none_is_refused_by_its_variable(address: str) -> None:
    with pytest.raises(Complaint, match="STRONGROOM_URL"):
        read({"STRONGROOM_URL": address})


@pytest.mark.parametrize("key", ["a\nb", "a b", "a\tb", "a\x00b", "ü", "\udcff", "  ", "a\x7f"])
def test_a_key_that_no_header_carries_is_one_sentence_and_not_shown(tmp_path: Path, key: str) -> None:
    (tmp_path / "admin-key").write_text(key, encoding="utf-8", errors="surrogateescape")
    for connection, source in (
        (read({"STRONGROOM_API_KEY": key}), "STRONGROOM_API_KEY"),
        (read({}, data_dir=tmp_path), str(tmp_path / "admin-key")),
    ):
        with pytest.raises(Complaint) as raised:
            connection.client()
        assert str(raised.value) == (
            f"{source} does not hold a key: a key is one line of visible ASCII characters without blanks"
        )


def test_what_stands_around_a_key_is_dropped() -> None:
    assert read({"STRONGROOM_API_KEY": " key\r\n"}).key() == Secret("key")


def test_a_key_in_two_lines_is_no_traceback(lonely: Shell) -> None:
    said = lonely.fails("vault", "list", STRONGROOM_API_KEY="first\nsecond")
    assert "STRONGROOM_API_KEY does not hold a key" in said
    assert "first" not in said
    assert "second" not in said


def test_a_home_that_is_not_known_is_one_sentence() -> None:
    with pytest.raises(Complaint, match="set STRONGROOM_DATA_DIR"):
        read({}, data_dir=Path("~nobody-of-this-name/x"))


def test_without_a_key_the_person_is_told_where_to_get_one(lonely: Shell) -> None:
    said = lonely.fails("vault", "list")
    assert "STRONGROOM_API_KEY" in said
    assert "strongroom serve" in said


def test_without_a_server_the_person_is_told_how_to_start_one(lonely: Shell) -> None:
    said = lonely.fails("vault", "list", STRONGROOM_API_KEY="srk_something")
    assert "no server answers at http://127.0.0.1:9" in said
    assert "`strongroom serve`" in said
    assert "srk_" not in said


def test_a_wrong_key_is_told_and_not_repeated(shell: Shell, house: House) -> None:
    said = shell.fails("vault", "list", STRONGROOM_API_KEY="srk_wrong")
    assert f"{house.api} does not accept this key" in said
    assert "srk_wrong" not in said


def test_a_proxy_is_not_asked_for_loopback(shell: Shell) -> None:
    dead = "http://127.0.0.1:9"
    done = shell.types("vault", "list", "--json", http_proxy=dead, HTTP_PROXY=dead, all_proxy=dead)
    assert done.returncode == 0, done.stderr
