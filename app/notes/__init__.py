"""Drafting of consultation notes: pure functions from a transcript to sentences that name their evidence."""
