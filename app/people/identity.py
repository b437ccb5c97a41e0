"""A patient's identity: how it is typed, cleaned, compared and turned into search terms. Pure."""

import re
import unicodedata
from datetime import date
from typing import Literal, Self

import phonenumbers
from pydantic import BaseModel, Field, field_validator, model_validator

PLAUSIBLE_EMAIL = r"[^\s@<>,;:\"()\[\]\\]+@[^\s@.<>,;]+(\.[^\s@.<>,;]+)+"
Language = Literal["fr", "en"]
PREFIX_LETTERS = 10  # how much of a word the index knows; longer words are compared once opened
# Where a number without + may come from: French numbering plans, mainland first.
PHONE_REGIONS = ("FR", "RE", "GP", "MQ", "GF", "YT", "PM", "NC", "PF")


class PatientIdentity(BaseModel):
    """Who a patient is and how to reach them; lives only sealed or in memory."""

    family: str
    given: str
    birth_date: date
    sex: Literal["female", "male", "other", "unknown"] = "unknown"
    email: str = ""
    phone: str = ""
    language: Language = "fr"

    @property
    def name(self) -> str:
        """Given and family name."""
        return f"{self.given} {self.family}"

    @property
    def sorting_name(self) -> str:
        """Family name first, as lists are sorted."""
        return f"{self.family} {self.given}"

    @property
    def reached_by(self) -> str:
        """How they are reached: sms, email alone, or none."""
        return "sms" if self.phone else "email" if self.email else "none"

    def age(self, on: date) -> int:
        """Full years on a day."""
        had_birthday = (on.month, on.day) >= (self.birth_date.month, self.birth_date.day)
        return on.year - self.birth_date.year - (0 if had_birthday else 1)


class IdentityForm(PatientIdentity):
    """An identity as somebody types it: cleaned, and refused with a sentence for each field."""

    family: str = Field(max_length=80)
    given: str = Field(max_length=80)
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=40)

    @field_validator("family", "given")
    @classmethod
    def clean_name(cls, value: str) -> str:
        """One line; without characters that nobody sees and that could turn the text around them."""
        # A zero-width joiner stays: emoji and Persian names are made with it.
        kept = (c for c in unicodedata.normalize("NFC", value)
                if c in "\u200c\u200d" or unicodedata.category(c) not in ("Cf", "Cc", "Cs", "Co") or c.isspace())
        name = " ".join("".join(kept).split())
        if not name:
            raise ValueError("Please fill in this field.")
        return name

    @field_validator("email")
    @classmethod
    def plausible_email(cls, value: str) -> str:
        """Something@somewhere.tld; whether it exists, only a message tells."""
        if value and not re.fullmatch(PLAUSIBLE_EMAIL, value):
            raise ValueError("Please give an e-mail address such as claire@example.org.")
        return value

    @field_validator("phone")
    @classmethod
    def international_phone(cls, value: str) -> str:
        """E.164, so that a message can be sent to it."""
        return international(value) if value else value

    @model_validator(mode="after")
    def reachable(self) -> Self:
        """The invitation has to go somewhere."""
        if not self.email and not self.phone:
            raise ValueError("Please give an e-mail address or a phone number: the invitation is sent there.")
        return self

    def identity(self) -> PatientIdentity:
        """What is kept."""
        return PatientIdentity.model_validate(self.model_dump())


def normalise(text: str) -> str:
    """Lower case, without accents and punctuation: "Lefèvre-Noël" -> "lefevre noel"."""
    plain = text.casefold()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", plain))


def international(phone: str) -> str:
    """A phone number in E.164, "06 92 12 34 56" -> "+262692123456". Raises ValueError."""
    digits = re.sub(r"[\s.()/-]", "", phone)
    # A region's own plan first; then what could be a number abroad, or of a French range not yet in the tables.
    readings = ((_number(digits, region), region) for region in PHONE_REGIONS)
    valid = (number for number, region in readings if phonenumbers.is_valid_number_for_region(number, region))
    number = next(valid, _number(digits, PHONE_REGIONS[0]))
    plausible = phonenumbers.is_valid_number(number) or re.fullmatch(r"(\+|00)[1-9]\d{6,14}|0[1-9]\d{8}", digits)
    if not plausible or not phonenumbers.is_possible_number(number):
        raise ValueError("Please give a phone number such as 06 12 34 56 78.")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _number(digits: str, region: str) -> phonenumbers.PhoneNumber:
    try:
        return phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return phonenumbers.PhoneNumber()


def index_terms(identity: PatientIdentity) -> set[str]:
    """What finds a patient: beginnings of each word of the name, birth date, phone, e-mail."""
    terms = {term for word in held_words(identity.name) for term in _beginnings(word)}
    terms.add(f"birth:{identity.birth_date.isoformat()}")
    if identity.phone:
        terms.add(f"phone:{identity.phone}")
    if identity.email:
        terms.add(f"email:{identity.email.casefold()}")
    return terms


def words(name: str) -> list[str]:
    """The words of a name as search compares them; a name without letters stands as it is."""
    return normalise(name).split() or name.casefold().split()


def held_words(name: str) -> list[str]:
    """The words that find a name: "Jean-Luc O'Brien" is found by jean, luc, jeanluc, o, brien and obrien."""
    joined = [normalise(part).replace(" ", "") for part in name.split()]
    return list(dict.fromkeys([*words(name), *filter(None, joined)]))


def name_term(word: str) -> str:
    """The index term that finds names with a word beginning like this."""
    return f"name:{word[:PREFIX_LETTERS]}"


def _beginnings(word: str) -> set[str]:
    # One Latin letter finds half the clinic; one Chinese character may be a whole name.
    shortest = 2 if word.isascii() and len(word) > 1 else 1
    return {name_term(word[:n]) for n in range(shortest, min(len(word), PREFIX_LETTERS) + 1)}
