"""The tables of a run, each made by measuring whom it is about."""

from dataclasses import replace

from benchmarks.contestants import direct, strongroom
from benchmarks.contestants.contestant import Contestant
from benchmarks.load.job import Route
from benchmarks.outcome import Outcome, Section
from benchmarks.place import Place
from benchmarks.rounds import alone, in_turns, say
from benchmarks.scenarios import (
    DISTINCT,
    FLATNESS,
    HTTP2,
    KEEP_ALIVE,
    NEW_TUNNEL,
    STREAM,
    UPLOAD,
    WORKERS,
    Pace,
    api_list,
    half_load,
    many_sessions,
)


def requests(place: Place, contestants: list[Contestant], pace: Pace) -> Section:
    """Measure short requests: tunnels that stay open, and a new one for each."""
    outcomes: list[Outcome] = []
    for scenario in (*KEEP_ALIVE, DISTINCT, NEW_TUNNEL):
        outcomes += in_turns(place, scenario, contestants, pace)
    title = "A request: 1 KiB of JSON, TLS on both sides, one header substituted"
    return Section(title=title, base=strongroom.NAME, outcomes=tuple(outcomes))


def http2(place: Place, contestants: list[Contestant], pace: Pace) -> Section:
    """Measure short requests of clients that speak HTTP/2; the upstream does not."""
    proxies = [contestant for contestant in contestants if contestant.name != direct.NAME]
    outcomes = in_turns(place, HTTP2, proxies, pace)
    return Section(title="A client that speaks HTTP/2", base=strongroom.NAME, outcomes=tuple(outcomes))


def workers(place: Place, pace: Pace) -> Section:
    """Measure one process and two; they share all cores with load generator and upstream, so nothing is pinned."""
    with (
        strongroom.strongroom(place, "strongroom-alone", pinned=False) as one,
        strongroom.strongroom(place, "strongroom-workers", workers=2, pinned=False) as two,
    ):
        compared = [one.contestant("1 process"), two.contestant("2 workers")]
        outcomes = [outcome for scenario in WORKERS for outcome in in_turns(place, scenario, compared, pace)]
    return Section(title="One process and two workers, pinned to no core", base="1 process", outcomes=tuple(outcomes))


def stream(place: Place, contestants: list[Contestant], pace: Pace) -> Section:
    """Measure a long reply and a long request, and the memory that they take."""
    outcomes = in_turns(place, STREAM, contestants, pace) + in_turns(place, UPLOAD, contestants, pace)
    return Section(title="Long bodies, streamed", base=strongroom.NAME, outcomes=tuple(outcomes), about="streams")


def memory(measured: Section) -> Section:
    """Show the memory that short requests took, and how often they needed a new connection."""
    shown = [each for each in measured.outcomes if each.scenario in KEEP_ALIVE and each.contestant != direct.NAME]
    return Section(
        title="Memory, and connections to the upstream", base=strongroom.NAME, outcomes=tuple(shown), about="memory"
    )


def latency(place: Place, contestants: list[Contestant], pace: Pace, measured: Section) -> Section:
    """Measure what Strongroom adds to the direct connection at half of the load that it was just seen to carry."""
    most = measured.figure_of(strongroom.NAME, FLATNESS, "rps")
    both = [contestant for contestant in contestants if contestant.name in {direct.NAME, strongroom.NAME}]
    outcomes = in_turns(place, half_load(most or 0.0), both, pace)
    return Section(title="Latency at half load", base=strongroom.NAME, outcomes=tuple(outcomes))


def sessions(place: Place, server: strongroom.Server, one: Contestant, pace: Pace) -> Section:
    """Measure that many live sessions are served as fast as one."""
    say(f"opening {pace.sessions} sessions")
    compared = [replace(one, name="1 session"), server.many(f"{pace.sessions:,} sessions", pace.sessions)]
    outcomes = in_turns(place, many_sessions(pace.sessions), compared, pace)
    title = "Strongroom with one session and with many"
    return Section(title=title, base="1 session", outcomes=tuple(outcomes), flat=True)


def full_server(place: Place, one: Contestant, pace: Pace) -> list[Section]:
    """Measure that a server with many credentials is as fast as one with a single credential, and its API."""
    with (
        strongroom.strongroom(place, "strongroom-full") as full,
        strongroom.strongroom(place, "strongroom-fullest") as fullest,
    ):
        say(f"storing {pace.credentials} credentials, and {pace.many_credentials}")
        vaults = full.fill(pace.credentials)
        fullest.fill(pace.many_credentials)
        stored = f"{pace.credentials:,} stored"
        some = f"{strongroom.PER_VAULT} of them in the session"
        compared = [
            replace(one, name="1 stored"),
            full.contestant(f"{stored}, {some}"),
            full.contestant(f"{stored}, all of them in the session", vaults),
            fullest.contestant(f"{pace.many_credentials:,} stored, {some}"),
        ]
        flatness = in_turns(place, FLATNESS, compared, pace)
        path = f"/v1/vaults/{full.vault}/credentials?limit={strongroom.PER_VAULT}"
        listing = api_list(path, len(full.api.get(path)))
        api = alone(place, listing, _api_of(full), pace, full.api.headers)
    title = "Strongroom with few credentials and with many"
    return [
        Section(title=title, base="1 stored", outcomes=tuple(flatness), flat=True),
        Section(title="Strongroom's API", base=strongroom.NAME, outcomes=(api,)),
    ]


def _api_of(server: strongroom.Server) -> Contestant:
    host, port = server.api.authority
    route = Route(host=host, port=port)
    return Contestant(name=strongroom.NAME, version="", route=route, authorization="", child=server.child)
