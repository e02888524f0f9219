"""Jobs whose every answer is known beforehand. A spec says it all, so that it can stand in a history.

{"kind": "noop", "first": 7, "tasks": 100}              a range
{"kind": "factorial", "first": 3, "tasks": 40}          a range; with "list": true the same numbers as a list
{"kind": "sleep", "ms": 10, "tasks": 50}                a list
{"kind": "echo", "text": "c1-4", "tasks": 200}          a list of texts that occur in no other job; "pad": bytes more
"""

import math

FACTORIAL_MAX = 60


def spec_of(rng, name, size):
    """A random job of about `size` tasks."""
    kind = rng.choice(["noop", "noop", "echo", "echo", "sleep", "factorial", "factorial list"])
    tasks = rng.randint(max(1, size // 2), size)
    if kind == "noop":
        return {"kind": "noop", "first": rng.randrange(10**9), "tasks": tasks}
    if kind == "echo":
        return {"kind": "echo", "text": name, "tasks": tasks, "pad": rng.choice([0, 0, 200])}
    if kind == "sleep":
        return {"kind": "sleep", "ms": rng.choice([1, 2, 5]), "tasks": min(tasks, 300)}
    first = rng.randrange(10)
    return {"kind": "factorial", "first": first, "tasks": min(tasks, FACTORIAL_MAX - first),
            "list": kind == "factorial list"}


def sleep_spec(ms, tasks):
    return {"kind": "sleep", "ms": ms, "tasks": tasks}


def arguments_of(spec):
    """The job's words on the command line, and what goes to its standard input (None: nothing)."""
    if spec["kind"] == "echo":
        return ["echo", "--from", "-"], "".join(f"{text_of(spec, index)}\n" for index in range(spec["tasks"]))
    if spec["kind"] == "sleep":
        return ["sleep", f"{spec['ms']}ms", "--count", str(spec["tasks"]), "--mode", "threads"], None
    first, last = spec["first"], spec["first"] + spec["tasks"] - 1
    if spec.get("list"):
        return [spec["kind"], "--from", "-"], "".join(f"{number}\n" for number in range(first, last + 1))
    return [spec["kind"], f"{first}..{last}"], None


def text_of(spec, index):
    return f"{spec['text']}/{index}" + "." * spec.get("pad", 0)


def answer_of(spec, index):
    """The args and the result that a record must show."""
    if spec["kind"] == "echo":
        return {"text": text_of(spec, index)}, {"text": text_of(spec, index)}
    if spec["kind"] == "sleep":
        return {"duration_ms": spec["ms"]}, {}
    number = spec["first"] + index
    if spec["kind"] == "noop":
        return {"n": number}, {"n": number}
    decimal = str(math.factorial(number))
    return {"n": number}, {"digits": len(decimal), "decimal": decimal}
