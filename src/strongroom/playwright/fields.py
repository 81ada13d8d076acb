"""Where on a page a login is typed: by what its fields say of themselves, first by the standard's own words.

`autocomplete` says it in so many words (HTML, section 4.10.18.7); names, types and labels are what is left to go by.
"""

from dataclasses import dataclass
from typing import Any, final

from strongroom.playwright.steps import Steps

_TEXTS = ":is(input:not([type]), input[type=text], input[type=email], input[type=tel], input[type=number])"
USERNAME = (
    "input[autocomplete~=username i]:visible",
    "input[autocomplete~=email i]:visible",
    "input[type=email]:visible",
    ", ".join(
        f"{_TEXTS}[{attribute}*='{word}' i]:visible"
        for attribute in ("name", "id", "aria-label", "placeholder")
        for word in ("user", "login", "mail")
    ),
)
PASSWORD = ("input[type=password][autocomplete~=current-password i]:visible", "input[type=password]:visible")
_CODES = f":is({_TEXTS}, input[type=password])"
CODE = (
    "input[autocomplete~=one-time-code i]:visible",
    ", ".join(
        f"{_CODES}[{attribute}*='{word}' i]:visible"
        for attribute in ("name", "id", "aria-label", "placeholder")
        for word in ("otp", "one-time", "2fa", "mfa", "code", "digit")
    ),
)
BOX = "[maxlength='1']"
CODE_LABELS = ("one-time", "verification", "authentic", "security code", "passcode", "-digit", "otp", "2fa", "mfa")
"""What the label of a code's field says, where the field itself says nothing."""
SUBMIT = ("button[type=submit]:visible", "input[type=submit]:visible", "button:not([type]):visible")
BUTTONS = ":is(button, input[type=button], [role=button]):visible"
SENDS = ("log in", "login", "sign in", "continue", "next", "submit", "verify")
"""What a button says where scripts of the page send what was typed."""
ELSEWHERE = " with "
"""What one says that leads to another place to sign in: “Sign in with Example”."""
LEAST_BOXES = 4


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The fields of a login that a frame shows now. A code has one field, or one for each of its digits."""

    username: Any | None
    password: Any | None
    code: tuple[Any, ...]


def look(frame: Any) -> Steps[Fields]:  # noqa: ANN401 - a frame or a page of either interface
    """Find them."""
    code = yield from _code(frame)
    password = yield from _first(frame, PASSWORD, but=code)
    username = yield from _first(frame, USERNAME, but=code)
    if username is None and password is not None:
        username = yield from _before(password, but=code)
    return Fields(username=username, password=password, code=code)


def submit_button(field: Any) -> Steps[Any | None]:  # noqa: ANN401 - an element of either interface
    """Find what sends the form that a field is in, or what stands on a page without forms in its place."""
    form = yield from _form(field)
    found = yield from _first(form, SUBMIT)
    if found is not None:
        return found
    for button in (yield lambda: form.query_selector_all(BUTTONS)):
        said = yield lambda: button.evaluate("(one) => [one.ariaLabel, one.value, one.textContent].join(' ')")  # noqa: B023 - called now
        if any(word in said.lower() for word in SENDS) and ELSEWHERE not in said.lower():
            return button
    return None


def _code(frame: Any) -> Steps[tuple[Any, ...]]:  # noqa: ANN401 - as above
    for selector in CODE:
        boxes = yield lambda: frame.locator(selector).and_(frame.locator(BOX)).element_handles()  # noqa: B023 - called now
        if boxes:  # of a row of boxes often the first alone says what they are for
            form = yield from _form(boxes[0])
            row = yield lambda: form.query_selector_all(f"{_CODES}{BOX}:visible")  # noqa: B023 - as above
            if len(row) >= LEAST_BOXES:
                return tuple(row)
        one = yield lambda: frame.query_selector(selector)  # noqa: B023 - as above
        if one is not None:
            return (one,)
    for one in (yield lambda: frame.query_selector_all(f"{_TEXTS}:not([type=email]):visible")):
        label = yield lambda: one.evaluate("(one) => [...(one.labels ?? [])].map((each) => each.textContent).join()")  # noqa: B023 - as above
        if any(word in label.lower() for word in CODE_LABELS):
            return (one,)
    return ()


def _before(password: Any, but: tuple[Any, ...]) -> Steps[Any | None]:  # noqa: ANN401 - as above
    """Find what is asked for just before a password: a name, whatever it is called."""
    form = yield from _form(password)
    nearest = None
    for found in (yield lambda: form.query_selector_all(f"{_TEXTS}:visible")):
        follows = "(one, other) => Boolean(one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING)"
        if (yield lambda: found.evaluate(follows, password)) and not (yield from _among(found, but)):  # noqa: B023 - as above
            nearest = found
    return nearest


def _form(field: Any) -> Steps[Any]:  # noqa: ANN401 - as above
    """Return the form that a field is in, or the page where it is in none."""
    form = yield lambda: field.query_selector("xpath=ancestor::form[1]")
    if form is None:
        form = yield field.owner_frame
    return form


def _first(frame: Any, selectors: tuple[str, ...], but: tuple[Any, ...] = ()) -> Steps[Any | None]:  # noqa: ANN401 - as above
    for selector in selectors:
        for found in (yield lambda: frame.query_selector_all(selector)):  # noqa: B023 - as above
            if not (yield from _among(found, but)):
                return found
    return None


def _among(found: Any, others: tuple[Any, ...]) -> Steps[bool]:  # noqa: ANN401 - as above
    for other in others:
        if (yield lambda: found.evaluate("(one, other) => one === other", other)):  # noqa: B023 - as above
            return True
    return False
