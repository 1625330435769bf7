"""Numbers that campaigns report."""

import math


def percentile(seconds, percent):
    """In whole milliseconds, by the nearest rank; 0 of nothing."""
    ranked = sorted(seconds)
    return round(1_000 * ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]) if ranked else 0
