import pytest

from tests.dialects.skyvern.api import HERE, Api
from tests.dialects.skyvern.behaviours import covers
from tests.dialects.skyvern.bodies import body
from tests.dialects.stage import Stage

FOLDERS = "/v1/credential_folders"


def folder(api: Api, title: str = "t", **more: object) -> str:
    made: str = api.post(FOLDERS, {"title": title, **more})["folder_id"]
    return made


def titles(api: Api, query: str = "") -> list[str]:
    return [row["title"] for row in api.get(f"{FOLDERS}{query}")]


@covers("V111")
@pytest.mark.parametrize("prefix", ["/v1", "/api/v1"])
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_folder_is_made_filled_and_counted(api: Api, prefix: str, slash: str) -> None:
    made = api.post(f"{prefix}/credential_folders{slash}", {"title": "t", "description": "d", "unknown": 1})
    assert made["folder_id"].removeprefix("cfld_").isdecimal()
    assert (made["title"], made["description"], made["credential_count"]) == ("t", "d", 0)
    credential = f"{prefix}/credentials/{api.made(body())['credential_id']}"
    moved = api.put(f"{credential}/folder{slash}", {"folder_id": made["folder_id"]})
    assert moved["folder_id"] == made["folder_id"]
    assert moved == api.get(credential)
    found = api.get(f"{prefix}/credential_folders/{made['folder_id']}{slash}")
    assert found["credential_count"] == 1
    assert found["modified_at"] > made["modified_at"]
    assert api.get(f"{prefix}/credential_folders{slash}") == [found]


@covers("V112", "V115")
def test_what_is_no_title_or_page_is_refused(api: Api) -> None:
    here = f"{FOLDERS}/{folder(api)}"
    for title, kind in (("", "string_too_short"), ("t" * 256, "string_too_long"), (5, "string_type")):
        assert api.problems("POST", FOLDERS, {"title": title}) == [(["body", "title"], kind)]
        assert api.problems("PUT", here, {"title": title}) == [(["body", "title"], kind)]
    assert api.problems("POST", FOLDERS, {}) == [(["body", "title"], "missing")]
    for empty in ({}, {"unknown": 1}, {"title": None, "description": None}):
        assert api.problems("PUT", here, empty) == [(["body"], "value_error")]
    assert api.problems("GET", f"{FOLDERS}?page_size=501") == [(["query", "page_size"], "less_than_equal")]
    assert api.problems("GET", f"{FOLDERS}?page=0") == [(["query", "page"], "greater_than_equal")]
    assert folder(api, "t" * 255)


@covers("V113")
def test_only_what_is_there_is_put_somewhere_that_is_there(api: Api, stage: Stage) -> None:
    place = folder(api)
    credential = f"{HERE}/{api.made(body())['credential_id']}/folder"
    for unknown in ("cfld_0", folder(Api.of(stage.tenant()))):
        told = api.put(credential, {"folder_id": unknown}, 400)
        assert told == {"detail": f"Credential folder {unknown} not found"}
    assert api.problems("PUT", credential, {}) == [(["body", "folder_id"], "missing")]
    told = api.put(f"{HERE}/cred_0/folder", {"folder_id": place}, 404)
    assert told == {"detail": "Credential cred_0 not found"}
    assert api.get(f"{FOLDERS}/{place}")["credential_count"] == 0


@pytest.mark.parametrize("nowhere", [None, ""])
def test_a_credential_is_taken_out_again(api: Api, nowhere: str | None) -> None:
    place = folder(api)
    credential = f"{HERE}/{api.made(body())['credential_id']}/folder"
    api.put(credential, {"folder_id": place})
    assert api.put(credential, {"folder_id": nowhere})["folder_id"] is None
    assert api.get(f"{FOLDERS}/{place}")["credential_count"] == 0


@covers("V114")
def test_deleting_a_folder_deletes_nothing_in_it(api: Api) -> None:
    place = folder(api)
    id_ = api.made(body())["credential_id"]
    api.put(f"{HERE}/{id_}/folder", {"folder_id": place})
    assert api.delete(f"{FOLDERS}/{place}") == {"status": "deleted", "folder_id": place}
    assert api.get(f"{HERE}/{id_}")["folder_id"] is None
    missing = {"detail": f"Credential folder {place} not found"}
    assert api.delete(f"{FOLDERS}/{place}", 404) == missing
    assert api.get(f"{FOLDERS}/{place}", 404) == missing
    assert api.put(f"{FOLDERS}/{place}", {"title": "x"}, 404) == missing


def test_a_folder_stays_through_changes_and_counts_what_is_alive(api: Api) -> None:
    place = folder(api)
    id_ = api.made(body())["credential_id"]
    api.put(f"{HERE}/{id_}/folder", {"folder_id": place})
    assert api.post(f"{HERE}/{id_}/update", body())["folder_id"] == place
    assert api.patch(f"{HERE}/{id_}", {"name": "x"})["folder_id"] == place
    api.call("POST", f"{HERE}/{id_}/delete", status=204)
    assert api.get(f"{FOLDERS}/{place}")["credential_count"] == 0


def test_folders_are_found_by_title_and_description_the_latest_first(api: Api, stage: Stage) -> None:
    first, second = folder(api, "Bank 100%"), folder(api, "Shops", description="Ünï")
    assert titles(api) == ["Shops", "Bank 100%"]
    assert titles(api, "?search=BANK") == titles(api, "?search=%25") == ["Bank 100%"]
    assert titles(api, "?search=%C3%9CN%C3%8F") == ["Shops"]
    assert titles(api, "?search=_") == []
    changed = api.put(f"{FOLDERS}/{first}", {"description": "money"})
    assert (changed["title"], changed["description"]) == ("Bank 100%", "money")
    assert titles(api) == ["Bank 100%", "Shops"]
    assert titles(api, "?search=money") == ["Bank 100%"]
    assert titles(api, "?page=2&page_size=1") == ["Shops"]
    assert titles(Api.of(stage.tenant())) == []
    Api.of(stage.tenant()).get(f"{FOLDERS}/{second}", 404)
