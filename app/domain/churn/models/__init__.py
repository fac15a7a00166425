"""The churn models of customers without a contract, from the simplest to the one that learns most.

To add a model: a file of this folder with a `ChurnModel`, a line in `REGISTRY`, a test, a worked example in
`app.domain.methods.learned_churn`, translations; then ``python -m tests.refresh_formulas``. Customers
under contract: `app.domain.churn.models.contract`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.churn.models import logistic, mbg_cnbd_k, mbg_nbd, recency, recency_frequency
from app.domain.churn.models.model import ChurnModel

REGISTRY: Mapping[str, ChurnModel] = MappingProxyType(
    {
        module.MODEL.code: module.MODEL
        for module in (recency, recency_frequency, mbg_nbd, mbg_cnbd_k, logistic)
    }
)

BASELINE = recency.MODEL.code
PARAMETRIC = mbg_nbd.MODEL.code
REGULAR = mbg_cnbd_k.MODEL.code
LEARNED = logistic.MODEL.code

SEASON_LEARNED = "season_logistic"
"""The learned model trained on the season of earlier years: `app.domain.churn.evaluation.season`."""
