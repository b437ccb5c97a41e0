"""Facts brought together, listed once, checked against what was said and compared with the record."""
