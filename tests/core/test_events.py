"""What webhooks tell, and what they never tell."""

import json
from datetime import datetime, timedelta

import pytest

from strongroom.core.audit import Outcome
from strongroom.core.events import CHOOSABLE, EventType, alert, body, happened
from strongroom.core.ids import VaultId
from tests.store.things import START, Home

HOME = Home()
FACTS = {"session": "sesn_1", "host": "evil.test", "surface": "header", "count": 3, "vault": "vlt_1"}


def test_an_event_tells_type_and_ids_and_nothing_else() -> None:
    event = happened(
        EventType.CREDENTIAL_ARCHIVED,
        "vcrd_1",
        at=START,
        organization=HOME.organization,
        workspace=HOME.workspace,
        vault=VaultId("vlt_1"),
    )
    assert json.loads(body(event)) == {
        "type": "event",
        "id": event.id,
        "created_at": "2026-03-01T12:00:00.123456Z",
        "data": {
            "type": "vault_credential.archived",
            "id": "vcrd_1",
            "organization_id": HOME.organization,
            "workspace_id": HOME.workspace,
            "vault_id": "vlt_1",
        },
    }
    assert event.id.startswith("whe_")
    assert len(event.id) == 36


def of_vault(type_: EventType, subject: str, *, at: datetime = START, origin: str = "") -> str:
    """The id of an event at home."""
    return happened(type_, subject, at=at, organization=HOME.organization, workspace=HOME.workspace, origin=origin).id


def test_one_thing_that_happened_has_one_id_and_two_things_have_two() -> None:
    first = of_vault(EventType.VAULT_CREATED, "vlt_1")
    assert of_vault(EventType.VAULT_CREATED, "vlt_1") == first
    others = [
        of_vault(EventType.VAULT_DELETED, "vlt_1"),
        of_vault(EventType.VAULT_CREATED, "vlt_2"),
        of_vault(EventType.VAULT_CREATED, "vlt_1", at=START + timedelta(microseconds=1)),
        of_vault(EventType.VAULT_CREATED, "vlt_1", origin="x"),
    ]
    assert len({first, *others}) == 5


@pytest.mark.parametrize("answer", ["sent", "refused"])
def test_a_stray_is_told_with_where_and_how_often(answer: str) -> None:
    record = HOME.record(
        action="placeholder.strayed", outcome=Outcome.OBSERVED, target="vcrd_1", facts=FACTS | {"answer": answer}
    )
    event = alert(record)
    assert event is not None
    assert json.loads(body(event))["data"] == {
        "type": "strongroom.placeholder.strayed",
        "id": "sesn_1",
        "organization_id": HOME.organization,
        "workspace_id": HOME.workspace,
        "vault_id": "vlt_1",
        "session_id": "sesn_1",
        "credential_id": "vcrd_1",
        "host": "evil.test",
        "surface": "header",
        "count": 3,
        "refused": answer == "refused",
    }


def test_no_other_record_is_an_alert() -> None:
    for record in (HOME.record(), HOME.record(action="placeholder.strayed", workspace=None, facts=FACTS)):
        assert alert(record) is None


def test_ours_stand_in_a_namespace_of_their_own_and_a_test_cannot_be_chosen() -> None:
    vendor = ("vault.", "vault_credential.", "environment.", "session.")
    assert all(type_.value.startswith((*vendor, "strongroom.")) for type_ in EventType)
    assert EventType.WEBHOOK_TEST not in CHOOSABLE
