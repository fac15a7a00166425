"""``/healthz`` and ``/readyz``: is the process alive, can it do its work."""

from typing import Any

from fastapi import APIRouter, Request, Response

from app.errors import UnavailableError
from app.schemas.common.health import Health, Readiness
from app.services.platform import readiness

router = APIRouter(include_in_schema=False)  # asked by load balancers, not by callers of the API


@router.get("/healthz", response_model=Health)
async def get_health() -> dict[str, str]:
    """Answers without touching the database."""
    return {"status": "ok"}


@router.get("/readyz", response_model=Readiness)
async def get_readiness(request: Request, response: Response) -> dict[str, Any]:
    """Reads the database: its revision, and the settings that make an answered write survive power loss."""
    state: dict[str, Any] = await request.app.state.services.store.read(readiness.check)
    if state["revision"] != request.app.state.head:
        raise UnavailableError("The database is not at this program's revision; run `vefa migrate`.")
    response.headers["Cache-Control"] = "no-store"
    return state
