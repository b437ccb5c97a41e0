"""What is decided and told: when to call, meetings, orders, advice, answers to requests, refusals, certificates."""

import pytest

from app.notes.facts import Fact
from tests.app.notes.support import drafted, facts, told


def only(found: list[Fact], **wanted: object) -> list[Fact]:
    return [f for f in found if all(getattr(f, key) == value for key, value in wanted.items())]


@pytest.mark.parametrize(
    "said",
    [
        "Quand il devient tout mou ou qu'il refuse le sein, vous allez aux urgences.",
        "Une jambe qui enfle, un souffle court : le quinze, sans réfléchir.",
        "Au moindre saignement, vous filez à la maternité.",
        "Des vomissements en jet, une fièvre qui remonte, là on ne discute pas, c'est l'hôpital.",
        "Dès que la plaie suinte, vous me rappelez.",
        "Au cas où la douleur revient, il faut consulter rapidement.",
        "Au-dessus de trente-neuf, vous m'appelez.",
    ],
)
def test_when_to_call(said: str) -> None:
    alerts = only(facts(f"D: {said}\nP: D'accord."), status="alert")
    assert [f.certainty for f in alerts] == ["conditional"]


def test_signs_and_where_to_turn_in_two_sentences() -> None:
    found = facts("D: Si elle tire sur le cou pour respirer, qu'elle a les lèvres grises. Là, c'est le quinze.\nR: OK.")
    (alert,) = only(found, status="alert")
    assert "lèvres grises" in alert.text
    assert len(alert.evidence) == 2


@pytest.mark.parametrize(
    "said",
    [
        "Si vous voulez, appelez le secrétariat pour le parking.",
        "Aux urgences, ils vous ont fait une attelle.",
        "J'ai le compte rendu des urgences devant moi.",
        "Vous étiez allé aux urgences pour ça, je crois.",
        "Je vous donne le quinze mars.",
    ],
)
def test_no_alarm(said: str) -> None:
    assert not only(facts(f"D: {said}\nP: Oui."), status="alert")


@pytest.mark.parametrize(
    ("said", "value", "unit"),
    [
        ("Je vous bloque un créneau le douze mai.", None, None),
        ("On refait le point en visio dans un mois et demi.", 1.0, "mo"),
        ("Je veux vous revoir vendredi en huit.", None, None),
        ("Vous repassez au cabinet dans dix jours.", 10.0, "d"),
    ],
)
def test_meetings(said: str, value: float | None, unit: str | None) -> None:
    (again,) = only(facts(f"D: {said}\nP: Entendu."), status="follow-up")
    assert (again.value, again.unit, again.temporality) == (value, unit, "future")


def test_a_meeting_that_the_patient_asks_about() -> None:
    (again,) = only(facts("D: Voilà.\nP: Et on se retrouve quand ?\nD: Après les fêtes, en vidéo."), status="follow-up")
    assert again.detail == "Après les fêtes"


def test_what_was_met_before_is_no_meeting() -> None:
    assert not only(facts("D: La dernière consultation était en mars, tout était bon.\nP: Oui."), status="follow-up")


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("Prise de sang à jeun : ferritine et plaquettes.", "prise de sang"),
        ("Une attelle la nuit, pendant un mois, que je vous prescris.", "attelle"),
        ("J'écris à votre cardiologue ce soir.", "courrier"),
        ("Échographie des reins la semaine prochaine.", "échographie rénale"),
        ("Une orthoptiste aussi, pour les exercices.", "orthoptiste"),
    ],
)
def test_orders_without_a_usual_verb(said: str, label: str) -> None:
    assert only(facts(f"D: {said}\nP: D'accord."), label=label, type="plan", polarity="present")


@pytest.mark.parametrize(
    "said",
    [
        "Votre prise de sang de mardi.",
        "Le kiné vous montrera les exercices.",
        "L'infirmière passera vers huit heures.",
        "Le scanner, c'est un examen qui irradie.",
    ],
)
def test_named_and_not_ordered(said: str) -> None:
    assert not only(facts(f"D: {said}\nP: Ah."), type="plan")


