"""Vaults (contract section 3, cases 18 to 42)."""

import anthropic
import pytest

from tests.dialects.anthropic.behaviours import covers
from tests.dialects.anthropic.sdk import told
from tests.dialects.stage import SENTINEL, Raw, Stage


def variable(name: str) -> dict[str, object]:
    auth = {
        "type": "environment_variable",
        "secret_name": name,
        "secret_value": SENTINEL,
        "networking": {"type": "unrestricted"},
    }
    return {"auth": auth}


@covers("A018")
def test_a_vault_is_made_with_nothing_but_a_name(sdk: anthropic.Anthropic) -> None:
    vault = sdk.beta.vaults.create(display_name="A")
    assert vault.id.startswith("vlt_01")
    assert len(vault.id) == len("vlt_01") + 22
    assert (vault.type, vault.display_name, vault.metadata, vault.archived_at) == ("vault", "A", {}, None)
    assert vault.created_at == vault.updated_at
    assert sdk.beta.vaults.retrieve(vault.id) == vault


@covers("A019", "A021", "A022")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "display_name"),
        ({"display_name": None}, "display_name"),
        ({"display_name": ""}, "display_name"),
        ({"display_name": "x" * 256}, "display_name"),
        ({"display_name": 1}, "display_name"),
        ({"display_name": "a\0b"}, "display_name"),
        ({"display_name": "v", "metadata": {str(n): "" for n in range(17)}}, "metadata"),
        ({"display_name": "v", "metadata": {"k" * 65: "v"}}, "metadata"),
        ({"display_name": "v", "metadata": {"": "v"}}, "metadata"),
        ({"display_name": "v", "metadata": {"a\nb": "v"}}, "metadata"),
        ({"display_name": "v", "metadata": {"k": "v" * 513}}, "metadata.k"),
        ({"display_name": "v", "metadata": {"k": 1}}, "metadata.k"),
        ({"display_name": "v", "metadata": {"k": None}}, "metadata.k"),
        ({"display_name": "v", "metadata": [SENTINEL]}, "metadata"),
        ({"display_name": "v", "name": SENTINEL}, "name"),
        ([SENTINEL], "body"),
    ],
)
def test_a_vault_that_breaks_a_rule_is_refused_with_the_field_named(raw: Raw, body: object, field: str) -> None:
    assert raw.refused("POST", "/v1/vaults", body)["message"].startswith(f"{field}: ")
    assert raw.get("/v1/vaults").json()["data"] == []


@covers("A020")
def test_names_and_metadata_reach_their_limits(raw: Raw) -> None:
    metadata = {"k" * 62 + f"{n:02}": "ü" * 512 for n in range(16)}
    vault = raw.made("/v1/vaults", {"display_name": "😀" * 255, "metadata": metadata})
    assert (vault["display_name"], vault["metadata"]) == ("😀" * 255, metadata)
    assert raw.made("/v1/vaults", {"display_name": "v", "metadata": None})["metadata"] == {}


@covers("A023")
def test_an_unknown_vault_is_not_found(sdk: anthropic.Anthropic) -> None:
    error = told(lambda: sdk.beta.vaults.retrieve("vlt_unknown"), anthropic.NotFoundError)
    assert error == {"type": "not_found_error", "message": "vault vlt_unknown not found"}


@covers("A024")
def test_another_workspaces_vault_is_answered_like_an_unknown_one(stage: Stage, raw: Raw, vault: str) -> None:
    other = stage.tenant().raw()
    unknown = raw.refused("GET", "/v1/vaults/vlt_unknown", status=404)
    id_ = vault.rpartition("/")[2]
    for method, path, body in (
        ("GET", vault, None),
        ("POST", vault, {}),
        ("DELETE", vault, None),
        ("POST", f"{vault}/archive", None),
        ("GET", f"{vault}/credentials", None),
        ("POST", f"{vault}/credentials", variable("X")),
    ):
        error = other.refused(method, path, body, status=404)
        assert error == {**unknown, "message": f"vault {id_} not found"}
    assert raw.get(vault).status_code == 200


