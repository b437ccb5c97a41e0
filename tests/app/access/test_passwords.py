"""Passwords that are refused, and factors as pure values."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access import factors
from app.access.factors import RECOVERY_CODES, AccountSecret, matching_step, recovery_hash
from app.access.passwords import MAX_PASSWORD_CHARS, TOO_COMMON, TOO_LONG, TOO_SHORT, weakness
from app.people.staff import first_password

SOPHIE = ("Sophie Perrin", "s.perrin@clinic.example", "Clinique des Tilleuls")
NOW = datetime(2026, 11, 23, 13, tzinfo=UTC)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.mark.parametrize("password", [
    "Password1234!", "P4ssw0rd!2024xy", "azertyuiop123", "MotDePasse2026!", "passwordpassword", "aaaaaaaaaaaaaaaa",
    "abcabcabcabcabc", "123456789012345", "9876543210987", "Sophie.Perrin1984", "tilleuls-clinique-2026",
    "Perrin" * 5, "Été2026Été2026", "doudou marseille 13", "qsdfghjklmwxcvbn", "\u200b" * 20, "🐴" * 14])
def test_passwords_that_are_tried_first_are_refused(password):
    assert weakness(password, SOPHIE) == TOO_COMMON


@pytest.mark.parametrize("password", ["correct horse battery", "jardin bleu moteur", "le chat dort dehors", "Tr0ub4dor&3xyz",
                                      "дождь идёт весь день", "四月は君の嘘を見ている桜の花が咲く"])
def test_good_ones_of_any_alphabet_are_taken(password):
    assert weakness(password, SOPHIE) == ""


def test_length_has_both_bounds():
    assert weakness("kq7!mzp") == TOO_SHORT
    assert weakness("") == TOO_SHORT
    assert weakness("jardin bleu moteur " * 20) == TOO_LONG
    assert len("jardin bleu moteur " * 20) > MAX_PASSWORD_CHARS


@given(st.text(min_size=0, max_size=300), st.lists(st.text(max_size=40), max_size=4))
def test_every_text_gets_one_of_the_answers(password, personal):
    assert weakness(password, personal) in ("", TOO_SHORT, TOO_LONG, TOO_COMMON)


def test_the_passwords_we_hand_out_are_good_ones():
    for _ in range(200):
        assert weakness(first_password(), SOPHIE) == ""


def test_a_totp_code_is_good_in_its_step_and_the_two_beside_it():
    totp, step = pyotp.TOTP(SECRET), int(NOW.timestamp()) // 30
    for drift, fits in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        code = totp.at(NOW + timedelta(seconds=30 * drift))
        assert (matching_step(SECRET, code, NOW) == step + drift) == fits
    assert matching_step(SECRET, "", NOW) == matching_step(SECRET, "é" * 6, NOW) == -1
    code = totp.at(NOW)
    assert matching_step(SECRET, f" {code[:3]} {code[3:]} ", NOW) == step


def test_a_totp_code_is_used_once():
    secret, code = AccountSecret(totp_secret=SECRET), pyotp.TOTP(SECRET).at(NOW)
    assert secret.use_code(code, NOW)
    assert not secret.use_code(code, NOW)


def test_recovery_codes_are_good_once_each_however_they_are_typed():
    secret = AccountSecret(totp_secret=SECRET)
    codes = secret.renew_recovery()
    assert len(set(codes)) == RECOVERY_CODES
    assert not any(code in secret.model_dump_json() for code in codes)
    assert secret.use_recovery(codes[0].upper().replace("-", " "))
    assert not secret.use_recovery(codes[0])
    assert not secret.use_recovery("")
    assert len(secret.recovery) == RECOVERY_CODES - 1
    fresh = secret.renew_recovery()
    assert not secret.use_recovery(codes[1])
    assert secret.use_recovery(fresh[1])


def test_a_recovery_code_has_fifty_random_bits_or_nearly():
    assert len(factors.RECOVERY_LETTERS) ** (2 * factors.RECOVERY_GROUP) > 2**49
    assert recovery_hash("AB-cd") == recovery_hash("abcd")
