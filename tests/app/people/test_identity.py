"""Identities as people type them: names of all kinds, phones, e-mails, and the terms that find them."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.errors import Invalid
from app.people import IdentityForm, PatientIdentity
from app.people.identity import held_words, index_terms, international, normalise
from app.web.forms import parse

TYPED = {"family": "Lefèvre", "given": "Claire", "birth_date": "1972-04-03", "email": "claire@example.org"}


def typed(**changes: str) -> PatientIdentity:
    return parse(IdentityForm, TYPED | changes).identity()


def faults(**changes: str) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        typed(**changes)
    return refusal.value.fields


@pytest.mark.parametrize("name", [
    "O'Brien", "D’Angelo", 'Jean "Jo" Dupont', "<script>alert(1)</script>", "Lefèvre--Noël", "بن علي", "כהן",
    "王小明", "Łukasz", "Müller-Lüdenscheidt", "🙂", "👩‍⚕️", "X Æ A-12", "'; DROP TABLE patient; --", "A",
])
def test_any_name_is_a_name(name):
    assert typed(family=name).family == unicodedata.normalize("NFC", name)


def test_invisible_and_turning_characters_are_left_out():
    assert typed(family="Lef\u202eèvre\u0007\u2066").family == "Lefèvre"
    assert typed(family="  de\u00a0 la \n Tour ").family == "de la Tour"
    assert "family" in faults(family="\u202e\u200b")


def test_decomposed_accents_are_composed():
    assert typed(family="Lefe\u0300vre").family == "Lefèvre"


@pytest.mark.parametrize(("typed_phone", "kept"), [
    ("06 12 34 56 78", "+33612345678"), ("06.39.98.01.01", "+33639980101"), ("+33 6 39 98 01 01", "+33639980101"),
    ("0692 12 34 56", "+262692123456"), ("0690 30 12 34", "+590690301234"), ("+44 20 7946 0958", "+442079460958"),
    ("0033612345678", "+33612345678"),
])
def test_phones_of_all_french_plans_and_abroad(typed_phone, kept):
    assert typed(phone=typed_phone).phone == kept


@pytest.mark.parametrize("phone", ["12", "bonjour", "+", "06 12 34 56 78 90 12 34 56", "١٢"])
def test_what_cannot_be_called_is_refused(phone):
    assert "phone" in faults(phone=phone)


@pytest.mark.parametrize("email", ["claire", "claire@", "@example.org", "a b@example.org", "a@b", "a@b.fr\nBcc: x@y.z",
                                   "a@b.fr,c@d.fr", "<a@b.fr>"])
def test_what_cannot_be_written_to_is_refused(email):
    assert "email" in faults(email=email)


def test_the_invitation_has_to_go_somewhere():
    fields = {k: v for k, v in TYPED.items() if k != "email"}
    with pytest.raises(Invalid) as refusal:
        parse(IdentityForm, fields)
    assert "invitation" in " ".join(refusal.value.fields.values())
    assert parse(IdentityForm, fields | {"phone": "06 12 34 56 78"}).identity().email == ""


@pytest.mark.parametrize(("field", "value"), [("birth_date", "31/02/1999"), ("birth_date", "yesterday"),
                                              ("sex", "robot"), ("language", "tlh"), ("given", " "),
                                              ("family", "x" * 81)])
def test_other_slips_name_their_field(field, value):
    assert field in faults(**{field: value})


def test_names_are_found_by_their_parts_and_joined():
    assert held_words("Jean-Luc O'Brien") == ["jean", "luc", "o", "brien", "jeanluc", "obrien"]
    assert normalise("Lefèvre--NOËL") == "lefevre noel"


def test_terms_hold_beginnings_but_not_single_latin_letters():
    terms = index_terms(PatientIdentity(family="Roux", given="Éva", birth_date=date(1949, 2, 17)))
    assert {"name:ro", "name:roux", "name:ev", "birth:1949-02-17"} <= terms
    assert "name:r" not in terms
    assert "name:王" in index_terms(PatientIdentity(family="王小明", given="X", birth_date=date(1949, 2, 17)))


@given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
def test_no_text_breaks_cleaning_or_indexing(family, given_name):
    try:
        form = IdentityForm(family=family, given=given_name, birth_date=date(1980, 1, 1), email="a@example.org")
    except ValidationError as refusal:
        assert {e["loc"][0] for e in refusal.errors()} <= {"family", "given"}
        return
    assert all(unicodedata.category(c) not in ("Cc", "Cs") for c in form.family + form.given)
    assert len(index_terms(form.identity())) >= 2


@given(st.text(max_size=30))
def test_no_phone_breaks(text):
    try:
        assert international(text).startswith("+")
    except ValueError as refusal:
        assert "phone number" in str(refusal)
