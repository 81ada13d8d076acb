"""What a command ends with when it cannot do what it was asked."""

from typing import final


class Complaint(Exception):
    """One sentence for standard error; the command ends with exit code 1."""


@final
class NoServer(Complaint):
    """Nothing answers at the server's address."""


@final
class Refusal(Complaint):
    """The server answered no. `status` is the HTTP status."""

    def __init__(self, sentence: str, *, status: int) -> None:
        super().__init__(sentence)
        self.status = status
