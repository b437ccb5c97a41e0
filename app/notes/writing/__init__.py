"""Sentences of a note, a summary and a letter, in French and English."""