def test_an_order_by_pronoun_and_one_to_do_without() -> None:
    wanted = facts("D: La mammographie, vous l'avez faite ?\nP: Il y a quatre ans.\nD: On la refait.")
    assert only(wanted, label="mammographie", type="plan", polarity="present")
    needless = facts("D: Votre TSH date d'avril, elle était bonne.\nP: Ah.\nD: Inutile de la redoser.\nP: Tant mieux.")
    assert not only(needless, label="TSH", type="plan", polarity="present")


def test_what_will_be_done_in_a_case() -> None:
    (plan,) = only(facts("D: Si ça revient cet hiver, on discutera d'un traitement de fond.\nP: D'accord."), type="plan")
    assert plan.certainty == "conditional"


@pytest.mark.parametrize(
    "said",
    [
        "Surélevez les pieds du lit.",
        "Vous massez la cicatrice deux fois par jour.",
        "La piscine, pas avant Pâques.",
        "Pas de port de charges jusqu'au contrôle.",
        "D'ici là ne touchez à rien.",
        "Mieux vaut dormir sur le côté.",
        "N'hésitez pas à marcher un peu.",
        "L'alcool, on oublie pendant le traitement.",
        "Au moins deux litres d'eau.",
    ],
)
def test_advice(said: str) -> None:
    assert only(facts(f"D: {said}\nP: D'accord."), type="advice"), said


@pytest.mark.parametrize(
    "said",
    [
        "Ne vous inquiétez pas.",
        "Continuez, je vous écoute.",
        "Vous avez fait du vélo toute votre vie.",
        "Je vous laisse respirer.",
        "Il faut que je vous pose une question.",
        "Vous pouvez me montrer le bras.",
    ],
)
def test_no_advice(said: str) -> None:
    assert not only(facts(f"D: {said}\nP: D'accord."), type="advice"), said


def test_an_answer_that_needs_the_question() -> None:
    made = drafted("D: Vous toussez moins.\nP: Oui. Et le handball, je peux reprendre ?\nD: Pas avant le contrôle.\nP: Mince.")
    assert "handball" in told(made).lower() or "reprendre" in told(made).lower()


@pytest.mark.parametrize(
    ("asked", "answered", "polarity"),
    [
        ("Et un scanner, on en fait pas un ?", "Ça n'apporterait rien.", "absent"),
        ("Une prise de sang, ce serait utile ?", "On s'en passe pour cette fois.", "absent"),
        ("Je peux avoir de la kiné ?", "Bien sûr, je vous la prescris.", "present"),
        ("Les béquilles, il en faut ?", "Ce n'est pas nécessaire.", "absent"),
    ],
)
def test_examinations_asked_for(asked: str, answered: str, polarity: str) -> None:
    plans = only(facts(f"D: Voilà pour le genou.\nP: {asked}\nD: {answered}\nP: D'accord."), type="plan")
    assert [f.polarity for f in plans] == [polarity]


@pytest.mark.parametrize(
    ("asked", "answered", "polarity"),
    [
        ("Vous pouvez me faire un certificat pour la danse ?", "Pas tant que vous n'êtes pas guérie.", "absent"),
        ("Il me faudrait un mot pour le lycée.", "Je vous le fais tout de suite.", "present"),
        ("Je peux avoir un arrêt ?", "Ce n'est pas justifié, vous marchez bien.", "absent"),
    ],
)
def test_papers_asked_for(asked: str, answered: str, polarity: str) -> None:
    papers = only(facts(f"D: Autre chose ?\nP: {asked}\nD: {answered}\nP: D'accord."), type="work_stoppage")
    assert [f.polarity for f in papers] == [polarity]


def test_stopping_to_smoke_is_no_leave() -> None:
    assert not only(facts("D: L'arrêt peut faire prendre deux ou trois kilos.\nP: Ah."), type="work_stoppage")


