"""How many examples are drawn: a few in each run of the suite, the same ones each time; many others by `make fuzz`."""

from hypothesis import settings

USUAL, LONG = "strongroom", "long"
_TIMES = 50

settings.register_profile(USUAL, deadline=None)  # how long an example takes says what else runs
settings.register_profile(LONG, deadline=None, derandomize=False, max_examples=5000)


def drawing(usual: int) -> settings:
    """Return how to draw requests for one operation of an API: `usual` of them, and many times that in a long run."""
    if settings.get_current_profile_name() == LONG:
        return settings(max_examples=_TIMES * usual)
    return settings(max_examples=usual, derandomize=True)
