"""What the documentation shows of answers: ``examples.json``, recorded from the demo.

Each model of an answer has a ``request``, which the demo answers so (after ``#`` a JSON Pointer to the part
that is shown), and the ``answer``; where the demo has no such record the request is null and the answer was
written by hand. ``python -m tests.record_examples`` records them. Nothing here is read to serve requests.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "examples.json"


@lru_cache(maxsize=1)
def recorded() -> dict[str, dict[str, Any]]:
    """``request`` and ``answer`` by the name of the model."""
    return dict(json.loads(FILE.read_text(encoding="utf-8")))


def example(model: str) -> dict[str, Any]:
    """The answer that is shown of a model.

    Raises:
        KeyError: none is.
    """
    return dict(recorded()[model]["answer"])
