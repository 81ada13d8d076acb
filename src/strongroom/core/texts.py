"""What a text may be made of, wherever it comes from."""


def well_formed(text: str) -> bool:
    r"""Tell whether a text can be written in UTF-8. JSON lets halves of surrogate pairs through (`"\ud800"`)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
