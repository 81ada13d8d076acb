"""Whether a provider of models can be reached with its secret."""

from fastapi import APIRouter, Request

from strongroom.dialects.door import caller
from strongroom.dialects.native.shapes import PREFIX, Answer
from strongroom.services.catalogue import Services


class CheckedAnswer(Answer):
    """What came of it: `outcome` is ok, rejected, unexpected or unreachable; `missing_models` are not on its list."""

    provider_id: str
    name: str
    outcome: str
    status: int | None
    models: int | None
    missing_models: list[str]


def add_llm_checking(router: APIRouter, services: Services) -> None:
    """Add the route."""

    async def test_provider(request: Request, provider_id: str) -> CheckedAnswer:
        """Ask a provider for the list of its models, with its secret. No model is asked anything."""
        checked = await services.provider_check.check(caller(request), provider_id)
        return CheckedAnswer(
            provider_id=checked.provider,
            name=checked.name,
            outcome=checked.outcome.value,
            status=checked.status,
            models=checked.models,
            missing_models=[*checked.missing],
        )

    router.add_api_route(f"{PREFIX}/llm-providers/{{provider_id}}/test", test_provider, methods=["POST"])