def test_what_the_patient_turns_down() -> None:
    found = facts("D: Je vous propose une coloscopie.\nP: Ah non, ça, jamais de la vie.\nD: Comme vous voulez.\nP: Voilà.")
    assert [f.polarity for f in only(found, label="coloscopie")] == ["absent"]
    leave = facts("D: On pourrait mettre un arrêt de travail, une semaine.\nP: Non non, je préfère pas.\nD: Bon.")
    assert [f.polarity for f in only(leave, type="work_stoppage")] == ["absent"]


def test_who_is_talked_round_has_agreed() -> None:
    found = facts(
        "D: Je vous propose une coloscopie.\nP: J'en veux pas.\nD: Sans coloscopie, on passe à côté d'un polype. C'est d'accord ?\nP: Bon, d'accord."
    )
    assert [f.polarity for f in only(found, label="coloscopie", type="plan")] == ["present"]


@pytest.mark.parametrize(
    "said",
    [
        "Si tu craches du sang, tu m'appelles.",
        "Si le sucre redescend la nuit, vous m'écrivez un message.",
    ],
)
def test_when_to_write_or_to_call_the_young(said: str) -> None:
    assert only(facts(f"D: {said}\nP: Oui."), status="alert")


@pytest.mark.parametrize(
    "said",
    [
        "Tu limites les écrans le soir.",
        "Se coucher à la même heure.",
        "Pour la maison : pas de moquette, la chambre à dix-neuf.",
        "Donc les cacahuètes, on arrête.",
        "Du froid sur le genou, vingt minutes.",
        "Le Ketum, rapportez-le au pharmacien.",
    ],
)
def test_more_ways_of_advice(said: str) -> None:
    assert any(f.type in ("advice", "plan") for f in facts(f"D: {said}\nP: D'accord.")), said


@pytest.mark.parametrize(
    "said",
    [
        "Ça tire où ? Posez le doigt dessus.",
        "Poussez fort contre la porte. Ça fait mal ?",
        "Si vous arrêtez de marcher, ça s'enraidit.",
    ],
)
def test_what_is_asked_for_to_examine_is_no_advice(said: str) -> None:
    assert not only(facts(f"D: {said}\nP: Là."), type="advice"), said


def test_a_colleague_meant_by_pronoun_is_referred_to() -> None:
    found = facts("D: La diététicienne, madame Roche, elle est très bien. Je lui envoie un courrier ce soir.\nP: Merci.")
    assert only(found, label="diététicienne", type="plan")


def test_what_is_kept_in_reserve_is_conditional() -> None:
    (plan,) = only(facts("D: L'infiltration, on la garde en réserve.\nP: D'accord."), label="infiltration")
    assert plan.certainty == "conditional"


def test_what_may_be_declared_is_no_certificate() -> None:
    found = facts("D: Porter des sacs toute la journée, c'est possible en maladie professionnelle.\nP: Ah.")
    assert not only(found, type="work_stoppage")


def test_advice_beside_a_dose_is_told_without_it() -> None:
    found = facts("D: Lavage de nez matin et soir, et Doliprane un gramme trois fois par jour.\nP: D'accord.")
    (washing,) = only(found, type="advice")
    assert "gramme" not in washing.text


def test_a_change_of_a_drug_that_is_refused() -> None:
    found = facts(
        "D: Le bromazépam, vous en prenez un le soir ?\nP: Oui.\nD: Je voudrais le diminuer petit à petit.\nP: Ah non, pas question.\nD: Bon, on laisse."
    )
    (refused,) = only(found, status="declined")
    assert (refused.polarity, refused.label) == ("absent", "diminution de bromazépam")


def test_what_the_refusal_names_is_what_is_refused() -> None:
    found = facts(
        "D: On pourrait poser un implant, la sage-femme le fait le lundi.\nP: Laissez tomber l'implant.\nD: Comme vous voulez."
    )
    assert {f.label for f in only(found, status="declined")} == {"implant contraceptif"}


