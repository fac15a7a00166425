"""Reasons why a row of an imported file is not stored."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Refusal(StrEnum):
    """Why a row is not stored. A transaction has the first reason that applies, in this order; another
    record the first one found."""

    BAD_QUOTES = "bad_quotes"
    ROW_TOO_SHORT = "row_too_short"
    ROW_TOO_LONG = "row_too_long"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    REPEATED_MEMBER = "repeated_member"
    CUSTOMER_MISSING = "customer_missing"
    EXTERNAL_ID_MISSING = "external_id_missing"
    KEY_OF_SPREADSHEET = "key_of_spreadsheet"
    SPREADSHEET_ERROR = "spreadsheet_error"
    CONTROL_CHARACTER = "control_character"
    TEXT_TOO_LONG = "text_too_long"
    ROW_OF_KEY_REFUSED = "row_of_key_refused"
    ROWS_DIFFER = "rows_differ"
    UNKNOWN_WORD = "unknown_word"
    UNKNOWN_KIND = "unknown_kind"
    CURRENCY_MISSING = "currency_missing"
    UNKNOWN_CURRENCY = "unknown_currency"
    AMOUNT_MISSING = "amount_missing"
    AMOUNT_UNREADABLE = "amount_unreadable"
    AMBIGUOUS_NUMBER = "ambiguous_number"
    CURRENCY_CONTRADICTED = "currency_contradicted"
    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    NEGATIVE_PURCHASE = "negative_purchase"
    DATE_MISSING = "date_missing"
    TIME_SKIPPED = "time_skipped"
    DATE_UNREADABLE = "date_unreadable"
    DATE_OUT_OF_RANGE = "date_out_of_range"
    IN_FUTURE = "in_future"
    UNKNOWN_CHANNEL = "unknown_channel"
    COST_UNREADABLE = "cost_unreadable"
    COST_OUT_OF_RANGE = "cost_out_of_range"
    NEGATIVE_COST = "negative_cost"
    UNKNOWN_CUSTOMER = "unknown_customer"
    CONFLICTING_DUPLICATE = "conflicting_duplicate"
    VALUE_MISSING = "value_missing"
    NOT_A_NUMBER = "not_a_number"
    NOT_A_DURATION = "not_a_duration"
    NOT_A_FLAG = "not_a_flag"
    UNKNOWN_VALUE = "unknown_value"
    INVALID_VALUE = "invalid_value"
    PHONE_UNREADABLE = "phone_unreadable"
    OUT_OF_RANGE = "out_of_range"
    OUT_OF_ORDER = "out_of_order"
    NOT_RESOLVED = "not_resolved"
    STATE_CONTRADICTED = "state_contradicted"
    NOT_IN_USE = "not_in_use"
    UNKNOWN_RECORD = "unknown_record"
    OTHER_CUSTOMER = "other_customer"
    UNIT_NOT_ALLOWED = "unit_not_allowed"
    ANSWER_OUTSIDE_SCALE = "answer_outside_scale"
    NO_ANSWERS = "no_answers"
    NOT_A_PHONE = "not_a_phone"
    NOT_AN_EMAIL = "not_an_email"
    NOT_A_HANDLE = "not_a_handle"
    CUSTOMER_UNCLEAR = "customer_unclear"
    KEY_TAKEN = "key_taken"
    TOO_MANY = "too_many"
    OTHER_UNIT = "other_unit"

    @property
    def sentence(self) -> str:
        """The reason in English: a message id, with ``{column}`` where it is about one of several."""
        return _SENTENCES[self]


_SENTENCES = {
    Refusal.BAD_QUOTES: "A quoted field is not closed, or something follows its closing quote.",
    Refusal.ROW_TOO_SHORT: "The row has fewer fields than the header.",
    Refusal.ROW_TOO_LONG: "The row has more fields than the header; a delimiter may lack quotes.",
    Refusal.NOT_JSON: "The line is not valid JSON.",
    Refusal.NOT_AN_OBJECT: "The line is not a JSON object.",
    Refusal.REPEATED_MEMBER: "The line names a member more than once in the same object.",
    Refusal.CUSTOMER_MISSING: "The row names no customer.",
    Refusal.EXTERNAL_ID_MISSING: "The row has no external id.",
    Refusal.KEY_OF_SPREADSHEET: "{column} was changed by a spreadsheet, as 9.05E+11 is: its digits are lost. "
    "Format the column as text and export the file again.",
    Refusal.SPREADSHEET_ERROR: "{column} holds the error of a spreadsheet's formula, such as #REF!, or its "
    "column was too narrow (####). Correct it there and export the file again.",
    Refusal.CONTROL_CHARACTER: "{column} holds a control character or is not text.",
    Refusal.TEXT_TOO_LONG: "{column} is too long.",
    Refusal.ROW_OF_KEY_REFUSED: "Another row with the same key was refused, so this one is not added up.",
    Refusal.ROWS_DIFFER: "The rows with this key differ in {column}.",
    Refusal.UNKNOWN_WORD: "No kind rule names this word. Name it (type=return:refund; type=sale:purchase), or"
    " say what all other rows are: --column kind==purchase.",
    Refusal.UNKNOWN_KIND: "The kind is not purchase, refund, cancellation or subscription_charge. Say what "
    "the file's word means, for example value=kind:Return=refund.",
    Refusal.CURRENCY_MISSING: "The row has no currency.",
    Refusal.UNKNOWN_CURRENCY: "The currency is not an ISO 4217 code in capitals, such as TRY. Say what the "
    "file's word means, for example value=currency:TL=TRY.",
    Refusal.AMOUNT_MISSING: "The row has no amount.",
    Refusal.AMOUNT_UNREADABLE: "The amount cannot be read. It is written like 1234.50, 1,234.50, -12.50 or "
    "(12.50), with decimal_comma=true like 1.234,50.",
    Refusal.AMBIGUOUS_NUMBER: "{column} has two readings: 1.000 can be a thousand or one. Say "
    "decimal_comma=true where decimals follow a comma (1.000 is a thousand), decimal_comma=false where they "
    "follow a point (1,000 is a thousand), or grouping=false where three digits behind a mark are decimals.",
    Refusal.CURRENCY_CONTRADICTED: "The sign or code beside {column} is of another currency than the row's.",
    Refusal.AMOUNT_OUT_OF_RANGE: "The amount is too large.",
    Refusal.NEGATIVE_PURCHASE: "A purchase or subscription charge is negative; a rule can make it a refund: "
    "kind_rule=amount<0:refund.",
    Refusal.DATE_MISSING: "The row has no date.",
    Refusal.DATE_UNREADABLE: "{column} is not a date as date_format={format} reads it, such as {example}. "
    "Say the file's own with date_format: %d/%m/%Y %H:%M, %s (seconds since 1970), %Q (milliseconds), excel "
    "(day numbers) or auto.",
    Refusal.TIME_SKIPPED: "The local time does not exist: the clocks were put forward over it. "
    "Where the file's clock is not put forward, say its zone: time_zone=UTC, or Etc/GMT-3 for UTC+3.",
    Refusal.DATE_OUT_OF_RANGE: "The date is before 1900 or more than 50 years ahead.",
    Refusal.IN_FUTURE: "{column} is in the future: our clock read {now} when the file came.",
    Refusal.UNKNOWN_CHANNEL: "{column} is not one of {allowed}. Say what the file's word means, for example "
    "value=channel:Mobile=app.",
    Refusal.COST_UNREADABLE: "The cost cannot be read. It is written like 1234.50, 1,234.50, -12.50 or "
    "(12.50), with decimal_comma=true like 1.234,50.",
    Refusal.COST_OUT_OF_RANGE: "The cost is too large.",
    Refusal.NEGATIVE_COST: "The cost of a purchase or subscription charge is negative.",
    Refusal.UNKNOWN_CUSTOMER: "There is no customer with this key. create_missing=true makes new ones.",
    Refusal.CONFLICTING_DUPLICATE: "A record with this external id is there already and says something else "
    "(in {column}). Where other records have the same key, map a column that tells them apart.",
    Refusal.VALUE_MISSING: "{column} is empty, but needed.",
    Refusal.NOT_A_NUMBER: "{column} is not a whole number, such as 12.",
    Refusal.NOT_A_DURATION: "{column} is not a duration: write seconds (90), 0:01:30, 1:30 (minutes first) "
    "or 1m 30s.",
    Refusal.NOT_A_FLAG: "{column} is not one of true, false, yes, no, 1, 0, evet and hayır. Say what the "
    "file's word means, for example value={column}:WORD=yes.",
    Refusal.UNKNOWN_VALUE: "{column} is not one of the known values. Say what the file's word means: "
    "value={column}:WORD=VALUE, with nothing behind = where it means none.",
    Refusal.INVALID_VALUE: "{column} is not written as it must be.",
    Refusal.PHONE_UNREADABLE: "{column} is not one telephone number, such as +90 532 123 45 67 or 1001; "
    "leave it empty where there is none.",
    Refusal.OUT_OF_RANGE: "{column} is too small or too large.",
    Refusal.OUT_OF_ORDER: "{column} is before what must come before it.",
    Refusal.NOT_RESOLVED: "{column} needs a time of resolution, which the row does not have.",
    Refusal.STATE_CONTRADICTED: "{column} says that the complaint is open, but the row has a time of "
    "resolution or closing. Leave out that column where it holds other times, or say what the word means, "
    "for example value=state:WORD=resolved.",
    Refusal.NOT_IN_USE: "{column} is no longer in use.",
    Refusal.UNKNOWN_RECORD: "There is no record with the external id in {column}.",
    Refusal.OTHER_CUSTOMER: "The record in {column} belongs to another customer.",
    Refusal.UNIT_NOT_ALLOWED: "The row has no customer, and its unit is none of the caller's.",
    Refusal.ANSWER_OUTSIDE_SCALE: "{column} is not on the scale of the question.",
    Refusal.NO_ANSWERS: "The row answers no question.",
    Refusal.NOT_A_PHONE: "{column} is not a telephone number of a known region, such as +90 532 123 45 67.",
    Refusal.NOT_AN_EMAIL: "{column} is not an e-mail address, such as ayse@example.com.",
    Refusal.NOT_A_HANDLE: "{column} is not a social handle, such as ayse.k.",
    Refusal.CUSTOMER_UNCLEAR: "Several customers have what is in {column}; name the customer by a key.",
    Refusal.KEY_TAKEN: "Another customer has the key in {column}.",
    Refusal.TOO_MANY: "The customer would have more of {column} than are allowed.",
    Refusal.OTHER_UNIT: "{column} is not a unit that the key may use.",
}


WITH_LIMITS = {
    Refusal.TEXT_TOO_LONG: ("limit", "{column} is longer than {limit} characters."),
    Refusal.UNKNOWN_VALUE: (
        "allowed",
        "{column} is not one of {allowed}. Say what the file's word means, for example "
        "value={column}:WORD={first}.",
    ),
    Refusal.CONFLICTING_DUPLICATE: (
        "flag",
        "A record with this external id is there already and says something else. Where several rows are "
        "lines of one record, {group_by} adds them up; {flag} corrects what is stored; where other records "
        "have the same key, map a column that tells them apart.",
    ),
    Refusal.OUT_OF_RANGE: ("most", "{column} is not from {least} to {most}."),
    Refusal.UNKNOWN_CUSTOMER: (
        "known_only",
        "There is no customer with this key. Take the customers in first: these rows make none.",
    ),
    Refusal.INVALID_VALUE: ("example", "{column} is not written as it must be, such as {example}."),
}
"""Better sentences where the limits of the target are known: what must be known, and the message id."""


def detail(code: Refusal, limits: Mapping[str, object]) -> str:
    """The reason of a refusal in English, as a message id, given the limits of the target it is about.

    >>> detail(Refusal.TEXT_TOO_LONG, {"limit": 255})
    '{column} is longer than {limit} characters.'
    """
    needed, sentence = WITH_LIMITS.get(code, ("", ""))
    return sentence if needed in limits else code.sentence


class Refused(NamedTuple):
    """A row that is not stored: its first physical line (1-based), the reason, the target it is about.

    ``column`` is empty when the reason is about the whole row. The row's values are never repeated.
    """

    line: int
    code: Refusal
    column: str = ""
