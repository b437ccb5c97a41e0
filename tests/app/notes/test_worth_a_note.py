"""When there is a draft: one real symptom, a renewal or an order is enough; talk about anything else is not."""

import pytest

from tests.app.notes.support import drafted, told

NOTHING_FR = (
    "D: bonjour vous m'entendez\nP: oui bonjour docteur oui très bien\nD: il fait beau chez vous\nP: non il pleut depuis ce matin il fait froid on a allumé le chauffage",
    "P: un deux trois test micro un deux trois\nD: oui c'est bon je vous reçois cinq sur cinq\nP: parfait",
    "D: Sous-titres réalisés par la communauté d'Amara.org\nP: Merci d'avoir regardé cette vidéo !",
    "P: Mon chien est malade, je dois l'emmener chez le vétérinaire.\nD: Ah mince.\nP: Oui, il a vomi toute la nuit. Je vous rappelle demain, docteur.",
    "D: Bonjour, comment allez-vous ?\nP: Ça va, un peu stressé par le boulot, les enfants sont en vacances.\nD: Je vous rappelle lundi pour vos résultats.\nP: D'accord.",
    "P: Ça me prend la tête cette application, j'en ai marre, ça marche jamais.\nD: Ça coupe beaucoup.\nP: On entend un écho.",
    "P: La voiture est tombée en panne, j'ai pris le train, tous les matins c'est pareil.\nD: Ah là là, les grèves.\nP: On se voit la semaine prochaine alors ?\nD: Oui, mardi.",
    "P: Ma mère a de la fièvre et elle tousse.\nD: Il faut qu'elle prenne rendez-vous elle-même.\nP: Moi je voulais juste tester la connexion.",
)
NOTHING_EN = (
    "D: hi can you hear me\nP: yes i can hear you fine\nD: great how's the weather over there\nP: oh it's freezing we had snow last night",
    "P: Thanks for watching.\nD: Thank you.",
    "P: I'm sick and tired of this traffic, it took me two hours.\nD: Oh no. Well, let's reschedule for tomorrow at ten.\nP: Sounds good, thanks.",
    "P: My dog has been throwing up all night so I need to take him to the vet.\nD: Let's talk next week then.",
)
SOMETHING = (
    ("fr", "D: bonjour\nP: bonjour docteur j'ai mal à la tête depuis trois jours\nD: d'accord venez me voir demain", "Céphalées depuis 3 jours"),
    ("fr", "D: bonjour madame il fait beau\nP: oui très beau bon alors voilà j'ai des boutons sur le visage", "Éruption cutanée"),
    ("fr", "D: bonjour\nP: c'est juste pour renouveler mon ordonnance\nD: très bien je vous envoie ça", "renouvellement"),
    ("fr", "D: Bonjour, comment ça va ?\nP: Bien mieux, merci.\nD: Je vous fais une prise de sang dans un mois.", "Prise de sang dans un mois"),
    ("fr", "P: bonjour docteur je tousse\nD: depuis quand\nP: une semaine", "Toux"),
    ("fr", "D: Alors ?\nP: Je voudrais un arrêt de travail.\nD: Je vous fais un arrêt de deux jours.", "rrêt"),
    ("fr", "D: De la fièvre ?\nP: Non.\nD: De la toux ?\nP: Non plus.\nD: Très bien.", "Pas de fièvre"),
    ("en", "D: hi there\nP: hi i've had a cough for two weeks\nD: okay come in tomorrow", "cough for 2 weeks"),
    ("en", "P: I need a refill on my blood pressure pills.\nD: Sure, no problem.", "renewal"),
)


@pytest.mark.parametrize("text", NOTHING_FR)
def test_talk_that_is_not_clinical_gives_no_note(text: str) -> None:
    assert "Rien de clinique" in (drafted(text).reason or "")


@pytest.mark.parametrize("text", NOTHING_EN)
def test_talk_that_is_not_clinical_gives_no_note_in_english(text: str) -> None:
    assert drafted(text, "en").reason


@pytest.mark.parametrize(("lang", "text", "wanted"), SOMETHING)
def test_one_real_thing_gives_a_note(lang: str, text: str, wanted: str) -> None:
    made = drafted(text, lang)
    assert made.reason is None
    assert wanted.casefold() in told(made).casefold()


def test_a_renewal_granted_is_in_the_plan() -> None:
    made = drafted(
        "D: Bonjour.\nP: C'est pour renouveler mon traitement.\nD: Le bisoprolol deux et demi le matin, c'est ça ?\nP: Oui.\n"
        "D: Je vous renouvelle tout pour trois mois."
    )
    assert "Renouvellement du traitement 3 mois" in told(made)
    assert "Demande" not in told(made)  # the drug says more
