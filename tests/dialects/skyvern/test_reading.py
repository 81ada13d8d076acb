import pytest

from tests.dialects.skyvern.api import HERE, Api
from tests.dialects.skyvern.behaviours import covers
from tests.dialects.skyvern.bodies import body, card, secret
from tests.dialects.stage import Stage


def names(api: Api, query: str = "") -> list[str]:
    return [row["name"] for row in api.get(f"{HERE}{query}")]


@covers("V053", "V054", "V055")
def test_one_is_what_its_creation_said_and_nobody_elses(api: Api, stage: Stage) -> None:
    made = api.made(body())
    for prefix in ("/v1", "/api/v1"):
        assert api.get(f"{prefix}/credentials/{made['credential_id']}") == made
        assert api.get(f"{prefix}/credentials/{made['credential_id']}/") == made
    missing = {"detail": "Credential not found"}
    assert Api.of(stage.tenant()).get(f"{HERE}/{made['credential_id']}", 404) == missing
    assert api.get(f"{HERE}/{'x' * 300}", 404) == missing
    assert api.get(f"{HERE}/onepassword", 404) == missing


@covers("V056", "V058", "V059")
def test_a_list_is_paged_from_the_newest(api: Api) -> None:
    assert api.get(HERE) == []
    for number in range(12):
        api.made(body(name=str(number)))
    newest_first = [str(number) for number in reversed(range(12))]
    assert names(api) == newest_first[:10]
    assert names(api, "?page=2") == newest_first[10:]
    assert names(api, "?page=2&page_size=5") == newest_first[5:10]
    assert names(api, "?page_size=5000") == newest_first
    for far in ("99", str(10**30)):
        assert api.get(f"{HERE}?page={far}") == []
    assert api.get("/api/v1/credentials/?page_size=1") == api.get(f"{HERE}?page_size=1")


@covers("V057", "V060", "V065")
@pytest.mark.parametrize(
    ("query", "name", "kind"),
    [
        ("page=0", "page", "greater_than_equal"),
        ("page_size=0", "page_size", "greater_than_equal"),
        ("page=x", "page", "int_parsing"),
        ("vault_type=foo", "vault_type", "enum"),
        ("vault_type=", "vault_type", "enum"),
        ("credential_type=foo", "credential_type", "enum"),
        (f"search={'x' * 201}", "search", "string_too_long"),
    ],
)
def test_a_question_that_breaks_a_rule_is_refused(api: Api, query: str, name: str, kind: str) -> None:
    assert api.problems("GET", f"{HERE}?{query}") == [(["query", name], kind)]


@covers("V061")
def test_a_list_is_narrowed_by_type_and_vault(api: Api) -> None:
    for sent in (body(name="p"), card() | {"name": "c"}, secret() | {"name": "s"}):
        api.made(sent)
    assert names(api, "?credential_type=secret") == ["s"]
    assert names(api, "?credential_type=credit_card") == ["c"]
    assert names(api, "?vault_type=skyvern") == ["s", "c", "p"]
    assert names(api, "?vault_type=gcp") == []


@covers("V062", "V063", "V064", "V066")
def test_a_search_looks_into_what_is_shown(api: Api, stage: Stage) -> None:
    api.made(body(name="legacy", credential={"username": "Jo@Example.COM", "password": "unseen"}))
    api.made(card() | {"name": "card"})
    secret_id = api.made(secret(secret_label="ünï_x") | {"name": "50%"})["credential_id"]
    found = {
        "LEGACY": ["legacy"],
        "jo@example": ["legacy"],
        "unseen": [],
        "1111": ["card"],
        "4111": [],
        "VISA": ["card"],
        "%25": ["50%"],
        "_": ["50%"],
        "%5C": [],
        "%C3%9CN%C3%8F": ["50%"],
        "cardvisa": [],
        "d%1Fv": [],
        secret_id: ["50%"],
        secret_id[:-1]: [],
    }
    assert {term: names(api, f"?search={term}") for term in found} == found
    assert names(api, "?search=%20") == names(api)
    assert names(Api.of(stage.tenant()), "?search=legacy") == []


def test_a_search_for_what_no_text_can_hold_finds_nothing(api: Api) -> None:
    folder = api.post("/v1/credential_folders", {"title": "t"})["folder_id"]
    api.put(f"{HERE}/{api.made(body())['credential_id']}/folder", {"folder_id": folder})
    api.post(f"{HERE}/totp", {"totp_identifier": "", "content": "123456"})
    for nothing in (
        f"{HERE}?search=%00",
        f"{HERE}?search=n%00zz",
        f"{HERE}?folder_id={folder}%00",
        "/v1/credential_folders?search=%00",
    ):
        assert api.get(nothing) == []


@covers("V067")
def test_a_list_is_narrowed_to_a_folder(api: Api) -> None:
    folder = api.post("/v1/credential_folders", {"title": "t"})["folder_id"]
    inside, _ = api.made(body(name="in")), api.made(body(name="out"))
    api.put(f"{HERE}/{inside['credential_id']}/folder", {"folder_id": folder})
    assert names(api, f"?folder_id={folder}") == ["in"]
    assert names(api, "?folder_id=cfld_0") == []


def test_a_key_that_may_not_read_is_told_so(api: Api, stage: Stage) -> None:
    tenant = stage.tenant()
    writer = Api.of(tenant, tenant.raw().made("/strongroom/v1/keys", {"scopes": ["credentials:write"]})["key"])
    made = writer.made(body())
    for path in (HERE, f"{HERE}/{made['credential_id']}", f"{HERE}/cred_0", "/v1/credential_folders"):
        assert "credentials:read" in writer.get(path, 403)["detail"]
    reader = Api.of(tenant, tenant.raw().made("/strongroom/v1/keys", {"scopes": ["credentials:read"]})["key"])
    for id_ in (made["credential_id"], "cred_0"):
        assert "credentials:write" in reader.post(f"{HERE}/{id_}/delete", status=403)["detail"]
        assert "credentials:write" in reader.post(f"{HERE}/{id_}/update", body(), 403)["detail"]
    assert "credentials:write" in reader.post(HERE, body(), 403)["detail"]
