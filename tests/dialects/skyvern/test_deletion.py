import pytest

from tests.dialects.skyvern.api import HERE, Api
from tests.dialects.skyvern.behaviours import covers
from tests.dialects.skyvern.bodies import body
from tests.dialects.stage import Stage, Tenant


@covers("V084")
@pytest.mark.parametrize("slash", ["", "/"])
def test_what_is_deleted_is_gone(api: Api, stage: Stage, slash: str) -> None:
    id_ = api.made(body())["credential_id"]
    here = f"{HERE}/{id_}"
    Api.of(stage.tenant()).post(f"{here}/delete", status=404)
    api.call("POST", f"{here}/delete{slash}", status=204)
    missing = {"detail": f"Credential not found, credential_id={id_}"}
    assert api.post(f"{here}/delete{slash}", status=404) == missing
    assert api.post(f"{here}/update", body(), 404) == missing
    api.get(here, 404)
    assert api.get(HERE) == []


@covers("V085")
def test_the_path_of_providers_deletes_no_credential(api: Api) -> None:
    id_ = api.made(body())["credential_id"]
    told = api.delete(f"{HERE}/{id_}", 404)
    assert told == {"detail": "Unsupported organization auth credential provider"}
    api.get(f"{HERE}/{id_}")


@covers("V086")
@pytest.mark.parametrize("slash", ["", "/"])
def test_the_older_prefix_deletes_and_answers_null(api: Api, slash: str) -> None:
    id_ = api.made(body())["credential_id"]
    assert api.delete(f"/api/v1/credentials/{id_}{slash}") is None
    api.get(f"{HERE}/{id_}", 404)
    told = api.delete(f"/api/v1/credentials/{id_}", 404)
    assert told == {"detail": f"Credential not found, credential_id={id_}"}


def test_the_audit_log_keeps_that_it_was_there(api: Api, tenant: Tenant) -> None:
    id_ = api.made(body())["credential_id"]
    api.call("POST", f"{HERE}/{id_}/delete", status=204)
    told = tenant.raw().get("/strongroom/v1/audit").json()["data"]
    of_it = [(entry["action"], entry["facts"].get("kind")) for entry in told if entry["target"] == id_]
    assert of_it == [("credential.create", "password"), ("credential.delete", None)]
