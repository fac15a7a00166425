"""``/v1/webhook-endpoints``"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.domain.common.access import Extent, Scope
from app.domain.events.webhook_urls import RefusedUrlError
from app.errors import FieldError, InvalidError
from app.http import replies
from app.http.call import Call, IdempotencyKey, IfMatch, IfNoneMatch, StrictRoute, requires
from app.http.openapi.operations import changed, created, deleted, paged, read, responses
from app.http.steps import Steps
from app.schemas.events.webhook_endpoints import (
    EXAMPLE_ID,
    EXAMPLE_PAUSED_ID,
    EXAMPLE_TO_PAUSE_ID,
    EXAMPLE_TO_REMOVE_ID,
    WebhookAttemptPage,
    WebhookAttemptQuery,
    WebhookEndpointCreate,
    WebhookEndpointPage,
    WebhookEndpointQuery,
    WebhookEndpointRead,
    WebhookEndpointUpdate,
    WebhookEndpointWithSecret,
    WebhookPause,
    WebhookRedelivery,
    WebhookRedeliveryRead,
    WebhookResumption,
    WebhookRotation,
    WebhookStatistics,
    WebhookTestRead,
)
from app.services.events import deliveries, webhook_endpoints

router = APIRouter(prefix="/webhook-endpoints", tags=["Events"], route_class=StrictRoute)

Admin = Annotated[Call, requires(Scope.WEBHOOKS_ADMIN, extent=Extent.BY_CUSTOMER)]
_ABOUT_ID = "Id of the endpoint."
EndpointId = Annotated[UUID, Path(description=_ABOUT_ID, examples=[EXAMPLE_ID])]
RemovedId = Annotated[UUID, Path(description=_ABOUT_ID, examples=[EXAMPLE_TO_REMOVE_ID])]
ONE = replies.one(WebhookEndpointRead)
CREATED = replies.one(WebhookEndpointWithSecret, status=201, location="/v1/webhook-endpoints/{id}")
STATISTICS = replies.unversioned(WebhookStatistics)
TESTED = replies.unversioned(WebhookTestRead, status=201)
SENT_AGAIN = replies.unversioned(WebhookRedeliveryRead, status=201)


@router.get("", response_model=WebhookEndpointPage, summary="List webhook endpoints", responses=paged())
async def list_webhook_endpoints(call: Admin, query: Annotated[WebhookEndpointQuery, Query()]) -> Response:
    """Find receivers of events, newest first."""
    return await call.page(WebhookEndpointPage, webhook_endpoints.page, query)


@router.post(
    "",
    status_code=201,
    response_model=WebhookEndpointWithSecret,
    summary="Make a webhook endpoint",
    responses=created(),
)
async def create_webhook_endpoint(
    call: Admin, body: WebhookEndpointCreate, idempotency_key: IdempotencyKey = None
) -> Response:
    """Make a receiver of events, which is sent what happens from now on, signed (Standard Webhooks), at least
    once, in order for each customer, and tried again for more than three days.

    The answer has the secret that signs; it is not shown again. Internal hosts are refused.
    """
    await _check_url(call, body.url)
    return await call.write(CREATED, webhook_endpoints.create, body)


@router.get(
    "/{endpoint_id:uuid}",
    response_model=WebhookEndpointRead,
    summary="Get a webhook endpoint",
    responses=read(),
)
async def get_webhook_endpoint(
    call: Admin, endpoint_id: EndpointId, if_none_match: IfNoneMatch = None
) -> Response:
    """Read one receiver of events."""
    return await call.get(ONE, webhook_endpoints.get, endpoint_id)


@router.patch(
    "/{endpoint_id:uuid}",
    response_model=WebhookEndpointRead,
    summary="Change a webhook endpoint",
    responses=changed(),
)
async def update_webhook_endpoint(
    call: Admin, endpoint_id: EndpointId, body: WebhookEndpointUpdate, if_match: IfMatch = None
) -> Response:
    """Merge a patch into the endpoint: members left out stay, null clears."""
    if "url" in body.model_fields_set:
        await _check_url(call, body.url)
    return await call.write(ONE, webhook_endpoints.update_one, endpoint_id, body, if_match)


@router.delete(
    "/{endpoint_id:uuid}",
    status_code=204,
    summary="Remove a webhook endpoint",
    responses=deleted(),
)
async def delete_webhook_endpoint(call: Admin, endpoint_id: RemovedId, if_match: IfMatch = None) -> Response:
    """Remove a receiver of events, with all that waits for it."""
    return await call.write(replies.no_content, webhook_endpoints.remove, endpoint_id, if_match)


@router.get(
    "/{endpoint_id:uuid}/attempts",
    response_model=WebhookAttemptPage,
    summary="List attempts of a webhook endpoint",
    responses=paged(404),
)
async def list_webhook_attempts(
    call: Admin, endpoint_id: EndpointId, query: Annotated[WebhookAttemptQuery, Query()]
) -> Response:
    """Find what became of deliveries, newest first; successes are kept for 7 days, failures for 30."""
    return await call.page(WebhookAttemptPage, deliveries.attempts, query, endpoint_id)


@router.get(
    "/{endpoint_id:uuid}/statistics",
    response_model=WebhookStatistics,
    summary="Get statistics of a webhook endpoint",
    responses=read(etag=False),
)
async def get_webhook_statistics(call: Admin, endpoint_id: EndpointId) -> Response:
    """Read how deliveries go: counts and times of 24 hours, what waits, and how far behind it is."""
    return await call.get(STATISTICS, deliveries.statistics, endpoint_id)


@router.post(
    "/{endpoint_id:uuid}/tests",
    status_code=201,
    response_model=WebhookTestRead,
    summary="Test a webhook endpoint",
    responses=responses(404, 409, status=201, description="On its way", replayed=True),
)
async def send_test_event(
    call: Admin, endpoint_id: EndpointId, idempotency_key: IdempotencyKey = None
) -> Response:
    """Send a `webhook.test` event, before whatever waits. What was answered is among its attempts."""
    return await call.write(TESTED, deliveries.send_test, endpoint_id)


@router.post(
    "/{endpoint_id:uuid}/redeliveries",
    status_code=201,
    response_model=WebhookRedeliveryRead,
    summary="Send events again",
    responses=responses(404, 409, status=201, description="On their way", replayed=True),
)
async def redeliver_events(
    call: Admin, endpoint_id: EndpointId, body: WebhookRedelivery, idempotency_key: IdempotencyKey = None
) -> Response:
    """Send one event again, or those of a range (10,000 at most), or all that were given up. They go with the
    ids they had."""
    return await call.write(SENT_AGAIN, deliveries.send_again, endpoint_id, body)


STEPS = Steps(router, "endpoint", Admin, WebhookEndpointRead)

STEPS.add(
    "pauses",
    webhook_endpoints.pause,
    WebhookPause,
    name="pause_webhook_endpoint",
    summary="Pause a webhook endpoint",
    about="Send it nothing until it is resumed; what happens meanwhile is sent then.",
    example=EXAMPLE_TO_PAUSE_ID,
    optional=True,
)
STEPS.add(
    "resumptions",
    webhook_endpoints.resume,
    WebhookResumption,
    name="resume_webhook_endpoint",
    summary="Resume a webhook endpoint",
    about="Go on after a pause, or after it was disabled, with what was missed or without.",
    example=EXAMPLE_PAUSED_ID,
    optional=True,
)
ROTATIONS = Steps(router, "endpoint", Admin, WebhookEndpointWithSecret)
ROTATIONS.add(
    "rotations",
    webhook_endpoints.rotate,
    WebhookRotation,
    name="rotate_webhook_secret",
    summary="Give a webhook endpoint another secret",
    about="The answer has the new secret. The present one signs as well, for 24 hours or as said.",
    example=EXAMPLE_ID,
    optional=True,
)


async def _check_url(call: Call, url: str) -> None:
    """Check that webhooks may go to an address.

    Raises:
        InvalidError: they may not.
    """
    try:
        await call.services.check_webhook_url(url)
    except RefusedUrlError as error:
        raise InvalidError(fields=[FieldError("/url", error.code, error.message.id)]) from None
    except TimeoutError:
        detail = "The host name has no address."
        raise InvalidError(fields=[FieldError("/url", "url_unresolvable", detail)]) from None
