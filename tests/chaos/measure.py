"""Numbers that campaigns report."""

import math


def quantile(values, part):
    """By the nearest rank; 0 of nothing."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * part) - 1)] if ranked else 0.0


def percentile(seconds, percent):
    """In whole milliseconds."""
    return round(1_000 * quantile(seconds, percent / 100))


def milliseconds(seconds, name):
    """p50 and p99 for the line of counts."""
    return {f"{name}_p50_ms": round(quantile(seconds, 0.5) * 1000, 1),
            f"{name}_p99_ms": round(quantile(seconds, 0.99) * 1000, 1)}
