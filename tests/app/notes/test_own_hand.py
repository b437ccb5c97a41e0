"""What the patient's own hand or movement shows on the doctor's word; in other words than the golden dialogues'."""

import pytest

from tests.app.notes.support import drafted, fact, facts, told


@pytest.mark.parametrize(
    ("dialogue", "label", "polarity"),
    [
        ("D: Palpez le mollet à pleine main. C'est sensible ?\nP: Houla, oui.", "douleur à la pression du mollet", "present"),
        ("R: Elle a mal au ventre.\nD: Appuyez au-dessus du nombril. Elle se plaint ?\nR: Non, elle me sourit.", "douleur à la pression de l'épigastre", "absent"),
        ("D: Tapotez les sinus avec deux doigts.\nP: Ouille, à gauche.", "douleur à la pression des sinus", "present"),
        ("P: J'ai mal au genou.\nD: Et quand vous appuyez sur la rotule ?\nP: Rien du tout.", "douleur à la pression de la rotule", "absent"),
        ("P: Mon ventre me fait mal.\nD: Enfoncez la main et lâchez. C'est quoi le pire ?\nP: Quand je relâche, ça fait un mal de chien.", "douleur à la décompression du ventre", "present"),
        ("P: J'ai un point dans le dos.\nD: Respirez bien fort. Ça vous coince ?\nP: Non, ça passe.", "douleur à l'inspiration profonde", "absent"),
        ("P: L'épaule me fait mal.\nD: Levez les bras. Ça accroche, c'est douloureux ?\nP: Impossible au-delà de là.", "douleur à l'élévation du bras", "present"),
    ],
)
def test_a_place_pressed_or_a_movement_made_hurts_or_does_not(dialogue: str, label: str, polarity: str) -> None:
    assert fact(label, facts(dialogue)).polarity == polarity


@pytest.mark.parametrize(
    "dialogue",
    [
        "P: J'ai mal au dos.\nD: Appuyez sur le bouton de la caméra. Ça marche ?\nP: Oui, voilà.",
        "P: J'ai mal au dos.\nD: N'appuyez nulle part. Vous prenez quelque chose ?\nP: Non.",
        "P: J'ai mal au dos.\nD: Tendez-moi l'ordonnance. C'est du combien ?\nP: Cinq cents.",
        "P: J'ai mal au dos.\nD: Le cholestérol total est bon, mais pas le mauvais.\nP: Aïe.",
        "P: J'ai mal au cou.\nD: Passez les doigts sous la mâchoire. Vous sentez des ganglions ?\nP: Non.",
    ],
)
def test_what_is_asked_of_something_else_is_no_such_pain(dialogue: str) -> None:
    assert not [f for f in facts(dialogue) if f.label.startswith(("douleur à la pression", "douleur à l'extension"))]


def test_who_pressed_is_told() -> None:
    note = told(drafted("R: Bonjour, je suis la maman, il a mal au ventre.\nD: Appuyez sur le ventre. Il pleure ?\nR: Oui, il crie."))
    assert "douleur à la pression du ventre (par la mère)" in note.lower()
