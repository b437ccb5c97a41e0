"""Words and sentences: what was said, folded, cut into sentences, corrected, and how each is meant."""
