"""A role of somebody's AWS account that this server takes on with its own identity; nothing is kept."""

from dataclasses import dataclass
from typing import ClassVar, final

from strongroom.core.credentials.base import Kind
from strongroom.core.credentials.connection import ConnectionDetails, ConnectionMaterial


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AwsRoleDetails(ConnectionDetails):
    """Where it goes."""

    tag: ClassVar[str] = "aws_role"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AwsRole(ConnectionMaterial):
    """Nothing: the role is named in the settings."""

    tag: ClassVar[str] = "aws_role"


AWS_ROLE = Kind(tag=AwsRole.tag, details=AwsRoleDetails, material=AwsRole)
