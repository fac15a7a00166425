"""What the pages ``/problems/{code}`` say about each code of a problem."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """What the page ``/problems/{code}`` says about a code: status, title and what to do about it."""

    status: int
    title: str
    advice: str


PROBLEMS: dict[str, ProblemKind] = {
    "malformed_request": ProblemKind(
        400, "Malformed request", "Send well-formed UTF-8 JSON (no NaN, no unpaired surrogates)."
    ),
    "unauthenticated": ProblemKind(
        401,
        "Authentication required",
        "Send `Authorization: Bearer <API key>` with a key that is neither expired nor revoked.",
    ),
    "insufficient_scope": ProblemKind(
        403, "The credentials lack a scope", "Use a key that has the scope named in the detail."
    ),
    "limited_to_units": ProblemKind(
        403,
        "The key is limited to units",
        "Use a key without units: this reads or changes what belongs to the whole company.",
    ),
    "agent_needed": ProblemKind(
        403,
        "A person is needed",
        "Name the person in the header Vefa-Agent with a key that has agents:act, or use a key bound to one.",
    ),
    "unknown_agent": ProblemKind(
        403,
        "The person may not act",
        "Name a registered agent who is active today; a PUT to `/v1/agents/{code}` registers one.",
    ),
    "other_agent": ProblemKind(
        403,
        "The key belongs to another person",
        "Leave the header Vefa-Agent out: a key bound to a person acts for that person only.",
    ),
    "own_request": ProblemKind(
        403, "Nobody decides their own request", "Leave it to somebody else who may approve it."
    ),
    "not_the_approver": ProblemKind(
        403,
        "Another role decides this",
        "Leave it to an agent of the role that the detail names, or of one above it in the unit's line.",
    ),
    "not_found": ProblemKind(
        404, "No such resource", "Check the id. What you may not see answers the same way."
    ),
    "method_not_allowed": ProblemKind(
        405, "Method not allowed", "Use one of the methods in the Allow header."
    ),
    "not_acceptable": ProblemKind(
        406, "Not acceptable", "This service answers JSON; accept application/json."
    ),
    "conflict": ProblemKind(
        409,
        "Conflict with the current state",
        "Read the resource again; the step is not possible in its present state.",
    ),
    "external_id_taken": ProblemKind(
        409,
        "External id is taken",
        "Another customer already has this external id; upsert by it or use a different key.",
    ),
    "transaction_exists": ProblemKind(
        409,
        "Transaction exists",
        "The source has recorded a transaction with this external id; nothing needs to be sent again.",
    ),
    "transaction_differs": ProblemKind(
        409,
        "Transaction exists with other values",
        "Compare the members under errors. If the order was edited, correct the existing one with a PATCH.",
    ),
    "same_customer": ProblemKind(
        409, "It belongs to this customer already", "Nothing needs to be sent again."
    ),
    "moves_with_interaction": ProblemKind(
        409, "It moves with its interaction", "Move the interaction that the detail names."
    ),
    "interaction_exists": ProblemKind(
        409,
        "Interaction exists",
        "The source has recorded an interaction with this external id; change that one, or send nothing.",
    ),
    "complaint_exists": ProblemKind(
        409,
        "Complaint exists",
        "The source has recorded a complaint with this external id; change that one, or send nothing.",
    ),
    "promise_exists": ProblemKind(
        409,
        "Promise exists",
        "The source has recorded a promise with this external id; nothing needs to be sent again.",
    ),
    "promise_finished": ProblemKind(
        409, "The promise is finished", "It was kept or cancelled; record a new promise if there is one."
    ),
    "illegal_step": ProblemKind(
        409,
        "Step not possible in this state",
        "Read the complaint again; the detail names its present state.",
    ),
    "already_linked": ProblemKind(
        409,
        "Linked already",
        "Read what `existing` names. If that link is wrong, take it back first.",
    ),
    "not_linked": ProblemKind(409, "There is no such link", "Nothing needs to be taken back."),
    "is_duplicate": ProblemKind(
        409,
        "The complaint is a duplicate",
        "Do it on the leading complaint, which `existing` names, or take the link back first.",
    ),
    "has_duplicates": ProblemKind(
        409,
        "The complaint has duplicates",
        "Link its duplicates to the other complaint, or link that one to this.",
    ),
    "incident_running": ProblemKind(
        409, "The incident goes on", "Say when it was over with a PATCH of `ended_at`, and close it then."
    ),
    "incident_closed": ProblemKind(409, "The incident is closed", "Reopen it first."),
    "incident_not_closed": ProblemKind(409, "The incident is not closed", "Nothing needs to be reopened."),
    "prevention_not_done": ProblemKind(
        409, "A prevention is not done", "Complete the prevention that `existing` names, and close it then."
    ),
    "steps_missing": ProblemKind(
        409,
        "Demanded steps are missing",
        "Record the steps listed under errors, then close the complaint.",
    ),
    "already_owned": ProblemKind(
        409,
        "The complaint is not in a queue",
        "Somebody owns it: claim another one from the queue, or hand this one over.",
    ),
    "not_yours": ProblemKind(
        409,
        "The complaint is somebody else's",
        "Read the complaint again; a hand-over gives it to another owner.",
    ),
    "already_accepted": ProblemKind(
        409,
        "The complaint was accepted already",
        "Nothing needs to be sent again; to give it up, release it or hand it over.",
    ),
    "prevention_done": ProblemKind(409, "The prevention was done already", "Nothing needs to be sent again."),
    "complaint_closed": ProblemKind(409, "The complaint is closed", "Reopen the complaint first."),
    "no_customer": ProblemKind(
        409, "Nobody knows whose interaction it is", "Say whose it is with a PATCH of the interaction."
    ),
    "other_currency": ProblemKind(
        409,
        "Amounts do not add up",
        "The reporting currency was another one when the first was given: record a new complaint.",
    ),
    "limit_exists": ProblemKind(
        409,
        "Another limit is for this",
        "Change the limit that `existing` names, or make it inactive first.",
    ),
    "no_approver": ProblemKind(
        409,
        "Nobody may approve so much",
        "Give less, or let somebody raise the limit of a role above at `/v1/authority-limits/{code}`.",
    ),
    "request_open": ProblemKind(
        409,
        "A request is open already",
        "Wait until the request that `existing` names is decided, or let somebody decide it.",
    ),
    "request_expired": ProblemKind(
        409, "The request has expired", "If it is still wanted, ask again: POST a new compensation."
    ),
    "already_decided": ProblemKind(
        409, "The request was decided already", "Read the request again; nothing needs to be sent."
    ),
    "above_limit": ProblemKind(
        409,
        "Above your own limit",
        "Leave it to somebody with a higher limit, or let yours be raised.",
    ),
    "budget_exhausted": ProblemKind(
        409,
        "The budget has less left",
        "Give less, or let the budget be raised at `/v1/compensation-budgets/{unit}/{month}`.",
    ),
    "inactive_kind": ProblemKind(
        409, "The kind is switched off", "Deny the request, or make the kind active first."
    ),
    "case_removed": ProblemKind(
        409, "The case was removed", "Deny the request: there is nothing any more that it is for."
    ),
    "already_reversed": ProblemKind(
        409, "It was taken back already", "Nothing needs to be sent again; `existing` is the reversal."
    ),
    "is_reversal": ProblemKind(409, "It is a reversal", "A reversal stays; give something else instead."),
    "reversal_too_late": ProblemKind(
        409,
        "Too late to take it back",
        "It stays given; the kind's `reversal_days` says for how long that is possible.",
    ),
    "survey_exists": ProblemKind(
        409, "Survey exists", "Another survey has this code; change that one, or choose another code."
    ),
    "survey_inactive": ProblemKind(
        409, "Survey is not in use", "Use another survey, or take this one into use again with a PATCH."
    ),
    "response_exists": ProblemKind(
        409,
        "Response exists",
        "The source has recorded a response with this external id; nothing needs to be sent again.",
    ),
    "measurement_exists": ProblemKind(
        409,
        "Measurement exists",
        "The source has recorded a measurement with this external id; change that one, or send nothing.",
    ),
    "invitation_answered": ProblemKind(
        409, "Invitation is answered", "Each invitation is answered once; nothing needs to be sent again."
    ),
    "invitation_expired": ProblemKind(
        409, "Invitation has expired", "Invite the customer again, or record the response without invitation."
    ),
    "other_customer": ProblemKind(
        409,
        "The record belongs to another customer",
        "Correct the customer in the row. If the record is to change hands, move it with a transfer.",
    ),
    "step_taken": ProblemKind(
        409,
        "Step was taken already",
        "Read the complaint: a file takes each of its steps once, and does not change one that was taken.",
    ),
    "too_many_endpoints": ProblemKind(
        409, "Too many webhook endpoints", "Remove an endpoint that is not used any more."
    ),
    "endpoint_not_active": ProblemKind(
        409, "The endpoint is not active", "Let it go on with a POST to its resumptions, then try again."
    ),
    "idempotency_in_flight": ProblemKind(
        409, "The same key is being processed", "Wait and repeat the request with the same Idempotency-Key."
    ),
    "request_timeout": ProblemKind(408, "Request timed out", "Send the whole request without long pauses."),
    "gone": ProblemKind(410, "Gone", "The resource was erased."),
    "events_gone": ProblemKind(
        410,
        "Events are no longer kept",
        "Compare your records with the lists of this API, then go on after the position the detail names.",
    ),
    "precondition_failed": ProblemKind(
        412, "A condition of the request does not hold", "Read the resource again and send its present ETag."
    ),
    "body_too_large": ProblemKind(413, "Request body too large", "Send smaller batches, or use an import."),
    "uri_too_long": ProblemKind(414, "Request target too long", "Use a shorter path and query."),
    "unsupported_media_type": ProblemKind(
        415,
        "Unsupported media type",
        "Send the media type the operation declares, without Content-Encoding unless it says so.",
    ),
    "validation_failed": ProblemKind(
        422, "Validation failed", "Correct the members listed under errors. Nothing was changed."
    ),
    "invalid_cursor": ProblemKind(
        422,
        "Invalid cursor",
        "Start again without a cursor; a cursor belongs to one list, its filters and its sort order.",
    ),
    "idempotency_key_reused": ProblemKind(
        422, "Idempotency-Key used with another request", "Use a new key for a new request."
    ),
    "unknown_customer": ProblemKind(
        422, "Unknown customer", "Create the customer first, or ask for missing customers to be created."
    ),
    "empty_file": ProblemKind(
        422,
        "File has no rows",
        "Send a file with at least one row below the lines that skip_lines passes over.",
    ),
    "not_text": ProblemKind(
        422,
        "File is not text",
        "Save the sheet as CSV and send that; a file may be compressed with gzip, in no other way.",
    ),
    "not_a_table": ProblemKind(
        422,
        "File is not a table",
        "Export the table as CSV; a web page or a document is not read, whatever its name.",
    ),
    "not_json_lines": ProblemKind(
        422,
        "File is not JSON Lines",
        'Send one JSON object on each line, such as `{"amount": "9.90"}`, or say format=csv.',
    ),
    "bad_gzip": ProblemKind(
        422,
        "Damaged gzip data",
        "Compress the file again, check it with `gzip -t`, and send the whole of it.",
    ),
    "gzip_bomb": ProblemKind(
        422,
        "File decompresses to too much",
        "Split the file and compress each part, or send it without compression.",
    ),
    "unknown_encoding": ProblemKind(
        422,
        "File is not UTF-8",
        "Name the encoding of the file, such as `encoding=windows-1254`, or save it as UTF-8.",
    ),
    "wrong_encoding": ProblemKind(
        422,
        "File has another encoding",
        "Name the encoding that the file has; `encoding=auto` reads UTF-8 and files with a byte order mark.",
    ),
    "quotes_unbalanced": ProblemKind(
        422,
        "Quotes do not match",
        'Put quotes around the whole field and double those within it: `"a ""quoted"" word"`.',
    ),
    "line_too_long": ProblemKind(
        422,
        "Line too long",
        "Check the line ends, the quotes and the delimiter of the file, or shorten its longest fields.",
    ),
    "missing_column": ProblemKind(
        422,
        "Column is missing",
        "Name a column of the header or a position (`column=amount=#3`); skip_lines passes over lines above.",
    ),
    "duplicate_columns": ProblemKind(
        422,
        "Column name stands twice",
        "Name the column by its position, such as `column=amount=#3`, or rename one of the two.",
    ),
    "too_many_columns": ProblemKind(
        422,
        "Too many columns",
        "Export only the columns that are needed, and check the delimiter and the line ends.",
    ),
    "too_many_rows": ProblemKind(
        422,
        "Too many rows to group",
        "Split the file, for example by day, so that all rows of one record are in one file.",
    ),
    "precondition_required": ProblemKind(428, "If-Match required", "Send If-Match with the ETag you read."),
    "idempotency_key_required": ProblemKind(
        428,
        "Idempotency-Key required",
        "Send an Idempotency-Key, a new one for each effect; a repetition with the same one has none.",
    ),
    "rate_limited": ProblemKind(429, "Too many requests", "Wait as long as Retry-After says."),
    "too_many_waiting_jobs": ProblemKind(
        429,
        "Too many waiting jobs",
        "Wait as long as Retry-After says, or cancel one with a POST to `/v1/jobs/{job_id}/cancellations`.",
    ),
    "headers_too_large": ProblemKind(431, "Request headers too large", "Send fewer or shorter headers."),
    "internal_error": ProblemKind(
        500,
        "Unexpected error",
        "Tell the operator the request_id; nothing was changed unless a later read shows it.",
    ),
    "unavailable": ProblemKind(
        503, "Temporarily unavailable", "Repeat the request after the seconds in Retry-After."
    ),
    "too_many_streams": ProblemKind(
        503,
        "Too many streams are open",
        "Repeat the request after the seconds in Retry-After, or ask for `GET /v1/events` meanwhile.",
    ),
}
