"""What the demo company asks its customers, and what they answer. Model: docs/demo.md, step 15."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from app.demo.contacts import Contacts
from app.demo.model import BRANCHES, Calendar, DemoModel, IntArray, Latent, stream

CONTACT, RELATIONSHIP = "contact", "relationship"


def _question(code: str, kind: str, tr: str, az: str, en: str, **members: Any) -> dict[str, Any]:
    return {"code": code, "kind": kind, "texts": {"tr": tr, "az": az, "en": en}, **members}


def _scale(low: int, high: int) -> dict[str, int]:
    return {"min": low, "max": high}


def _culture(dimension: str, tr: str, az: str, en: str) -> dict[str, Any]:
    return _question(dimension, "rating", tr, az, en, scale=_scale(1, 5), weight=0, dimension=dimension)


SURVEYS: Final[tuple[dict[str, Any], ...]] = (
    {
        "code": CONTACT,
        "names": {"tr": "Görüşme sonrası", "az": "Söhbətdən sonra", "en": "After a contact"},
        "questions": [
            _question(
                "satisfaction",
                "csat",
                "Görüşmeden ne kadar memnun kaldınız?",
                "Söhbətdən nə qədər razı qaldınız?",
                "How satisfied were you with the contact?",
                scale=_scale(1, 5),
                required=True,
            ),
            _question(
                "ease",
                "ces",
                "İşimi kolayca halledebildim.",
                "İşimi asanlıqla həll etdim.",
                "It was easy to get it settled.",
                scale=_scale(1, 7),
            ),
            _question("remark", "text", "Eklemek istediğiniz?", "Əlavə etmək istədiyiniz?", "Anything else?"),
        ],
    },
    {
        "code": RELATIONSHIP,
        "names": {"tr": "Genel memnuniyet", "az": "Ümumi məmnunluq", "en": "How we stand with you"},
        "questions": [
            _question(
                "recommend",
                "nps",
                "Bizi tavsiye eder misiniz?",
                "Bizi tövsiyə edərdinizmi?",
                "Would you recommend us?",
                required=True,
            ),
            _question(
                "overall",
                "csat",
                "Genel olarak ne kadar memnunsunuz?",
                "Ümumilikdə nə qədər razısınız?",
                "How satisfied are you overall?",
                scale=_scale(1, 10),
                weight=0.4,
            ),
            _question(
                "quality",
                "rating",
                "Ürünlerimizin kalitesi?",
                "Məhsullarımızın keyfiyyəti?",
                "The quality of our goods?",
                scale=_scale(1, 10),
                weight=0.3,
            ),
            _question(
                "value",
                "rating",
                "Fiyatına değer mi?",
                "Qiymətinə dəyərmi?",
                "Is it worth its price?",
                scale=_scale(1, 10),
                weight=0.3,
            ),
            _question(
                "expected",
                "expectation",
                "Bizden ne bekliyordunuz?",
                "Bizdən nə gözləyirdiniz?",
                "What had you expected of us?",
                scale=_scale(1, 10),
            ),
            _culture("interest", "İlgimiz?", "Diqqətimiz?", "Our interest in you?"),
            _culture("sincerity", "İçtenliğimiz?", "Səmimiyyətimiz?", "Our sincerity?"),
            _culture("reliability", "Güvenilirliğimiz?", "Etibarlılığımız?", "Our reliability?"),
            _culture("respect", "Saygımız?", "Hörmətimiz?", "Our respect for you?"),
            _culture("product_quality", "Ürünlerimiz?", "Məhsullarımız?", "Our products?"),
            _culture(
                "channel_adequacy", "Bize ulaşmak?", "Bizimlə əlaqə saxlamaq?", "Reaching us as you like?"
            ),
            _culture("technology_adequacy", "Uygulamamız?", "Tətbiqimiz?", "Our app and site?"),
        ],
    },
)
# Answer 1 to 5 to a question of satisfaction: the feeling from which on it is 2, 3, 4, 5.
CUTS: Final = np.array([-1.9, -1.2, -0.5, 0.5])


@dataclass(frozen=True, slots=True)
class Asked:
    """Invitations in order of time, and the responses to them.

    ``invitations`` have the members of ``POST /v1/survey-invitations`` and ``interaction``, a position in
    `Contacts.interactions`, or None; ``responses`` those of ``POST /v1/survey-responses`` and
    ``invitation``, a position in ``invitations``.
    """

    invitations: list[dict[str, Any]]
    responses: list[dict[str, Any]]


def draw_answers(
    model: DemoModel, seed: int, calendar: Calendar, latent: Latent, language: list[str], contacts: Contacts
) -> Asked:
    """Draw who is asked after contacts and every half year, and what they answer before the last day."""
    rng = stream(seed, "surveys")
    after = np.flatnonzero(
        (rng.random(len(contacts.owner)) < model.contact_survey_share)
        & np.array([contact["direction"] == "inbound" for contact in contacts.interactions], dtype=np.bool_)
    )
    regular_owner, regular_day = _regular(model, calendar, latent)
    at = np.concatenate(
        [
            contacts.at[after] + np.timedelta64(3600, "s"),
            calendar.instants(regular_day, np.full(len(regular_day), 0.3)),
        ]
    )
    owner = np.concatenate([contacts.owner[after], regular_owner])
    interaction = np.concatenate([after, np.full(len(regular_owner), -1)])
    order = np.lexsort((owner, at))
    owner, at, interaction = owner[order], at[order], interaction[order]
    over = calendar.instants(np.array([calendar.days - 1]), np.array([0.0])).tolist()[0]
    responds = rng.random(len(owner)) < model.response_share + 0.03 * latent.satisfaction[owner]
    delay = np.exp(rng.normal(1.5, 1.2, len(owner))).tolist()
    mood = np.where(interaction >= 0, contacts.mood[interaction], 0.0) if len(contacts.mood) else 0.0
    feeling = latent.satisfaction[owner] + mood
    invitations: list[dict[str, Any]] = []
    responses: list[dict[str, Any]] = []
    answers = _Answers(model, seed)
    for i, (customer, start) in enumerate(zip(owner.tolist(), at.tolist(), strict=True)):
        contact = int(interaction[i]) if interaction[i] >= 0 else None
        survey = SURVEYS[0] if contact is not None else SURVEYS[1]
        unit = BRANCHES[latent.branch[customer]].code if contact is None else None
        invitations.append(_invitation(survey, customer, contact, unit, start))
        answered = start + timedelta(seconds=round(min(delay[i], 300) * 3600))
        if responds[i] and answered < over:
            number = len(responses) + 1
            given = answers.to(survey, float(feeling[i]))
            responses.append(_response(number, i, language[customer], answered, given))
    return Asked(invitations, responses)


def _regular(model: DemoModel, calendar: Calendar, latent: Latent) -> tuple[IntArray, IntArray]:
    """Owners and days of the regular question to every customer who is still there."""
    joined, _ = calendar.locate(latent.joined_clock)
    gone = np.isnat(latent.dropped_out_at)
    end = np.where(gone, calendar.days - 1, calendar.days_of(latent.dropped_out_at) + 60)
    end = np.minimum(end, calendar.days - 1)
    times = np.where(latent.prospect, 0, np.maximum((end - joined) // model.relationship_survey_days, 0))
    owner = np.repeat(np.arange(len(times)), times)
    number = np.arange(len(owner)) - (np.cumsum(times) - times)[owner] + 1
    return owner, joined[owner] + number * model.relationship_survey_days


def _invitation(
    survey: dict[str, Any], customer: int, contact: int | None, unit: str | None, start: datetime
) -> dict[str, Any]:
    return {
        "survey_code": survey["code"],
        "customer": {"system": "crm", "key": f"C-{customer + 1:06d}"},
        "interaction": contact,
        "unit": unit,
        "phase": None if contact is not None else "after",
        "invited_at": _text(start),
        "expires_at": _text(start + timedelta(days=14)),
    }


def _response(
    number: int, invitation: int, language: str, answered: datetime, answers: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "invitation": invitation,
        "language": language,
        "answered_at": _text(answered),
        "source": "demo",
        "external_id": f"SVY-{number:06d}",
        "answers": answers,
    }


class _Answers:
    """Draws the answers of one response after the other."""

    def __init__(self, model: DemoModel, seed: int) -> None:
        self._skip = model.skip_share
        self._rng = stream(seed, "answers")

    def to(self, survey: dict[str, Any], feeling: float) -> list[dict[str, Any]]:
        """Answers to the scaled questions of a survey by somebody who feels so (0 = as most do)."""
        questions = [question for question in survey["questions"] if question["kind"] != "text"]
        felt = feeling + 0.7 * self._rng.standard_normal(len(questions))
        expected = self._rng.standard_normal()
        skipped = self._rng.random(len(questions)) < self._skip
        found: list[dict[str, Any]] = []
        for question, value, skip in zip(questions, felt.tolist(), skipped.tolist(), strict=True):
            if skip and not question.get("required"):
                found.append({"question": question["code"], "skipped": True})
                continue
            if question["kind"] == "expectation":
                value = 0.4 * value + 0.8 * expected
            found.append({"question": question["code"], "number": _number(question, value)})
        return found


def _number(question: dict[str, Any], felt: float) -> int:
    """The answer on the question's scale to a feeling."""
    if question["kind"] == "nps":
        low, high = 0, 10
    else:
        low, high = question["scale"]["min"], question["scale"]["max"]
    if (low, high) == (1, 5):
        return int(np.searchsorted(CUTS, felt, side="right")) + 1
    middle = low + 0.72 * (high - low)
    return int(np.clip(np.rint(middle + 0.17 * (high - low) * felt), low, high))


def _text(at: datetime) -> str:
    return f"{at.isoformat()}Z"
