"""Explanations: how an outcome came about, step by step, each number as the documents have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tidegauge.model.outcome import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tidegauge.model.outcome import Outcome

_PLAIN = 4  # values that a step shows of a list


def explained(outcome: Outcome) -> tuple[str, ...]:
    """The steps of one outcome, a sentence each."""
    return (f"{outcome.check}: {outcome.verdict.value}. {outcome.description}", *_steps(outcome))


def _steps(outcome: Outcome) -> Iterator[str]:
    numbers = outcome.numbers
    if "p_value" not in numbers or "alpha" not in numbers:
        yield from _listed(numbers)
        if isinstance(moved := numbers.get("moved"), dict):
            yield _rows_moved(moved)
        return
    if "rank_error" in numbers:
        yield from _gap(numbers)
    elif "before" in numbers:
        yield from _rows(numbers)
    elif "degrees_of_freedom" in numbers:
        yield from _cells(numbers)
    else:
        yield from _shares(numbers)
    yield from _swings(numbers)
    yield from _decided(outcome)
    for moved in numbers.get("moved", ())[:_PLAIN]:
        yield (
            f"moved: {_where(moved)} has {_percent(moved['share'])} of the window's values and "
            f"{_percent(moved['baseline_share'])} of the baseline's"
        )


def _gap(numbers: Mapping[str, Any]) -> Iterator[str]:
    n, m, gap = numbers["n"], numbers["baseline_n"], numbers["effect"]
    yield (
        f"the distribution functions of {n:,} values of the window and {m:,} of "
        f"{_baseline(numbers)} are {_number(numbers['distance'])} apart where they are furthest"
    )
    yield (
        f"less what the sketches may err in ranks, {_number(numbers['rank_error'])}: the gap is "
        f"{_number(gap)}"
    )
    if numbers["design_effect"] is None:
        yield (
            "p = 2 exp(-2 gap^2 n m / (n + m)), at most 1 (with e for 2 where n = m < 458 or "
            f"both are at most 3): p = {_number(numbers['p_value'])}"
        )


def _cells(numbers: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{numbers['n']:,} values of the window and {numbers['baseline_n']:,} of "
        f"{_baseline(numbers)} in {len(numbers['cells'])} cells: rare values are pooled"
    )
    yield (
        "total variation, half the sum of the differences of the cells' shares: "
        f"{_number(numbers['effect'])}"
    )
    if numbers["design_effect"] is None:
        yield (
            f"G with Williams' correction is {_number(numbers['statistic'])} with "
            f"{numbers['degrees_of_freedom']} degrees of freedom; twice the chi-squared tail "
            f"(two cells: Fisher's exact test): p = {_number(numbers['p_value'])}"
        )


def _shares(numbers: Mapping[str, Any]) -> Iterator[str]:
    bad, n, theirs, m = (numbers[key] for key in ("bad", "n", "baseline_bad", "baseline_n"))
    yield (
        f"{bad:,} of {n:,} values of the window are bad, {_percent(numbers['bad_share'])}; the "
        f"baseline and the constraint let expect {theirs:,} of {m:,}: "
        f"{_number(numbers['effect'])} more"
    )
    if numbers["design_effect"] is None and not numbers.get("alike"):
        yield (
            f"p = P(X >= {bad}) for X beta-binomial with n = {n}, a = {theirs + 1}, "
            f"b = {m - theirs} (Fisher's exact test): p = {_number(numbers['p_value'])}"
        )


def _rows(numbers: Mapping[str, Any]) -> Iterator[str]:
    before = ", ".join(f"{rows:,}" for rows in numbers["before"])
    yield f"the windows at the same hour of the week before it had {before} rows"
    yield (
        f"their typical number, exp(mean of log(1 + rows)) - 1, is {numbers['typical']:,.1f}; this "
        f"window has {numbers['observed']:,}, off by {_percent(numbers['effect'])}"
    )
    yield (
        f"|log(1 + rows) - mean| over its standard error is {_number(numbers['statistic'])}, by "
        f"Student's t with {numbers['baseline_n'] - 1} degrees of freedom: "
        f"p = {_number(numbers['p_value'])}"
    )


def _swings(numbers: Mapping[str, Any]) -> Iterator[str]:
    effect = numbers["design_effect"]
    if effect is None:
        return
    n, m, rows = numbers["n"], numbers["baseline_n"], effect["rows"]
    deff = max(effect["estimate"], 1.0)
    spread = (n - 1) / (n * (rows - 1.0)) + 1.0 / m
    yield (
        f"with nothing wrong, {effect['blocks']} blocks of {rows:,.0f} values on average differ by "
        f"{_number(deff)} times what independent rows would: the design effect"
    )
    yield (
        f"blocks add a variance of null_mean (deff - 1) ((n - 1) / (n (rows - 1)) + 1 / m) = "
        f"{_number(effect['null_mean'])} x {_number(deff - 1.0)} x {_number(spread)} = "
        f"{_number(effect['null_mean'] * (deff - 1.0) * spread)}"
    )
    yield (
        f"averaged over what so many blocks say of that variance: p = "
        f"{_number(numbers['p_value'])}"
        + ("; alpha is below 1 / blocks, an extrapolation" if numbers["extrapolated"] else "")
    )


def _decided(outcome: Outcome) -> Iterator[str]:
    numbers = outcome.numbers
    alpha, floor = _number(numbers["alpha"]), _number(numbers["min_effect"])
    yield f"this test may spend alpha = {alpha}, its part of the budget of false alarms"
    if numbers.get("critical_value") is not None:
        yield f"p falls below alpha beyond {_number(numbers['critical_value'])}"
    least = numbers["smallest_detectable"]
    finds = f"a difference of {_number(least)}" if least <= 1 else "no difference at all"
    yield (
        f"with a power of {_percent(numbers['power'])} it finds {finds}; differences up to the "
        f"floor {floor} do not matter"
    )
    match outcome.verdict:
        case Verdict.VIOLATED:
            yield "violated: p is below alpha, and the difference above its floor"
        case Verdict.NOT_ENOUGH_DATA:
            yield "not enough data: a difference at the floor would not have shown"
        case Verdict.HELD:
            why = "p is not below alpha" if numbers["p_value"] >= numbers["alpha"] else (
                "the difference is not above its floor"
            )  # fmt: skip
            yield f"held: {why}, and a difference at the floor would have shown"
        case Verdict.NOT_EVALUATED:
            pass  # the description says why


def _listed(numbers: Mapping[str, Any]) -> Iterator[str]:
    """The numbers of a check without a test."""
    for name, value in numbers.items():
        if not isinstance(value, list | dict):
            yield f"{name}: {_number(value) if isinstance(value, float) else value}"


def _rows_moved(moved: Mapping[str, Any]) -> str:
    """Which of the rows behind a metric of model quality moved most."""
    if "errors_above" in moved:
        which = f"errors above {_number(moved['errors_above'])}"
    else:
        which = f"rows with the label {moved['actual']!r} and the answer {moved['predicted']!r}"
    return (
        f"moved: {which} are {_percent(moved['share'])} of the window's rows and "
        f"{_percent(moved['baseline_share'])} of the baseline's"
    )


def _baseline(numbers: Mapping[str, Any]) -> str:
    season = numbers.get("season")
    return f"the baseline's {season} blocks" if season else "the baseline"


def _where(moved: Mapping[str, Any]) -> str:
    if "value" in moved:
        return "all rare values" if moved["value"] is None else repr(moved["value"])
    low, high = moved["above"], moved["up_to"]
    if low is None:
        return f"up to {_number(high)}"
    return f"above {_number(low)}" + ("" if high is None else f", up to {_number(high)},")


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"


def _number(value: float) -> str:
    return f"{value:.6g}"
