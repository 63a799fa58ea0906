"""`constraints.json` of model quality: what a metric must not fall below or rise above.

What a suggested threshold stands on is kept under `tidegauge`: with it a smaller window gets the
wider margin of its size. Unknown keys of a constraint are tolerated (SageMaker's own samples write
`additional_properties`), an unknown metric is kept.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tidegauge.documents.quality.problems import key_of, problem_of
from tidegauge.documents.reader import (
    Reader,
    count,
    distance,
    mapping,
    number,
    one_of,
    share,
    text,
    version_zero,
)
from tidegauge.rules.quality.constraints import (
    Basis,
    MetricConstraint,
    Operator,
    QualityConstraints,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tidegauge.documents.reader import Fit

_BASIS: Mapping[str, Fit[Any]] = {
    "threshold": number,
    "value": number,
    "standard_deviation": distance,
    "n": count,
    "rows_share": share,
    "alpha": share,
    "min_effect": distance,
    "expected_rows": count,
    "detectable": distance,
    "skewness": number,
    "swing": distance,
    "blocks": count,
}


def encode(constraints: QualityConstraints) -> dict[str, Any]:
    """The document, metrics in their order."""
    document: dict[str, Any] = {
        "version": 0.0,
        key_of(constraints.problem, "constraints"): {
            constraint.metric: {
                "threshold": constraint.threshold,
                "comparison_operator": constraint.operator.value,
            }
            for constraint in constraints.metrics
        },
    }
    own = dict(constraints.extension)
    if bases := {c.metric: _encode(c.basis) for c in constraints.metrics if c.basis is not None}:
        own["metrics"] = bases
    if constraints.dropped:
        own["dropped"] = dict(constraints.dropped)
    return document | ({"tidegauge": own} if own else {})


def _encode(basis: Basis) -> dict[str, Any]:
    known = asdict(basis)
    return known if basis.accepted else {k: v for k, v in known.items() if k != "accepted"}


def decode(document: dict[str, Any], where: str) -> QualityConstraints:
    """The constraints of a document that `load` has read, ours or the service's.

    Raises:
        DocumentError: a value is missing or unfit, or the problem is unknown.
    """
    reader = Reader(document, where)
    reader.maybe("version", version_zero)
    problem = problem_of(reader, "constraints")
    section = reader.section(key_of(problem, "constraints"))
    own = reader.maybe("tidegauge", mapping) or {}
    inner = Reader(own, where, "tidegauge")
    bases = inner.maybe_section("metrics")
    return QualityConstraints(
        problem=problem,
        metrics=tuple(_decode_metric(key, section.section(key), bases) for key in section.fields),
        dropped=inner.values("dropped", text) if "dropped" in own else {},
        extension={key: value for key, value in own.items() if key not in ("metrics", "dropped")},
    )


def _decode_metric(metric: str, reader: Reader, bases: Reader | None) -> MetricConstraint:
    reader.refuse_misspelled(("threshold", "comparison_operator", "additional_properties"))
    basis = bases.maybe_section(metric) if bases else None
    return MetricConstraint(
        metric,
        reader.get("threshold", number),
        reader.get("comparison_operator", one_of(Operator)),
        _decode_basis(basis) if basis else None,
    )


def _decode_basis(reader: Reader) -> Basis:
    known = {key: reader.get(key, fit) for key, fit in _BASIS.items()}
    return Basis(**known, accepted=reader.maybe("accepted", text) or "")
