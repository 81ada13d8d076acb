"""Whether a provider of models can be reached with its secret."""

from fastapi import APIRouter, Request

from strongroom.dialects.door import caller
from strongroom.dialects.native.shapes import PREFIX, Answer
from strongroom.services.catalogue import Services


class CheckedAnswer(Answer):
    """What came of it: `outcome` is ok, rejected, unexpected, unreachable or unavailable.

    `missing_models` are not on its list; `because` is what a cloud says of an identity, or why it could not be asked.
    """

    provider_id: str
    name: str
    outcome: str
    status: int | None
    models: int | None
    missing_models: list[str]
    because: str | None


def add_llm_checking(router: APIRouter, services: Services) -> None:
    """Add the route."""

    async def test_provider(request: Request, provider_id: str) -> CheckedAnswer:
        """Ask a provider for the list of its models, or a cloud whose the secret is. No model is asked anything."""
        checked = await services.provider_check.check(caller(request), provider_id)
        return CheckedAnswer(
            provider_id=checked.provider,
            name=checked.name,
            outcome=checked.outcome.value,
            status=checked.status,
            models=checked.models,
            missing_models=[*checked.missing],
            because=checked.because,
        )

    router.add_api_route(f"{PREFIX}/llm-providers/{{provider_id}}/test", test_provider, methods=["POST"])
