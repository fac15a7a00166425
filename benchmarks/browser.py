"""Headless Chromium (Debian's package ``chromium``), driven over pipes by the DevTools protocol."""

import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

ANSWER_SECONDS = 60.0


class Page:
    """A page of a browser of its own, whose cache is empty."""

    def __init__(self, sends: int, receives: int) -> None:
        self._sends, self._receives = sends, receives
        self._buffer, self._last, self._session = b"", 0, None
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Performance", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Say something to the browser and return what it answers; events on the way go to ``events``."""
        self._last += 1
        session = {"sessionId": self._session} if self._session else {}
        message = {"id": self._last, "method": method, "params": parameters, **session}
        os.write(self._sends, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return dict(answer["result"])
            self.events.append(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            if not select.select([self._receives], [], [], ANSWER_SECONDS)[0]:
                raise TimeoutError("the browser says nothing")
            self._buffer += os.read(self._receives, 1 << 20)
        first, _, self._buffer = self._buffer.partition(b"\0")
        return dict(json.loads(first))

    def evaluate(self, script: str) -> Any:
        """The value of an expression, awaited when it is a promise.

        Raises:
            RuntimeError: it threw.
        """
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def wait_for(self, condition: str, seconds: float = ANSWER_SECONDS) -> None:
        """Wait until an expression is true and what it asks of is drawn.

        Raises:
            TimeoutError: it never was.
        """
        is_true = self.evaluate(
            f"""new Promise((done) => {{
                const until = performance.now() + {seconds * 1000};
                const look = () => {{
                    if ({condition}) requestAnimationFrame(() => setTimeout(() => done(true)));
                    else if (performance.now() > until) done(false);
                    else setTimeout(look, 5);
                }};
                look();
            }})"""
        )
        if not is_true:
            raise TimeoutError(condition)

    def open(self, address: str, condition: str) -> None:
        """Go to an address and wait until a condition of it is true and drawn."""
        self.call("Page.navigate", url=address)
        while True:
            try:
                return self.wait_for(condition)
            except RuntimeError as error:  # the old page went away under the question
                if "context" not in str(error).lower():
                    raise

    def cpu_seconds(self) -> float:
        """CPU of the page's main thread until now."""
        metrics = self.call("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "ThreadTime"))

    def next_status(self, action: str, within: str, seconds: float = ANSWER_SECONDS) -> int:
        """Do something; return the status of the answer to the request that it sends to a path ``within``.

        Raises:
            TimeoutError: it sent none.
        """
        self.events.clear()
        self.evaluate(action)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.evaluate("new Promise((done) => setTimeout(done, 50))")
            for event in self.events:
                answer = event["params"].get("response", {})
                if event["method"] == "Network.responseReceived" and within in answer["url"]:
                    return int(answer["status"])
        raise TimeoutError(f"{action}: nothing was sent")


@contextmanager
def page() -> Iterator[Page]:
    """A page of a browser that is started for it and stopped after it.

    Raises:
        RuntimeError: there is no such browser.
    """
    program = shutil.which("chromium")
    if program is None:
        raise RuntimeError("install Chromium: apt-get install chromium")
    to_read, sends = os.pipe()
    receives, to_write = os.pipe()

    def connect() -> None:  # it reads from file descriptor 3 and writes to 4
        reads, writes = fcntl.fcntl(to_read, fcntl.F_DUPFD, 10), fcntl.fcntl(to_write, fcntl.F_DUPFD, 10)
        os.dup2(reads, 3)
        os.dup2(writes, 4)

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
        browser = subprocess.Popen(
            [program, *flags, f"--user-data-dir={profile}"],
            pass_fds=(3, 4),
            preexec_fn=connect,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        try:
            yield Page(sends, receives)
        finally:
            browser.terminate()
            browser.wait(20)
            os.close(sends)
            os.close(receives)
