"""Celery's share of scripts/bench-peers: one task that does nothing. REDIS is the server's URL."""

import os

from celery import Celery

app = Celery("peers", broker=os.environ["REDIS"] + "/0", backend=os.environ["REDIS"] + "/1")
app.conf.update(task_serializer="json", worker_prefetch_multiplier=4)


@app.task
def noop(n):
    return n
