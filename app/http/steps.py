"""Routes of steps: ``POST /v1/things/{thing_id}/<steps>``, which change one thing and answer with it."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from app.domain.common.access import Actor
from app.http import replies
from app.http.call import IdempotencyKey, IfMatch
from app.http.openapi.components import BY_AGENT
from app.http.openapi.operations import created
from app.store.transactions import Row, WriteTx

Act = Callable[[WriteTx, Actor, UUID, Any, str | None], Row]


class Steps:
    """Adds routes of steps of one resource.

    Args:
        router: of the resource.
        thing: its name in paths, ``"complaint"``.
        needs: the annotated `Call`: who may take these steps.
        model: the answer; its ETag is the version, its Location the resource.
    """

    def __init__(self, router: APIRouter, thing: str, needs: Any, model: type[BaseModel]) -> None:
        self._router, self._thing, self._needs, self._model = router, thing, needs, model
        self._reply = replies.one(model, status=201, location=f"/v1{router.prefix}/{{id}}")

    def add(
        self,
        steps: str,
        act: Act,
        body: type[BaseModel],
        *,
        name: str,
        summary: str,
        about: str,
        example: str,
        optional: bool = False,
        by_agent: bool = False,
    ) -> None:
        """Add one route.

        Args:
            steps: the last part of the path, a plural: ``"resolutions"``.
            act: ``act(tx, actor, id, body, if_match)``.
            body: the model of the body.
            name: the operation's id.
            summary: one line.
            about: the operation's description.
            example: the id of a record of the demo that can take the step.
            optional: no body is taken for an empty one.
            by_agent: only a person can take it; the documentation shows the header that names one.
        """
        reply, key = self._reply, f"{self._thing}_id"

        async def step(**given: Any) -> Response:
            response: Response = await given["call"].write(
                reply, act, given[key], given["body"], given["if_match"]
            )
            return response

        about_id = f"Id of the {self._thing.replace('_', ' ')}."
        record_id = Annotated[UUID, Path(description=about_id, examples=[example])]
        parameters = [
            _parameter("call", self._needs),
            _parameter(key, record_id),
            _parameter("body", body, body() if optional else inspect.Parameter.empty),
            _parameter("if_match", IfMatch, None),
            _parameter("idempotency_key", IdempotencyKey, None),
        ]
        # FastAPI reads the one, the fast path the other.
        step.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        step.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": Response}
        step.__name__ = step.__qualname__ = name
        self._router.post(
            f"/{{{key}:uuid}}/{steps}",
            status_code=201,
            response_model=self._model,
            summary=summary,
            description=about,
            responses=created(404, 412),
            openapi_extra={BY_AGENT: "ayse.k"} if by_agent else None,
        )(step)


def _parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