@covers("A025", "A029")
@pytest.mark.parametrize(
    "body", [{}, {"display_name": None}, {"metadata": None}, {"metadata": {}}, {"display_name": "v"}]
)
def test_an_update_that_changes_nothing_leaves_the_date_alone(raw: Raw, vault: str, body: object) -> None:
    before = raw.get(vault).json()
    assert raw.made(vault, body) == before


@covers("A026", "A027")
def test_a_metadata_patch_sets_and_deletes_and_keeps_the_rest(sdk: anthropic.Anthropic) -> None:
    vault = sdk.beta.vaults.create(display_name="v", metadata={"a": "1", "b": "x", "c": "y"})
    changed = sdk.beta.vaults.update(vault.id, metadata={"a": "2", "b": None, "none": None})
    assert changed.metadata == {"a": "2", "c": "y"}
    assert changed.updated_at > vault.updated_at
    assert sdk.beta.vaults.update(vault.id, metadata={"a": ""}).metadata == {"a": "", "c": "y"}
    assert sdk.beta.vaults.update(vault.id, display_name="w").display_name == "w"


@covers("A028")
def test_the_cap_holds_for_the_merged_map(raw: Raw) -> None:
    made = raw.made("/v1/vaults", {"display_name": "v", "metadata": {str(n): "" for n in range(16)}})
    path = f"/v1/vaults/{made['id']}"
    raw.refused("POST", path, {"metadata": {"more": ""}})
    assert raw.get(path).json() == made
    swapped = raw.made(path, {"metadata": {"more": "", "0": None}})
    assert len(swapped["metadata"]) == 16


@pytest.mark.parametrize(
    "body", [{"display_name": ""}, {"display_name": "x" * 256}, {"id": "x"}, {"archived_at": None}]
)
def test_an_update_that_breaks_a_rule_is_refused(raw: Raw, vault: str, body: object) -> None:
    before = raw.get(vault).json()
    raw.refused("POST", vault, body)
    assert raw.get(vault).json() == before


@covers("A030", "A031")
def test_vaults_are_listed_newest_first_in_pages_of_twenty(sdk: anthropic.Anthropic) -> None:
    made = [sdk.beta.vaults.create(display_name=str(n)).id for n in range(25)]
    page = sdk.beta.vaults.list()
    assert [vault.id for vault in page.data] == made[:4:-1]
    assert page.next_page is not None
    assert page.next_page.startswith("page_")
    rest = page.get_next_page()
    assert [vault.id for vault in rest.data] == made[4::-1]
    assert rest.next_page is None
    assert [vault.id for vault in sdk.beta.vaults.list(limit=7)] == made[::-1]


@covers("A032")
def test_a_walk_over_nothing_ends(sdk: anthropic.Anthropic, raw: Raw) -> None:
    assert list(sdk.beta.vaults.list()) == []
    assert raw.get("/v1/vaults").json() == {"data": [], "next_page": None}


@covers("A033", "A034")
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=100", 200),
        ("limit=1", 200),
        ("limit=101", 400),
        ("limit=0", 400),
        ("limit=-1", 400),
        ("limit=1.0", 400),
        ("limit=ten", 400),
        ("limit=", 400),
        ("limit=1_0", 400),
        ("limit=" + "9" * 30, 400),
        ("page=garbage", 400),
        ("page=page_garbage", 400),
        ("page=page_%C3%BC", 400),
        ("page=", 400),
        ("include_archived=true", 200),
        ("include_archived=false", 200),
        ("include_archived=yes", 400),
        ("beta=true&whatever=1", 200),
    ],
)
@pytest.mark.parametrize("path", ["/v1/vaults", "/v1/environments", "/v1/sessions", "credentials"])
def test_list_parameters_are_read_strictly(raw: Raw, credentials: str, path: str, query: str, status: int) -> None:
    answer = raw.get(f"{credentials if path == 'credentials' else path}?{query}")
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["error"]["message"].startswith(query.partition("=")[0])


