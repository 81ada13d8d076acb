"""What the demo prints: steps, what was seen in each, and whether it was as it must be."""

from dataclasses import dataclass, field
from typing import final

from rich.console import Console
from rich.text import Text


@final
@dataclass(slots=True)
class Transcript:
    """Collects what was observed, and prints it as it comes unless `quiet`."""

    quiet: bool
    observed: dict[str, bool] = field(default_factory=dict)
    _console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))
    _steps: int = 0

    @property
    def complete(self) -> bool:
        """Whether everything that was looked for was really seen."""
        return bool(self.observed) and all(self.observed.values())

    def title(self, text: str, below: str) -> None:
        """Open the page."""
        self._print(Text(f"\n{text}", style="bold"))
        self._print(Text(below, style="dim"))

    def step(self, text: str) -> None:
        """Open a step."""
        self._steps += 1
        self._print(Text(f"\n{self._steps}  {text}", style="bold cyan"))

    def command(self, text: str) -> None:
        """Show what was typed."""
        self._line(Text.assemble(("$ ", "dim"), text))

    def saw(self, who: str, what: str) -> None:
        """Show what somebody saw."""
        self._line(Text.assemble((f"{who:<26}", "dim"), what))

    def check(self, claim: str, *, held: bool) -> None:
        """Note whether a claim was observed."""
        self.observed[claim] = held
        mark, style = ("✔", "green") if held else ("✘", "bold red")
        self._line(Text.assemble((f"{mark} ", style), (claim, style)))

    def close(self, text: str) -> None:
        """End the page."""
        style = "bold green" if self.complete else "bold red"
        self._print(Text(f"\n{text}\n", style=style))

    def _line(self, text: Text) -> None:
        for line in text.split(allow_blank=True):
            self._print(Text("   ").append_text(line))

    def _print(self, what: Text) -> None:
        if not self.quiet:
            self._console.print(what)


def masked(text: str, secret: str) -> str:
    """Return the text with the secret shown by its ends alone: enough to recognise it, too little to use it."""
    return text.replace(secret, f"{secret[:8]}{'•' * 12}{secret[-2:]}")
