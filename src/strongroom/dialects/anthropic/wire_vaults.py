"""Vaults on the wire (contract anthropic-vaults 3)."""

from typing import Literal

from typing_extensions import TypedDict

from strongroom.dialects.anthropic.fields import Metadata, MetadataPatch, Model, Name255


class NewVault(Model):
    """The body of a create."""

    display_name: Name255
    metadata: Metadata | None = None


class VaultUpdate(Model):
    """The body of an update; null keeps."""

    display_name: Name255 | None = None
    metadata: MetadataPatch | None = None


class Vault(TypedDict):
    """A vault. It never embeds its credentials."""

    id: str
    type: Literal["vault"]
    display_name: str
    metadata: dict[str, str]
    created_at: str
    updated_at: str
    archived_at: str | None


class VaultPage(TypedDict):
    """A page, newest first."""

    data: list[Vault]
    next_page: str | None


class DeletedVault(TypedDict):
    """The answer to a delete."""

    id: str
    type: Literal["vault_deleted"]
