"""The routes of codes that are pushed (contract skyvern-credentials 2: A6, B3)."""

from datetime import UTC, datetime
from typing import Annotated, final

from fastapi import Query, Request, Response
from pydantic import AfterValidator, BeforeValidator, Field

from strongroom.core.pushed_codes import CodeKind
from strongroom.core.secret import Secret
from strongroom.dialects.door import caller
from strongroom.dialects.replies import reply
from strongroom.dialects.skyvern import show_codes
from strongroom.dialects.skyvern import wire_replies as shown
from strongroom.dialects.skyvern.conventions import MAX_BODY
from strongroom.dialects.skyvern.hidden import Hidden
from strongroom.dialects.skyvern.paths import CREDENTIALS, PUSH, Paths
from strongroom.dialects.skyvern.wire import Asked, Model, ShortText, Text, refused
from strongroom.services.pushed_codes import CodesWanted, NewCode, PushedCodeService

MAX_LISTED = 200
MAX_ID = 128


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise refused("must be a time of the years 1 to 9999") from None


Id = Annotated[
    Annotated[Text, Field(max_length=MAX_ID)] | None, BeforeValidator(lambda sent: None if sent == "" else sent)
]
"""Of something that we have not; an empty text is none."""


class TotpCodeCreate(Model):
    """A message with a code in it."""

    totp_identifier: ShortText
    content: Annotated[
        Annotated[Secret, Hidden(most=MAX_BODY, least=0)],
        BeforeValidator(lambda sent: sent.replace("\0", "") if isinstance(sent, str) else sent),
    ]
    task_id: Id = None
    workflow_id: Id = None
    workflow_run_id: Id = None
    source: ShortText | None = None
    expired_at: Annotated[datetime, AfterValidator(_in_utc)] | None = None
    type: CodeKind | None = None


@final
class CodeRoutes:
    """Endpoints on codes that are pushed."""

    def __init__(self, *, codes: PushedCodeService) -> None:
        self._codes = codes

    def add_to(self, paths: Paths) -> None:
        """Add the table."""
        here = f"{CREDENTIALS}{PUSH}"
        shape = shown.PendingTotpCode | shown.TotpCode
        paths.current("POST", here, self.send_totp_code, creates=True, response_model=shape)
        paths.legacy("POST", PUSH, self.send_totp_code, creates=True)
        paths.current("GET", here, self.get_totp_codes, response_model=list[shown.TotpCode])

    async def send_totp_code(self, request: Request, sent: TotpCodeCreate) -> Response:
        """Forward a message with a one-time code in it."""
        pushed = await self._codes.push(
            caller(request),
            NewCode(
                identifier=sent.totp_identifier,
                content=sent.content,
                task=sent.task_id,
                workflow=sent.workflow_id,
                workflow_run=sent.workflow_run_id,
                source=sent.source,
                expired_at=sent.expired_at,
            ),
        )
        body = show_codes.pushed_code(pushed, sent.type)
        return reply(body if pushed.kind is not None else body | {"status": "raw_pending"})

    async def get_totp_codes(
        self,
        request: Request,
        totp_identifier: Asked = None,
        workflow_run_id: Asked = None,
        otp_type: CodeKind | None = None,
        limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 50,
    ) -> Response:
        """List what was pushed, newest first. Needs a key with the scope `totp:read`."""
        wanted = CodesWanted(
            limit=limit, identifier=totp_identifier or None, workflow_run=workflow_run_id or None, kind=otp_type
        )
        answer = reply(
            [show_codes.pushed_code(pushed, None) for pushed in await self._codes.page(caller(request), wanted)]
        )
        answer.headers["cache-control"] = "no-store"
        return answer
