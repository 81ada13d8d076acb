"""The figures in `docs/performance.md`, replaced by those of a run: nobody copies them by hand."""

BEGIN = "<!-- figures: written by `make bench ARGS='--into docs/performance.md'` -->"
END = "<!-- end of figures -->"


def with_figures(page: str, figures: str) -> str:
    """Return the page with these figures in the marked place. Raises `ValueError` if it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"there is no place for figures: {BEGIN} ... {END}")
    return f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}"
