"""Who may keep secrets here, and whether each of them would."""

from fastapi import APIRouter, Request
from pydantic import Field

from strongroom.dialects.door import caller
from strongroom.dialects.native.shapes import PREFIX, Answer
from strongroom.services.catalogue import Services


class CustodianAnswer(Answer):
    """How one stands for the caller's organization, at this moment."""

    id: str = Field(description="The name that a credential's `custodian` has for it.")
    type: str = "custodian"
    default: bool = Field(description="Whether it keeps what names no other.")
    configured: bool = Field(description="Whether it is set up, for all organizations or for this one.")
    works: bool | None = Field(description="Whether it would serve now; null if it is not set up.")
    problem: str | None = Field(description="Why it would not.")


class CustodianList(Answer):
    """All of them, our own first."""

    data: list[CustodianAnswer]


def add_custodians(router: APIRouter, services: Services) -> None:
    """Add the route."""

    async def list_custodians(request: Request) -> CustodianList:
        """Ask each custodian whether it would serve: it takes as long as the slowest, ten seconds at most."""
        return CustodianList(
            data=[
                CustodianAnswer(
                    id=each.custodian,
                    default=each.is_default,
                    configured=each.is_set_up,
                    works=not each.failure if each.is_set_up else None,
                    problem=each.failure or None,
                )
                for each in await services.custodian_checks.look(caller(request))
            ]
        )

    router.add_api_route(f"{PREFIX}/custodians", list_custodians, methods=["GET"])
