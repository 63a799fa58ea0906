"""The row count check: has a window as many rows as its like had in the weeks before?

Training data says nothing of tomorrow's traffic, so a window is compared with the windows at the
same hour of the week, of its own variant, that were run before it.
"""

from __future__ import annotations

from math import exp, log1p, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit

from tidegauge.rules.alarms.trial import found
from tidegauge.rules.alarms.verdicts import Evidence
from tidegauge.rules.finding import not_evaluated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tidegauge.rules.alarms.trial import Trial
    from tidegauge.rules.finding import Finding

LEAST_BEFORE = 8
MOST_BEFORE = 12


def row_count(rows: int, before: Sequence[int], trial: Trial) -> Finding:
    """Is the number of rows beyond what the earlier ones let expect, in either direction?

    On the scale of log(1 + rows) the new one is compared by Student's prediction interval,
    `mean +- t s sqrt(1 + 1 / B)` with B - 1 degrees of freedom, s at least what counting alone
    gives, 1 / sqrt(mean rows). The effect is the relative difference, its floor `min_effect`.
    Source of the interval: Hahn and Meeker, "Statistical Intervals" (1991), section 4.7.
    """
    known = len(before)
    if known < LEAST_BEFORE:
        return not_evaluated(
            f"{known} windows at the same hour of the week were run before it, and at least "
            f"{LEAST_BEFORE} are needed",
            observed=rows,
            before=list(before),
        )
    logs = np.log1p(np.array(before, float))
    mean, freedom = float(logs.mean()), known - 1
    typical = exp(mean) - 1.0
    spread = sqrt(max(float(logs.var(ddof=1)), 1.0 / max(1.0, typical)))
    error = spread * sqrt(1.0 + 1.0 / known)
    t = abs(log1p(rows) - mean) / error
    reach = float(stdtrit(freedom, 1.0 - trial.alpha / 2.0)) * error
    evidence = Evidence(
        p_value=2.0 * float(stdtr(freedom, -t)),
        alpha=trial.alpha,
        effect=abs(rows - typical) / max(1.0, typical),
        floor=trial.setting.min_effect,
        n=1,
        m=known,
        critical=float(stdtrit(freedom, 1.0 - trial.alpha / 2.0)),
        # Towards fewer rows: at worst all are gone.
        detectable=1.0 - exp(-reach - float(ndtri(trial.setting.power)) * spread),
        power=trial.setting.power,
    )
    numbers = {
        "test": "Student's prediction interval of log(1 + rows)",
        "observed": rows,
        "before": list(before),
        "typical": typical,
        "threshold": exp(mean - reach) - 1.0,
        "threshold_max": exp(mean + reach) - 1.0,
        "statistic": t,
    }
    sentence = f"Value: {rows} does not meet the constraint requirement!"
    return found(evidence, None, sentence, numbers)
