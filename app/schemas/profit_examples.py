"""What reports of profit look like."""

from typing import Any

PROFIT: dict[str, Any] = {}
CUSTOMER: dict[str, Any] = {}