def test_a_certificate_leaves_a_refused_leave_refused() -> None:
    found = facts(
        "D: Je vous propose un arrêt d'une semaine.\nP: Un arrêt, sûrement pas.\nD: Alors un certificat pour le télétravail.\nP: Oui."
    )
    assert {(f.label, f.polarity) for f in only(found, type="work_stoppage")} == {
        ("arrêt de travail", "absent"),
        ("arrêt ou certificat", "present"),
    }


@pytest.mark.parametrize(
    "said",
    ["Je vous envoie aux urgences de Quimper, maintenant.", "Alors direction les urgences.", "J'appelle le SAMU tout de suite."],
)
def test_who_is_sent_at_once(said: str) -> None:
    (sent,) = only(facts(f"D: {said}\nP: D'accord."), status="sent")
    assert sent.certainty == "certain"


def test_an_examination_taken_back_by_pronoun() -> None:
    found = facts("P: On devait refaire un scanner en juin.\nD: C'est vrai, mais je l'annule.\nP: Tant mieux.")
    assert [f.polarity for f in only(found, label="scanner", type="plan")] == ["absent"]


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("D: D'accord.\nP: J'ai fait une IRM l'an dernier.", "IRM"),
        ("D: Et la coloscopie ?\nP: Faite il y a deux ans.", "coloscopie"),
    ],
)
def test_looks_inside_that_were_done(said: str, label: str) -> None:
    assert only(facts(said), label=label, status="done")


def test_a_reaction_to_a_scanner_is_no_scanner_done() -> None:
    assert not only(facts("D: D'accord.\nP: J'ai fait une réaction pendant le scanner."), status="done")


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("Et si la lèvre regonfle ?", "L'adrénaline, puis le quinze."),
        ("Et si je fais un malaise ?", "Le quinze, tout de suite."),
    ],
)
def test_an_emergency_answered_to_a_case_is_no_emergency_now(asked: str, answered: str) -> None:
    found = facts(f"D: Voilà.\nP: {asked}\nD: {answered}\nP: D'accord.")
    assert not only(found, status="sent")
    assert [f.certainty for f in only(found, status="alert")] == ["conditional"]


def test_leave_granted_in_the_answer_keeps_its_length() -> None:
    (leave,) = only(facts("D: Ça va ?\nP: Vous pouvez prolonger mon arrêt ?\nD: Oui, encore dix jours."), type="work_stoppage")
    assert "10 jours" in leave.text


@pytest.mark.parametrize(
    "order",
    [
        "Écoutez monsieur, il faut partir aux urgences.",
        "Je préfère que vous alliez à la maternité.",
        "On vous emmène à la clinique en ambulance.",
        "Je vous fais hospitaliser aujourd'hui.",
        "Restez en ligne, on vous envoie les pompiers.",
    ],
)
def test_who_is_sent_at_once_is_told_so(order: str) -> None:
    sent = [f for f in facts(f"P: J'ai très mal au ventre.\nD: {order}\nP: D'accord.") if f.status == "sent"]
    assert [f.type for f in sent] == ["plan"]


@pytest.mark.parametrize("said", ["Pas besoin d'aller aux urgences.", "Ce n'est pas utile d'aller à l'hôpital.", "Vous avez été hospitalisé en mars."])
def test_who_is_not_sent_is_not_told_so(said: str) -> None:
    assert not [f for f in facts(f"P: J'ai très mal au ventre.\nD: {said}") if f.status == "sent"]


def test_what_is_not_done_yet_is_not_refused() -> None:
    found = facts("D: Et les vaccins : la coqueluche, la grippe. Vous les avez faits ?\nP: La grippe, oui. La coqueluche, non.\nD: On la fait au cabinet mardi.")
    assert not [f for f in found if f.status == "declined"]
    assert "10 séances" in facts("D: Je vous prescris de la kiné, dix séances.")[0].text
