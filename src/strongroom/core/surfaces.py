"""Where in a request a placeholder may be replaced."""

from enum import StrEnum


class Surface(StrEnum):
    """A part of a request. Header values include the decoded user and password of Basic authorization."""

    HEADER = "header"
    BODY = "body"
    QUERY = "query"
    PATH = "path"
