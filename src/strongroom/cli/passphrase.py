"""The root key's passphrase, typed at a terminal: hidden, and twice when it is a new one."""

import getpass
import sys

from strongroom.cli.complaint import Complaint
from strongroom.cli.output import note
from strongroom.core.secret import Secret
from strongroom.custody.kek import PassphraseNeed, passphrase_need
from strongroom.settings import Settings

VARIABLE = "STRONGROOM_ROOT_PASSPHRASE"


def with_passphrase(settings: Settings) -> Settings:
    """Return the settings with the passphrase, asked for if one is needed and none was given. Nothing is made yet.

    Raises `Complaint` where nobody can be asked, `NotReady` for a `--root-key` that is none.
    """
    need = passphrase_need(settings.root_key, settings.data_dir)
    if settings.root_passphrase is not None or need is PassphraseNeed.NONE:
        return settings
    if not sys.stdin.isatty():
        raise Complaint(f"the root key needs a passphrase: set {VARIABLE}, or start from a terminal to be asked")
    asked = _chosen() if need is PassphraseNeed.NEW else _ask("Passphrase of the root key (not shown): ")
    return settings.model_copy(update={"root_passphrase": asked})


def _chosen() -> Secret:
    note("a new root key: whoever loses its passphrase loses what is stored")
    chosen = _ask("New passphrase of the root key (not shown): ")
    if _ask("The same again: ") != chosen:
        raise Complaint("the passphrases differ: nothing was made")
    return chosen


def _ask(prompt: str) -> Secret:
    typed = getpass.getpass(prompt, stream=sys.stderr)
    if not typed:
        raise Complaint("a passphrase must not be empty")
    return Secret(typed)
