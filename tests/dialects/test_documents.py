"""How the documents of dialects are answered."""

import asyncio

import httpx

from strongroom.dialects.mounting import Document


async def test_a_document_is_written_when_it_is_asked_for_and_once_for_all_who_ask() -> None:
    written: list[bytes] = []

    def write() -> bytes:
        written.append(b'{"openapi": "3.1.0"}')
        return written[-1]

    document = Document(write)
    assert not written
    async with httpx.AsyncClient(transport=httpx.ASGITransport(document), base_url="http://here") as client:
        assert (await client.post("/")).status_code == 405
        answers = await asyncio.gather(*(client.get("/") for _ in range(3)))
    assert {answer.content for answer in answers} == {b'{"openapi": "3.1.0"}'}
    assert len(written) == 1
