"""ROUGE-1, -2 and -Lsum (F1, no stemmer; Lin 2004), as rouge-score takes them, with accented letters kept."""

import re
from collections import Counter


def rouge(candidate: str, reference: str) -> tuple[float, float, float]:
    """ROUGE-1, ROUGE-2 and ROUGE-Lsum (F1, no stemmer; Lin 2004), sentences parted by new lines."""
    one, two = words(candidate), words(reference)
    return overlap(one, two, 1), overlap(one, two, 2), lsum(candidate, reference)


def words(text: str) -> list[str]:
    """Tokens as rouge-score takes them, accented letters kept."""
    return re.findall(r"[a-z0-9à-ÿœ]+", text.lower())


def overlap(candidate: list[str], reference: list[str], n: int) -> float:
    """F1 of n-grams in common."""
    grams = [Counter(zip(*(tokens[i:] for i in range(n)), strict=False)) for tokens in (candidate, reference)]
    common = sum((grams[0] & grams[1]).values())
    return f1(common, sum(grams[0].values()), sum(grams[1].values()))


def lsum(candidate: str, reference: str) -> float:
    """F1 of the union of longest common subsequences of each reference line with every candidate line."""
    rows = [words(line) for line in candidate.splitlines() if words(line)]
    left = [Counter(words(candidate)), Counter(words(reference))]
    hits = 0
    for line in filter(None, map(words, reference.splitlines())):
        union: set[int] = set()
        for row in rows:
            union |= common_places(line, row)
        for place in sorted(union):
            if left[0][line[place]] > 0 and left[1][line[place]] > 0:
                hits += 1
                left[0][line[place]] -= 1
                left[1][line[place]] -= 1
    return f1(hits, len(words(candidate)), len(words(reference)))


def common_places(line: list[str], row: list[str]) -> set[int]:
    """Places in `line` of its longest common subsequence with `row`."""
    if not set(line) & set(row):
        return set()
    table = [[0] * (len(row) + 1) for _ in range(len(line) + 1)]
    for i, one in enumerate(line):
        for j, two in enumerate(row):
            table[i + 1][j + 1] = table[i][j] + 1 if one == two else max(table[i][j + 1], table[i + 1][j])
    places, i, j = set[int](), len(line), len(row)
    while i and j:
        if line[i - 1] == row[j - 1]:
            places.add(i - 1)
            i, j = i - 1, j - 1
        elif table[i - 1][j] >= table[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return places


def f1(hits: float, candidate: float, reference: float) -> float:
    """Harmonic mean of precision and recall."""
    return 2 * hits / (candidate + reference) if hits else 0.0
