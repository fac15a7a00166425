"""Python runs this at the start of every process that finds it: moves its clock as the tests' clock is moved.

On the path of the processes that tests start, when pytest was given ``--clock`` (see ``tests/conftest.py``).
"""

import os
import time
from datetime import UTC, datetime, timedelta

import time_machine

_ahead = timedelta(seconds=float(os.environ["VEFA_TESTS_CLOCK_AHEAD_SECONDS"]))
time_machine.travel(datetime.fromtimestamp(time.time(), UTC) + _ahead, tick=True).start()
