"""The ``vefa`` command: the composition root of everything that is not HTTP."""

import gc


def main() -> None:
    """Load what the command can do, and run it."""
    gc.disable()  # what modules make stays: to look for garbage in it takes a sixth of the time they load
    from app.cli import commands

    gc.freeze()
    gc.enable()
    commands.run()
