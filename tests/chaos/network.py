"""Network namespaces with a cable between them that can be cut in one direction or both. Needs root.

A namespace lives as long as its holder, a shell that ends when we do: nothing is left behind, however we end.
"""

import ctypes
import os
import subprocess

CLONE_NEWNS = 0x00020000
NOBODY = "02:00:00:00:00:01"  # a hardware address that no card has: what is sent to it arrives nowhere


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")


def why_not():
    """Why there can be no namespaces and mounts here; empty: there can."""
    if os.getuid() != 0:
        return "needs root"
    try:
        with Namespace() as first, Namespace() as second:
            Cable(first, second, 0)
    except OSError as error:
        return str(error)
    return ""


def make_mounts_private():
    """What this process mounts from now on is seen by it and its children only, and goes with the last of them."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare: " + os.strerror(ctypes.get_errno()))
    run("mount", "--make-rprivate", "/")


class Namespace:
    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && echo ready && cat"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self.holder.stdout.readline() != "ready\n":
            raise OSError("no network namespace: " + self.holder.communicate()[1].strip())
        self.prefix = ["nsenter", f"--net=/proc/{self.holder.pid}/ns/net", "--"]

    def run(self, *command):
        run(*self.prefix, *command)

    def close(self):
        self.holder.communicate()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Cable:
    """Connects two namespaces. Each end has an address of its own network, 10.77.NUMBER.0/24."""

    def __init__(self, first, second, number):
        self.ends = [first, second]
        self.cards = [f"cable{number}a", f"cable{number}b"]
        self.addresses = [f"10.77.{number}.1", f"10.77.{number}.2"]
        first.run("ip", "link", "add", self.cards[0], "type", "veth", "peer", "name", self.cards[1],
                  "netns", str(second.holder.pid))
        for end, card, address in zip(self.ends, self.cards, self.addresses):
            end.run("ip", "address", "add", f"{address}/24", "dev", card)
            end.run("ip", "link", "set", card, "up")

    def cut(self, sender):
        """What end `sender` (0 or 1) sends is lost; the other direction stays."""
        self.ends[sender].run("ip", "neigh", "replace", self.addresses[1 - sender], "lladdr", NOBODY,
                              "dev", self.cards[sender], "nud", "permanent")

    def heal(self, sender):
        self.ends[sender].run("ip", "neigh", "del", self.addresses[1 - sender], "dev", self.cards[sender])
