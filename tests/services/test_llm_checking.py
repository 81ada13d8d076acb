"""Looking whether a provider accepts its secret: what is shown of it, and who is asked with which secret."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from strongroom.core.credentials import Material
from strongroom.core.credentials.api_key import ApiKey
from strongroom.core.failures import Invalid, NotFound, Unreadable
from strongroom.core.llm.upstreams import Upstream
from strongroom.core.secret import Secret
from strongroom.services.llm_checking import Listed, Outcome, ProviderCheck
from tests.services.models import KEY, MARKS, Models, assembled, stranger
from tests.services.rooms import Rooms


@dataclass
class Vendor:
    """Lists two models, and remembers who asked where with what."""

    asked: list[tuple[str, Material]] = field(default_factory=list)

    async def listed(self, whose: str, upstream: Upstream, material: Material) -> Listed:
        assert whose
        self.asked.append((upstream.base.host, material))
        return Listed(outcome=Outcome.OK, status=200, models=frozenset({"m", "another"}))


@pytest.fixture
def models(rooms: Rooms, tmp_path: Path) -> Models:
    return assembled(rooms, tmp_path)


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
def check(models: Models, vendor: Vendor) -> ProviderCheck:
    rooms = models.rooms
    return ProviderCheck(
        table=rooms.store.routing, custodian=rooms.custodian, marks=MARKS, gate=rooms.gate, lister=vendor
    )


async def test_its_own_host_is_asked_with_its_own_secret_and_it_is_on_record(
    models: Models, check: ProviderCheck, vendor: Vendor
) -> None:
    provider = await models.provider(await models.connection())
    found = await check.check(models.admin, provider.id)
    assert (found.outcome, found.models, found.missing) == (Outcome.OK, 2, ())
    assert vendor.asked == [("api.openai.com", ApiKey(key=Secret(KEY)))]
    last = (await models.rooms.entries())[-1].record
    assert last.action == "connection.check"


async def test_a_provider_that_was_tampered_with_is_not_asked_with_the_secret(
    models: Models, check: ProviderCheck, vendor: Vendor
) -> None:
    provider = await models.provider(await models.connection())
    models.tamper("UPDATE providers SET base_url = 'https://evil.example/v1'")
    with pytest.raises(Unreadable):
        await check.check(models.admin, provider.id)
    assert vendor.asked == []


async def test_to_others_it_does_not_exist(models: Models, check: ProviderCheck, vendor: Vendor) -> None:
    provider = await models.provider(await models.connection())
    with pytest.raises(NotFound):
        await check.check(stranger(models), provider.id)
    assert vendor.asked == []


async def test_without_a_secret_that_lists_models_it_is_not_tried(
    models: Models, check: ProviderCheck, vendor: Vendor
) -> None:
    provider = await models.provider(await models.connection())
    models.tamper("UPDATE credentials SET receipt = NULL")
    with pytest.raises(Invalid):
        await check.check(models.admin, provider.id)
    assert vendor.asked == []
