"""Another caller, who measures what answers it gets while somebody attacks: see `benchmarks.abuse`.

    python -m benchmarks.bystander PORT KEY PATH

Says when it begins, works until its standard input ends, then prints what it met as JSON. It is a process of
its own with few imports, so that the attack takes no time from it but through the service.
"""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

SEND_EVERY_SECONDS = 0.05


@dataclass
class Waits:
    """What another caller met: milliseconds of answers that were good, and how many were not."""

    good_ms: list[float] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    longest_outage_ms: float = 0.0

    def percentile(self, percent: float) -> float:
        """A percentile of the waits for good answers; not a number where there were none."""
        ordered = sorted(self.good_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else float("nan")

    def __str__(self) -> str:
        middle, late, longest = self.percentile(50), self.percentile(99), self.percentile(100)
        failures = f", {len(self.refused)} failed {sorted(set(self.refused))}" if self.refused else ""
        outage = f", longest outage {self.longest_outage_ms:.0f} ms" if self.refused else ""
        return (
            f"n {len(self.good_ms)}, p50 {middle:.1f} p99 {late:.1f} max {longest:.1f} ms{failures}{outage}"
        )


def exchanged(address: tuple[str, int], request: bytes, timeout_seconds: float = 30.0) -> tuple[int, bytes]:
    """Send ``request`` on a new connection and read to its end; status 0 if it was refused or cut off."""
    received = b""
    try:
        with socket.create_connection(address, timeout=timeout_seconds) as client:
            client.sendall(request)
            while chunk := client.recv(65536):
                received += chunk
    except OSError:
        pass  # an answer may have come before the rest was cut off
    head, _, body = received.partition(b"\r\n\r\n")
    words = head.split(None, 2)
    return (int(words[1]), body) if len(words) > 1 and words[1].isdigit() else (0, b"")


def measure(address: tuple[str, int], key: str, path: str, stop: threading.Event) -> dict[str, Waits]:
    """Ask for ``path`` and `/healthz`, each on new connections, until ``stop`` is set."""
    found = {"caller": Waits(), "/healthz": Waits()}
    head = f"Host: localhost\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"

    def ask(waits: Waits, target: str) -> None:
        request = f"GET {target} HTTP/1.1\r\n{head}".encode()
        failing_since = None
        while not stop.is_set():
            began = time.perf_counter()
            status, _ = exchanged(address, request)
            ended = time.perf_counter()
            if status != 200:
                waits.refused.append(status)
                failing_since = began if failing_since is None else failing_since
            else:
                waits.good_ms.append((ended - began) * 1000)
            if failing_since is not None:
                waits.longest_outage_ms = max(waits.longest_outage_ms, (ended - failing_since) * 1000)
            failing_since = None if status == 200 else failing_since
            stop.wait(max(0.0, SEND_EVERY_SECONDS - (ended - began)))

    targets = {"caller": path, "/healthz": "/healthz"}
    threads = [threading.Thread(target=ask, args=(found[name], targets[name])) for name in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@contextmanager
def watching(port: int, key: str, path: str) -> Iterator[dict[str, Waits]]:
    """Let another caller work in a process of its own meanwhile; what it met is there at the end."""
    command = [sys.executable, "-m", "benchmarks.bystander", str(port), key, path]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()  # it is at work now
    found: dict[str, Waits] = {}
    try:
        yield found
    finally:
        told, _ = process.communicate(timeout=60)
        found.update({name: Waits(**waits) for name, waits in json.loads(told).items()})


def main() -> None:
    """Measure until standard input ends."""
    port, key, path = sys.argv[1:]
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    print("measuring", flush=True)
    found = measure(("127.0.0.1", int(port)), key, path, stop)
    print(json.dumps({name: asdict(waits) for name, waits in found.items()}))


if __name__ == "__main__":
    main()
