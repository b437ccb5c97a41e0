"""The summary a patient takes home: plain words from the same facts, and when to call again."""

from collections.abc import Iterator, Sequence

from app.notes.drafting import Draft
from app.notes.facts import Fact
from app.notes.sections import ADVICE, ASSESSMENT, PLAN
from app.notes.transcript import Language
from app.notes.writing.sentences import Voice


def patient_summary(draft: Draft, lang: Language | str) -> list[str]:
    """Short paragraphs in plain `lang` (fr or en): what was found, what to take, what to do, when to call. Empty without a draft."""
    if draft.reason:
        return []
    voice = Voice("en" if lang == "en" else "fr", draft.transcript.patient.sex)
    told = {id(fact): sentence.text for sentence in draft.sentences for fact in sentence.facts}
    facts = [fact for fact in draft.facts if id(fact) in told]
    return list(_paragraphs(facts, told, draft, voice))


def _paragraphs(facts: Sequence[Fact], told: dict[int, str], draft: Draft, voice: Voice) -> Iterator[str]:
    found = [s.text.rstrip(".") for s in draft.sentences if s.section is ASSESSMENT]
    if found:
        yield voice.say("Ce que nous avons vu ensemble : ", "What we found together: ") + " ; ".join(found) + "."
    take = [told[id(f)].rstrip(".") for f in facts if f.status == "prescribed"]
    if take:
        yield voice.say("Vos médicaments : ", "Your medicines: ") + " ; ".join(dict.fromkeys(take)) + "."
    stop = [f.text for f in facts if f.status == "stop"]
    if stop:
        yield (
            voice.say("À ne pas prendre ou à arrêter : ", "Do not take, or stop: ")
            + " ; ".join(dict.fromkeys(stop))
            + "."
        )
    todo = [
        s.text.rstrip(".")
        for s in draft.sentences
        if s.section is PLAN and not any(f.status in ("prescribed", "stop") for f in s.facts)
    ]
    if todo:
        yield voice.say("La suite : ", "What comes next: ") + " ; ".join(dict.fromkeys(todo)) + "."
    advice = [
        s.text.rstrip(".")
        for s in draft.sentences
        if s.section is ADVICE and not any(f.status in ("alert", "stop") for f in s.facts)
    ]
    if advice:
        yield voice.say("Nos conseils : ", "Our advice: ") + " ; ".join(dict.fromkeys(advice)) + "."
    call = [s.text.rstrip(".") for s in draft.sentences if any(f.status == "alert" for f in s.facts)]
    if call:
        yield (
            voice.say("Quand rappeler ou appeler les secours : ", "When to call again or get help: ")
            + " ; ".join(dict.fromkeys(call))
            + "."
        )
    yield voice.say(
        "En cas d'urgence, appelez le 15 ou le 112. Pour toute question, contactez le cabinet.",
        "In an emergency, call 15 or 112. If you have any question, contact the practice.",
    )
