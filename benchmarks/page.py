"""The figures in `docs/performance.md`, replaced by those of a run: nobody copies them by hand."""

from pathlib import Path

BEGIN = "<!-- figures: written by `make bench ARGS='--into docs/performance.md'` -->"
END = "<!-- end of figures -->"


def with_figures(page: str, figures: str) -> str:
    """Return the page with these figures in the marked place. Raises `ValueError` if it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"there is no place for figures: {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}"


def can_hold(page: Path) -> bool:
    """Tell whether a file is a page that has the marked place: asked before anything is measured."""
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    return BEGIN in text and END in text.partition(BEGIN)[2]
