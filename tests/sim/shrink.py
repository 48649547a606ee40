# SPDX-License-Identifier: GPL-2.0-only
"""The fewest steps of a plan that still fail: parts are left out as long as what is left
fails in the same way."""

from dataclasses import replace


def shrink(plan, result, play, budget):
    """A smaller plan and its result, after at most BUDGET plays; play(plan) gives a result."""
    parts = 2
    while budget > 0 and len(plan.steps) > 1:
        size = max(1, len(plan.steps) // parts)
        for at in range(0, len(plan.steps), size):
            less = replace(plan, steps=plan.steps[:at] + plan.steps[at + size:])
            budget -= 1
            again = play(less)
            if again.kind == result.kind:
                plan, result, parts = less, again, max(parts - 1, 2)
                break
            if budget <= 0:
                break
        else:
            if size == 1:
                break
            parts = min(parts * 2, len(plan.steps))
    return plan, result
