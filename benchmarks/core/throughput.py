"""Two-tool exchanges a second, with a model that takes no time.

    python -m benchmarks.core.throughput [postgresql+psycopg://user@host/an_empty_database]

Each exchange asks for two functions at once, runs them and answers: three model turns' worth of
steps, all in the log before anybody is told. The baseline is the same model, and the same
functions, run without any log.
"""

import argparse
import asyncio
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from benchmarks.pages.server import load
from conversation.choice import Choice
from conversation.follower import Follower
from conversation.signals import Asking, Saying
from conversation.turns import Round, Said, Turn
from proxies.demo import DemoProxy
from setup.bootstrap import build
from setup.core import ParleyCore
from setup.settings import Settings
from tools.registry import Tools
from tools.stocks import stock_tools

TEXT: Final = "Compare Microsoft and Nvidia"
COUNT: Final = 400
DEMO: Final = Choice(provider="demo")


async def alone(count: int, at_once: int) -> float:
    """Return exchanges a second of the model and its functions, without a log."""
    model, tools = DemoProxy(delay=0), Tools(*stock_tools("sample"))
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await exchange_alone(model, tools)

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(at_once)))
    return count / (time.perf_counter() - started)


async def exchange_alone(model: DemoProxy, tools: Tools) -> None:
    """Ask, run what functions the model wants, and ask again, until it has answered."""
    rounds: tuple[Round, ...] = ()
    while True:
        turn = Turn(
            model="demo",
            messages=(Said(role="user", text=TEXT),),
            rounds=rounds,
            tools=tools.specs(),
        )
        signals = [signal async for signal in model.respond(turn)]
        calls = next((one.calls for one in signals if isinstance(one, Asking)), ())
        if not calls:
            return
        said = "".join(one.text for one in signals if isinstance(one, Saying))
        results = tuple(await asyncio.gather(*map(tools.run, calls)))
        rounds += (Round(text=said, calls=calls, results=results),)


def logged(core: ParleyCore, count: int, at_once: int) -> float:
    """Return exchanges a second through the core."""

    def exchange(_: int) -> None:
        run = core.start(TEXT, DEMO)
        with Follower(core.feed, run.id) as follower:
            while not follower.ended:
                follower.wait(10)
                follower.take()

    started = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(exchange, range(count)))
    return count / (time.perf_counter() - started)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("url", nargs="?", help="an empty database; else one of SQLite")
    parser.add_argument("--count", type=int, default=COUNT, help="how many exchanges")
    options = parser.parse_args()
    print("| at once | without a log, exchanges/s | through the core, exchanges/s | load |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        given = {
            "database_url": options.url or f"sqlite:///{Path(folder) / 'parley.db'}",
            "stock_prices": "sample",
            "demo_delay_seconds": 0,
        }
        core = build(Settings.model_validate(given))
        try:
            logged(core, 20, 4)
            for at_once in (1, 10, 50):
                count = options.count if at_once > 1 else options.count // 4
                plain = asyncio.run(alone(count, at_once))
                kept = logged(core, count, at_once)
                print(f"| {at_once} | {plain:,.0f} | {kept:,.0f} | {load()} |", flush=True)
        finally:
            core.close()


if __name__ == "__main__":
    main()
