"""Whose it is: the patient or somebody else, the family, and how the patient lives."""
