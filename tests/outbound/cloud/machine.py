"""Asks for tokens as a machine of its own, and prints each, or why there is none."""

import asyncio
import sys

import trustme

from strongroom.services.llm_cloud import CredentialUnavailable
from tests.outbound.cloud.bench import Case, benched, case
from tests.outbound.cloud.peers import ROBOT, Clouds

PLACE = {"project_id": "project", "location": "us-central1"}


def chosen(how: str, key: str) -> Case:
    if how == "own":
        return case("vertex", "google_adc", PLACE)
    return case("vertex", "google_service_account", PLACE, client_email=ROBOT, private_key=key)


async def main(hows: list[str]) -> None:
    clouds = Clouds(authority=trustme.CA())
    async with benched(clouds, 9, listed=False) as bench:  # nobody is at that port
        for how in hows:
            try:
                print(await bench.bearer(chosen(how, clouds.key)))
            except CredentialUnavailable as unavailable:
                print(unavailable)


asyncio.run(main(sys.argv[1:]))