def test_a_page_token_is_good_for_its_own_list_alone(stage: Stage, raw: Raw) -> None:
    vaults = [raw.made("/v1/vaults", {"display_name": "v"})["id"] for _ in range(2)]
    for vault in vaults:
        for name in ("A", "B"):
            raw.made(f"/v1/vaults/{vault}/credentials", variable(name))
    lists = {
        path: raw.get(f"{path}?limit=1").json()["next_page"]
        for path in ("/v1/vaults", *(f"/v1/vaults/{vault}/credentials" for vault in vaults))
    }
    for path, token in lists.items():
        for other in [*lists, "/v1/environments", "/v1/sessions"]:
            assert raw.get(f"{other}?page={token}").status_code == (200 if other == path else 400)
        assert stage.tenant().raw().get(f"/v1/vaults?page={token}").status_code == 400
        flipped = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
        assert raw.get(f"{path}?page={flipped}").status_code == 400
        assert raw.get(f"{path}?limit=50&include_archived=true&page={token}").status_code == 200


@covers("A035")
def test_a_vault_made_during_a_walk_neither_repeats_nor_hides_another(sdk: anthropic.Anthropic) -> None:
    old = [sdk.beta.vaults.create(display_name=str(n)).id for n in range(4)]
    page = sdk.beta.vaults.list(limit=2)
    sdk.beta.vaults.create(display_name="late")
    rest = page.get_next_page()
    assert [vault.id for vault in (*page.data, *rest.data)] == old[::-1]


@covers("A036", "A037", "A038")
def test_an_archived_vault_is_hidden_and_stays_as_it_was(sdk: anthropic.Anthropic) -> None:
    vault = sdk.beta.vaults.create(display_name="v")
    archived = sdk.beta.vaults.archive(vault.id)
    assert archived.archived_at is not None
    assert sdk.beta.vaults.archive(vault.id) == archived
    assert sdk.beta.vaults.list().data == []
    assert sdk.beta.vaults.list(include_archived=True).data == [archived]
    assert sdk.beta.vaults.retrieve(vault.id) == archived


@covers("A039")
def test_an_archived_vault_cannot_be_changed_or_added_to(raw: Raw, credentials: str, vault: str) -> None:
    held = raw.made(credentials, variable("HELD"))["id"]
    raw.made(f"{vault}/archive")
    for path, body in (
        (vault, {"display_name": "w"}),
        (vault, {}),
        (credentials, variable("X")),
        (f"{credentials}/{held}", {"display_name": "w"}),
    ):
        assert "archived" in raw.refused("POST", path, body)["message"]
    assert [row["id"] for row in raw.get(f"{credentials}?include_archived=true").json()["data"]] == [held]


@covers("A040")
def test_archiving_a_vault_destroys_the_secrets_in_it(stage: Stage, raw: Raw, vault: str, credentials: str) -> None:
    held = [raw.made(credentials, variable(name))["id"] for name in ("A", "B")]
    assert all(map(stage.kept, held))
    archived = raw.made(f"{vault}/archive")
    rows = [raw.get(f"{credentials}/{id_}").json() for id_ in held]
    assert {row["archived_at"] for row in rows} == {archived["archived_at"]}
    assert not any(map(stage.kept, held))
    assert [row["auth"]["secret_name"] for row in rows] == ["A", "B"]


@covers("A041", "A042")
def test_a_deleted_vault_is_gone_with_its_credentials(raw: Raw, sdk: anthropic.Anthropic) -> None:
    for archive_first in (False, True):
        vault = sdk.beta.vaults.create(display_name="v")
        held = raw.made(f"/v1/vaults/{vault.id}/credentials", variable("A"))["id"]
        if archive_first:
            sdk.beta.vaults.archive(vault.id)
        deleted = sdk.beta.vaults.delete(vault.id)
        assert deleted.to_dict() == {"id": vault.id, "type": "vault_deleted"}
        for method, path in (
            ("GET", f"/v1/vaults/{vault.id}"),
            ("DELETE", f"/v1/vaults/{vault.id}"),
            ("GET", f"/v1/vaults/{vault.id}/credentials/{held}"),
            ("GET", f"/v1/vaults/{vault.id}/credentials"),
        ):
            raw.refused(method, path, status=404)
