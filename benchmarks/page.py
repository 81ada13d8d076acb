"""The figures in `docs/performance.md`, replaced by those of a run: nobody copies them by hand."""

from pathlib import Path

BEGIN = "<!-- figures: written by `make bench ARGS='--into docs/performance.md'` -->"
END = "<!-- end of figures -->"


def with_figures(page: str, figures: str, begins: str = BEGIN, ends: str = END) -> str:
    """Return the page with these figures in the marked place. Raises `ValueError` if it has none."""
    before, begin, rest = page.partition(begins)
    _, end, after = rest.partition(ends)
    if not begin or not end:
        raise ValueError(f"there is no place for figures: {begins} ... {ends}")
    return f"{before}{begins}\n\n{figures}\n\n{ends}{after}"


def can_hold(page: Path, begins: str = BEGIN, ends: str = END) -> bool:
    """Tell whether a file is a page that has the marked place: asked before anything is measured."""
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    return begins in text and ends in text.partition(begins)[2]
