"""Looking whether a provider accepts its secret: what is shown of it, and who is asked with which secret."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from strongroom.core.credentials import Material
from strongroom.core.credentials.api_key import ApiKey
from strongroom.core.credentials.bedrock_keys import BedrockKeys
from strongroom.core.failures import Invalid, NotFound, Unreadable
from strongroom.core.llm.connections import Connection, NewConnection
from strongroom.core.llm.providers import Provider, ProviderChange
from strongroom.core.llm.sent import Sent
from strongroom.core.llm.upstreams import Upstream
from strongroom.core.secret import Secret
from strongroom.services.llm_checking import Listed, Outcome, ProviderCheck
from strongroom.services.llm_cloud import CredentialUnavailable, ExchangeRefused
from tests.services.models import KEY, MARKS, Models, assembled, stranger
from tests.services.rooms import Rooms


@dataclass
class Vendor:
    """Lists two models, and remembers who asked where with what."""

    asked: list[tuple[str, Material]] = field(default_factory=list)
    refuses: Exception | None = None
    """What a cloud that it is, too, says."""

    async def prove(self, connection: Connection, material: Material) -> None:
        self.asked.append((connection.id, material))
        if self.refuses is not None:
            raise self.refuses

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
        table=rooms.store.routing,
        custodian=rooms.custodian,
        marks=MARKS,
        gate=rooms.gate,
        lister=vendor,
        clouds=vendor,
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


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (None, Outcome.OK),
        (ExchangeRefused("InvalidClientTokenId"), Outcome.REJECTED),
        (CredentialUnavailable("nobody"), Outcome.UNAVAILABLE),
    ],
)
async def test_of_a_clouds_identity_the_cloud_is_asked_and_no_model(
    models: Models, check: ProviderCheck, vendor: Vendor, said: Exception | None, outcome: Outcome
) -> None:
    vendor.refuses = said
    provider, connection = await bedrock(models, "aws_keys", access_key_id="AKIA", secret_access_key="s")
    found = await check.check(models.admin, provider.id)
    assert (found.outcome, found.because) == (outcome, None if said is None else str(said))
    assert (found.status, found.models, found.missing) == (None, None, ())
    assert vendor.asked == [(connection.id, BedrockKeys(access_key_id=Secret("AKIA"), secret_access_key=Secret("s")))]
    assert (await models.rooms.entries())[-1].record.action == "connection.check"
    vendor.asked.clear()
    models.tamper('UPDATE providers SET settings = \'{"region": "eu-west-1"}\'')
    with pytest.raises(Unreadable):
        await check.check(models.admin, provider.id)
    assert vendor.asked == []


async def test_a_key_that_lists_nothing_is_not_tried(models: Models, check: ProviderCheck, vendor: Vendor) -> None:
    provider, _ = await bedrock(models, "bedrock_api_key", key="a-key-of-bedrock")
    with pytest.raises(Invalid, match="first use"):
        await check.check(models.admin, provider.id)
    assert vendor.asked == []


async def test_where_each_client_brings_its_own_token_there_is_nothing_to_look_with(
    models: Models, check: ProviderCheck, vendor: Vendor
) -> None:
    new = NewConnection(name="theirs", model_provider="anthropic", auth_type="oauth_passthrough", sent=Sent())
    connection = await models.connections.create(models.admin, new)
    change = ProviderChange(name="Theirs", model_provider="anthropic", connection=connection.id)
    provider, _ = await models.providers.create(models.admin, change, ("m",))
    with pytest.raises(Invalid, match="no secret here"):
        await check.check(models.admin, provider.id)
    assert vendor.asked == []


async def bedrock(models: Models, auth_type: str, **credentials: str) -> tuple[Provider, Connection]:
    new = NewConnection(
        name="b",
        model_provider="bedrock",
        auth_type=auth_type,
        settings={"region": "us-east-1"},
        sent=Sent(credentials={name: Secret(value) for name, value in credentials.items()}),
    )
    connection = await models.connections.create(models.admin, new)
    change = ProviderChange(name="B", model_provider="bedrock", connection=connection.id)
    return (await models.providers.create(models.admin, change, ("m",)))[0], connection


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
