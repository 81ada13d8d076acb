"""Envelopes that must open for ever: whoever updates must be able to read what they stored."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from strongroom.core.binding import Binding
from strongroom.core.credentials import KINDS
from strongroom.crypto.keyring import KeyRing
from strongroom.crypto.materials import read_material, write_material
from strongroom.custody.kek.local import LocalKek
from strongroom.testing.entropy import CountingEntropy

VECTORS = json.loads(Path(__file__).with_name("envelopes.json").read_text(encoding="utf-8"))


def keys() -> KeyRing:
    holders = {
        int(term): LocalKek(key=base64.b64decode(key), entropy=CountingEntropy())
        for term, key in VECTORS["root_keys"].items()
    }
    return KeyRing(holders=holders, entropy=CountingEntropy())


@pytest.mark.parametrize("row", VECTORS["envelopes"], ids=lambda row: row["binding"]["subject"])
async def test_an_envelope_sealed_once_still_opens(row: dict[str, Any]) -> None:
    opened = await keys().open(Binding(**row["binding"]), base64.b64decode(row["envelope"]))
    assert opened == base64.b64decode(row["plaintext"])


@pytest.mark.parametrize(
    "row",
    [row for row in VECTORS["envelopes"] if row["binding"]["vault"] and row["binding"]["kind"] in KINDS],
    ids=lambda row: row["binding"]["kind"],
)
def test_the_material_inside_still_reads(row: dict[str, Any]) -> None:
    written = base64.b64decode(row["plaintext"])
    assert write_material(read_material(KINDS[row["binding"]["kind"]], written)) == written
