"""What a text may be made of, wherever it comes from."""

import unicodedata


def well_formed(text: str) -> bool:
    r"""Tell whether a text can be written in UTF-8. JSON lets halves of surrogate pairs through (`"\ud800"`)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def has_controls(text: str) -> bool:
    """Tell whether there is something in a text that is not to be shown or sent: a control, or half of a pair."""
    return any(unicodedata.category(char) in _CONTROLS for char in text)


_CONTROLS = frozenset({"Cc", "Cs"})
"""Unicode's categories of control characters (C0, DEL, C1) and of surrogates."""
