"""One-time codes as they are shown: to a key that has the scope for it, or that brought them itself."""

from strongroom.core.pushed_codes import CodeKind, PushedCode
from strongroom.crypto.totp import Code
from strongroom.dialects.skyvern import wire_replies as wire
from strongroom.dialects.skyvern.show import naive


def current_code(found: Code) -> wire.CredentialTotpCodeResponse:
    """Return the code of a login."""
    return {"code": found.code.reveal(), "seconds_remaining": found.seconds_remaining}


def pushed_code(pushed: PushedCode, type_: CodeKind | None) -> wire.TotpCode:
    """Return a code that was pushed, and the message that it was in, as long as there are such."""
    return {
        "totp_code_id": pushed.id,
        "organization_id": pushed.organization,
        "totp_identifier": pushed.identifier,
        "content": "" if pushed.content is None else pushed.content.reveal(),
        "code": "" if pushed.code is None else pushed.code.reveal(),
        "otp_type": None if pushed.kind is None else pushed.kind.value,
        "type": None if type_ is None else type_.value,
        "task_id": pushed.task,
        "workflow_id": pushed.workflow,
        "workflow_run_id": pushed.workflow_run,
        "source": pushed.source,
        "expired_at": None if pushed.expired_at is None else naive(pushed.expired_at),
        "created_at": naive(pushed.created_at),
        "modified_at": naive(pushed.created_at),
    }
