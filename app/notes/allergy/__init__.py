"""What harms somebody, what it does, and what was only said to."""
