"""Every query of a service over rows of customers is limited to what its caller may see, or says why not."""

import ast
from collections.abc import Iterator, Mapping

from test_architecture import parsed, real_sources

from app.store.tables import Base, Customer

OWNED = {
    mapper.class_.__name__ for mapper in Base.registry.mappers if "customer_id" in mapper.local_table.columns
} | {Customer.__name__}
"""Tables whose rows are a customer's."""

DOORS = {"visible_to", "read_visible", "Listing", "visible", "one_or_404", "filtered"}
"""What limits a statement to the rows that a caller may see."""

_OF_VISIBLE = "of customers who were found visible before"
_WHOLE_COMPANY = "a report over the whole company, which limited keys are refused"
_WHOSE_KEY = "finds whose a key or number is, to refuse it or to find the owner, who is checked after"
_OF_STAFF = "all that a person owns; a key that is limited to units cannot deactivate anybody"
_BY_RULES = "the worker's own turn, for the whole company; or a trial, which limited keys may not ask for"
_OF_FILE = "rows of an import, which is checked itself; customers are checked when they are locked"

EXEMPT = {
    "compensations.budgets._spent": "a sum of a unit, which says nothing of a customer",
    "compensations.budgets.page": "a sum of a unit, which says nothing of a customer",
    "compensations.cases.tier_of": _OF_VISIBLE,
    "customers.callers.adopt": "gives anonymous contacts to a customer whom the caller just wrote",
    "customers.callers._owners": _WHOSE_KEY,
    "customers.callers._FROM": "tells only whether `adopt` has anything to do",
    "customers.contract_terms._READ": _OF_VISIBLE,
    "customers.contract_terms.create_many": _OF_VISIBLE,
    "customers.customers.upsert": _WHOSE_KEY,
    "customers.do_not_contact.with_opt_outs": _OF_VISIBLE,
    "customers.external_ids.owners": _WHOSE_KEY,
    "customers.shared_opt_outs._OF_ONE": _OF_VISIBLE,
    "customers.search.LISTED": "the columns of the list, which limits itself",
    "follow_ups.causes._broken": _BY_RULES,
    "follow_ups.causes._broken_promises": _BY_RULES,
    "follow_ups.causes._responses": _BY_RULES,
    "follow_ups.causes._texts_of_complaints": _BY_RULES,
    "follow_ups.causes._texts_of_interactions": _BY_RULES,
    "follow_ups.follow_ups.follow": _BY_RULES,
    "imports.customer_changes.read": _OF_FILE,
    "imports.people.contract_statements._READ": _OF_VISIBLE,
    "imports.people.customers._load": _WHOSE_KEY,
    "imports.people.dry_runs.restore": _OF_FILE,
    "imports.people.dry_runs.gather": _OF_FILE,
    "imports.people.dry_runs.clear": _OF_FILE,
    "imports.people.reversals._busy": _OF_FILE,
    "imports.reversals._bare": _OF_FILE,
    "imports.sale_updates.restore": _OF_FILE,
    "imports.sale_updates._stored": _OF_FILE,
    "imports.source_digests.read": _OF_FILE,
    "insights.churn_report._top": _WHOLE_COMPANY,
    "insights.compensation_value._bought": _WHOLE_COMPANY,
    "insights.failures_report._figures": _WHOLE_COMPANY,
    "insights.lifetime_value_report.report": _WHOLE_COMPANY,
    "insights.overview._READ": "limited where it is read",
    "insights.overview._last_contact_at": _OF_VISIBLE,
    "insights.overview._owners": "within a statement that is limited",
    "insights.overview._open_complaints": _OF_VISIBLE,
    "insights.overview._open_promises": _OF_VISIBLE,
    "insights.overview._last_interactions": _OF_VISIBLE,
    "insights.profit_report._losses": _WHOLE_COMPANY,
    "insights.timeline._BRANCHES": _OF_VISIBLE,
    "insights.timeline._scores": _OF_VISIBLE,
    "promises.beginnings._tiers": _OF_VISIBLE,
    "promises.ladder.has_due": "tells only whether the worker has a turn",
    "promises.ladder.run": "the worker's own turn, for the whole company",
    "promises.promises._READ_EVENTS": "limited where it is read",
    "promises.releases.move": "of a complaint or contact that was found visible before",
    "promises.releases.release": _OF_STAFF,
    "recovery.complaints._READ_EVENTS": "limited where it is read",
    "recovery.links.separate": _OF_VISIBLE,
    "recovery.auto_close.close_silent": "a duty of the service itself, over all complaints",
    "recovery.categories.page_of_unregistered": _WHOLE_COMPANY,
    "recovery.owners._owner_before": _OF_VISIBLE,
    "recovery.steps.happened_at": _OF_VISIBLE,
    "recovery.releases._hand_over": _OF_STAFF,
    "recovery.releases.release": _OF_STAFF,
    "recovery.transfers._move_survey_records": _OF_VISIBLE,
    "recovery.touched_customers.silent_page": "whether those who are listed, and limited, have complained",
    "standards.clocks._tiers": _OF_VISIBLE,
    "standards.clocks.of_complaint": _OF_VISIBLE,
    "standards.contact_waits.outcomes": _WHOLE_COMPANY,
    "standards.ladder.advance": "the worker's own turn, for the whole company",
    "standards.ladder.has_due": "tells only whether the worker has a turn",
    "surveys.completions.complete": "of a response that was found visible before",
    "surveys.responses._READ_ANSWERS": "of responses that were found visible before",
}


def unlimited(sources: Mapping[str, str]) -> Iterator[str]:
    """Functions and constants of services that select rows of customers and do not limit the statement."""
    for module, text in sources.items():
        if module.startswith("app.services."):
            for statement in parsed(text).body:
                parts = statement.body if isinstance(statement, ast.ClassDef) else [statement]
                for part in parts:
                    if _selects_owned(part) and not DOORS & set(_called(part)):
                        yield f"{module.removeprefix('app.services.')}.{_name(part)}"


def _called(part: ast.AST) -> Iterator[str]:
    for node in ast.walk(part):
        if isinstance(node, ast.Call):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _selects_owned(part: ast.AST) -> bool:
    selects = [
        node
        for node in ast.walk(part)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("select", "exists")
    ]
    return any(getattr(node, "id", "") in OWNED for select in selects for node in ast.walk(select))


def _name(part: ast.AST) -> str:
    if isinstance(part, ast.Assign | ast.AnnAssign):
        target = part.targets[0] if isinstance(part, ast.Assign) else part.target
        return ast.unparse(target)
    return str(getattr(part, "name", "?"))


def test_every_query_over_rows_of_customers_is_limited_or_says_why_not() -> None:
    assert set(unlimited(real_sources())) == EXEMPT.keys()


def test_a_planted_query_is_noticed() -> None:
    planted = "def f(tx, actor):\n    return tx.execute(select(Complaint.id))"
    assert "recovery.planted.f" in set(unlimited({"app.services.recovery.planted": planted}))
    limited = "def f(tx, actor):\n    return tx.execute(visible_to(select(Complaint.id), actor))"
    assert list(unlimited({"app.services.recovery.planted": limited})) == []
