"""A login that lies in a vault of others, from its first day to its last, through a running server."""

from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.custody.peers.custom import TOKEN
from tests.e2e.keeping import PASSWORD, USER, Curl, V, added, login, running_peer, session_of_logins
from tests.e2e.stage import Upstream, running_house, until


@pytest.mark.parametrize(
    ("ours", "workers"),
    [(True, 1), (False, 1), (True, 2)],
    ids=["set up by the deployment", "set up by the organization", "with two workers"],
)
def test_a_login_is_kept_used_changed_and_deleted_elsewhere(
    folder: Path, authority: trustme.CA, upstream: Upstream, ours: bool, workers: int
) -> None:
    with running_peer() as peer:
        extra = (peer.settings if ours else {}) | {"STRONGROOM_WORKERS": str(workers)}

        def kept() -> list[tuple[Any, Any]]:
            return [(item["username"], item["password"]) for item in peer.items.values()]

        def signed_in(curl: Curl, password: str) -> bool:
            status, _, said = curl.sign_in("BANK_PASSWORD")
            return status == 200 and password not in said and upstream.seen[-1].body == f"pass={password}".encode()

        with running_house(folder, authority, extra=extra) as house:
            if not ours:
                where = {"config": {"api_base_url": peer.where, "api_token": TOKEN}}
                assert house.call("POST", f"{V}/custom_credential/create", where).status_code == 200
            one = added(house, login("bank", upstream.port, password="first+password"))
            assert kept() == [(USER, "first+password")]
            curl = Curl(session_of_logins(house), upstream, folder)
            assert signed_in(curl, "first%2Bpassword")
            answer = house.call("POST", f"{V}/{one}/update", login("bank", upstream.port))
            assert answer.status_code == 200
            assert until(lambda: signed_in(curl, PASSWORD.replace(" ", "+")))
            assert until(lambda: kept() == [(USER, PASSWORD)]), "the old item is dropped once nothing points to it"
        with running_house(folder, authority, extra=extra) as house:
            curl = Curl(session_of_logins(house), upstream, folder)
            assert signed_in(curl, PASSWORD.replace(" ", "+"))
            assert house.call("POST", f"{V}/{one}/delete").status_code == 204
            assert until(lambda: kept() == [])
            assert until(lambda: not signed_in(curl, PASSWORD.replace(" ", "+")))
        texts = (house.log.read_text(), *(path.read_bytes().decode("latin-1") for path in house.data_dir.iterdir()))
        assert not any(PASSWORD in text or "first+password" in text for text in texts)
