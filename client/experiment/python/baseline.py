"""The same work as Brigade's, in the ways that Python offers: in sequence, threads, processes, coroutines.

Usage: baseline.py SPEC.json, which names the kind, the mode, the arguments and how much runs at once. Prints one line
of JSON: the seconds of the measured pass and how many tasks failed. Pools and sessions are made, and the warm-up passes
run, before the clock starts, as a cluster of Brigade's is up before its clock starts.
"""

import asyncio
import concurrent.futures
import hashlib
import json
import math
import multiprocessing
import sys
import threading
import time

if hasattr(sys, "set_int_max_str_digits"):
    sys.set_int_max_str_digits(0)  # a factorial has more than 4300 digits

with open(sys.argv[1], encoding="utf-8") as file:
    SPEC = json.load(file)
LOCAL = threading.local()  # one connection pool per thread


def factorial(n):
    number = math.factorial(n)
    form = SPEC["as"]
    if form == "binary":
        return number
    if form == "hex":
        return hex(number)
    digits = str(number)
    if form == "digits":
        return len(digits)
    return hashlib.sha256(digits.encode()).hexdigest() if form == "digest" else digits


def fetch(url):
    import requests
    if not hasattr(LOCAL, "session"):
        LOCAL.session = requests.Session()
    return len(LOCAL.session.get(url, timeout=30).content)


def spin(nanoseconds):
    end = time.thread_time_ns() + nanoseconds
    while time.thread_time_ns() < end:
        pass


def same(argument):
    return argument


TASKS = {"factorial": factorial, "fetch": fetch, "spin": spin, "noop": same, "echo": same,
         "sleep": lambda nanoseconds: time.sleep(nanoseconds / 1e9)}


def attempt(argument):
    """Whether the task ended well."""
    try:
        TASKS[SPEC["kind"]](argument)
        return True
    except Exception as error:  # whatever it is, it is counted and the next task runs
        print(f"{argument!r:.200}: {error}", file=sys.stderr)
        return False


async def attempt_async(argument, session, slots):
    """The same; only fetches and sleeps have anything to wait for, all else blocks the loop."""
    async with slots:
        if SPEC["kind"] == "sleep":
            await asyncio.sleep(argument / 1e9)
            return True
        if SPEC["kind"] != "fetch":
            return attempt(argument)
        try:
            async with session.get(argument) as answer:
                await answer.read()
            return True
        except Exception as error:
            print(f"{argument!r:.200}: {error}", file=sys.stderr)
            return False


def timed(run):
    """Warm-up passes, then the measured one: its seconds and what it answered."""
    for _ in range(SPEC["warmup"]):
        run()
    begin = time.perf_counter()
    answers = run()
    return time.perf_counter() - begin, answers


async def timed_async(arguments):
    async def everything(session):
        slots = asyncio.Semaphore(SPEC["io_concurrency"])
        begin = time.perf_counter()
        answers = await asyncio.gather(*(attempt_async(argument, session, slots) for argument in arguments))
        return time.perf_counter() - begin, answers

    async def passes(session):
        for _ in range(SPEC["warmup"]):
            await everything(session)
        return await everything(session)

    if SPEC["kind"] != "fetch":
        return await passes(None)
    import aiohttp
    connector = aiohttp.TCPConnector(limit=SPEC["io_concurrency"])
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(30)) as session:
        return await passes(session)


def main():
    arguments = SPEC["arguments"]
    mode = SPEC["mode"]
    if mode == "sequential":
        seconds, answers = timed(lambda: [attempt(argument) for argument in arguments])
    elif mode == "threading":
        with concurrent.futures.ThreadPoolExecutor(SPEC["threads"]) as pool:
            seconds, answers = timed(lambda: list(pool.map(attempt, arguments)))
    elif mode == "multiprocessing":
        with multiprocessing.Pool(SPEC["workers"]) as pool:
            seconds, answers = timed(lambda: pool.map(attempt, arguments))
    else:
        seconds, answers = asyncio.run(timed_async(arguments))
    print(json.dumps({"seconds": seconds, "tasks": len(answers), "failed": answers.count(False)}))


if __name__ == "__main__":
    main()
