"""Commands that measure the system, each on a stack of its own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cli.console import err, out

if TYPE_CHECKING:
    from bench.figures import Result

app = typer.Typer(
    help="Measure the promises, each time on a fresh stack with stand-ins. "
    "Exit status 0: every promise measured is kept.",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object, nothing else.")]
Seed = Annotated[int, typer.Option(help="Another seed: other devices and problems.")]
StockRuns = Annotated[
    int, typer.Option(min=0, max=50, help="Runs of the baseline, stock Prefect; 0: none.")
]


@app.command()
def accept(
    *,
    rate: Annotated[float, typer.Option(min=1, max=1000, help="Requests per second.")] = 100,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long.")] = 60,
    search: Annotated[bool, typer.Option(help="Look for the highest rate, too.")] = True,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Accept a steady stream of requests while the worker works."""
    from bench.accept import measure_accept

    _show(
        measure_accept(rate=rate, seconds=seconds, search=search, seed=seed, tell=_tell),
        as_json=as_json,
    )


@app.command()
def start(
    *,
    n: Annotated[int, typer.Option("--n", min=1, max=2000, help="Requests, one a second.")] = 100,
    stock_n: StockRuns = 10,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Time from the webhook to the first mail and to the running flow, beside stock Prefect."""
    from bench.start import measure_start

    _show(measure_start(n=n, stock_n=stock_n, seed=seed, tell=_tell), as_json=as_json)


@app.command()
def burst(
    *,
    n: Annotated[int, typer.Option("--n", min=1, max=2000, help="Requests, all at once.")] = 500,
    clients: Annotated[int, typer.Option(min=1, max=128, help="Connections.")] = 16,
    stock_n: StockRuns = 10,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Send many requests at once and an urgent one after them, beside stock Prefect."""
    from bench.burst import measure_burst

    _show(
        measure_burst(n=n, clients=clients, stock_n=stock_n, seed=seed, tell=_tell),
        as_json=as_json,
    )


@app.command()
def drain(
    *,
    n: Annotated[int, typer.Option("--n", min=1, max=2000, help="Requests that wait.")] = 200,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Work off a backlog, beside a bare loop of Prefect's own calls."""
    from bench.drain import measure_drain

    _show(measure_drain(n=n, seed=seed, tell=_tell), as_json=as_json)


@app.command()
def recover(
    *,
    n: Annotated[int, typer.Option("--n", min=2, max=100, help="Requests in flight.")] = 10,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Kill the worker in the middle of its runs, and time how they go on."""
    from bench.recover import measure_recover

    _show(measure_recover(n=n, seed=seed), as_json=as_json)


@app.command()
def outage(
    *,
    seconds: Annotated[
        float, typer.Option(min=5, max=600, help="How long Prefect is kept away.")
    ] = 120,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Keep Prefect away while requests come in, then see that all get done."""
    from bench.outage import measure_outage

    _show(measure_outage(seconds=seconds, seed=seed), as_json=as_json)


@app.command()
def sleep(
    *,
    n: Annotated[int, typer.Option("--n", min=1, max=5000, help="Runs that sleep.")] = 1000,
    as_json: AsJson = False,
) -> None:
    """Let runs sleep, see what they cost once everything was restarted, and wake some."""
    from bench.sleep import measure_sleep

    _show(measure_sleep(n=n, tell=_tell), as_json=as_json)


@app.command()
def chaos(
    *,
    kills: Annotated[int, typer.Option(min=1, max=1000, help="Parts to be killed.")] = 20,
    seed: Annotated[int, typer.Option(help="The same seed: the same schedule.")] = 0,
    workers: Annotated[int, typer.Option(min=1, max=4, help="Worker processes.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Kill parts and let services fail under load, then check that all came out right."""
    from bench.chaos import measure_chaos

    result = measure_chaos(kills=kills, seed=seed, workers=workers, tell=_tell_event)
    _show(result, as_json=as_json)


@app.command()
def contacts(
    *,
    n: Annotated[int, typer.Option("--n", min=100, max=100_000, help="Contacts.")] = 10_000,
    wrong: Annotated[int, typer.Option(min=0, max=50, help="Wrong ones in a hundred.")] = 1,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Upsert contacts into HubSpot at its limit, some of them wrong."""
    from bench.contacts import measure_contacts

    _show(measure_contacts(n=n, wrong_in_100=wrong, seed=seed, tell=_tell), as_json=as_json)


@app.command()
def forecast(
    *,
    parts: Annotated[int, typer.Option(min=100, max=100_000, help="Parts.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Another seed: other parts.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Forecast sparse demand by the method chosen for each part, beside every single method."""
    from bench.forecast import measure_forecast

    _show(measure_forecast(parts=parts, seed=seed, tell=_tell), as_json=as_json)


@app.command()
def labels(
    *,
    n: Annotated[int, typer.Option("--n", min=10, max=10_000, help="Pictures.")] = 300,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Read labels from distorted pictures; needs no stack."""
    from bench.labels import measure_labels

    _show(measure_labels(n=n, seed=seed, tell=_tell), as_json=as_json)


@app.command()
def services(
    *,
    processes: Annotated[int, typer.Option(min=1, max=8, help="That share an account.")] = 4,
    pairs: Annotated[int, typer.Option(min=10, max=5000, help="Calls with and without.")] = 400,
    as_json: AsJson = False,
) -> None:
    """Share an account among processes, and time a call beside plain httpx."""
    from bench.services import measure_services

    _show(measure_services(processes=processes, pairs=pairs), as_json=as_json)


@app.command()
def sourcing(
    *,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="How often all of it is done.")] = 3,
    delay: Annotated[
        float, typer.Option(min=0, max=5, help="Seconds that eBay takes to answer.")
    ] = 0.3,
    kill: Annotated[
        bool, typer.Option("--kill", help="Prefect and the workers, while the manager thinks.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let ten parts run low, and have them ordered."""
    from bench.sourcing import measure_sourcing

    found = measure_sourcing(rounds=rounds, ebay_seconds_per_call=delay, killed=kill, tell=_tell)
    _show(found, as_json=as_json)


def _tell_event(what: str) -> None:
    err.print(what, style="dim", highlight=False)


def _tell(what: str) -> None:
    err.print(f"{what} ...", style="dim")


def _show(result: Result, *, as_json: bool) -> None:
    """Print a result; exit with 1 when a promise isn't kept."""
    if as_json:
        sys.stdout.write(result.model_dump_json() + "\n")
    else:
        out.print(result.tables())
    if not result.is_kept:
        raise typer.Exit(1)
