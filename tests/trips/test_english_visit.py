"""The whole story in English. A file of its own: the two languages run side by side."""

from tests.trips import whole_visit


def test_a_visit_from_slot_to_signature(playwright, tmp_path):
    whole_visit.from_slot_to_signature("en", playwright, tmp_path)
