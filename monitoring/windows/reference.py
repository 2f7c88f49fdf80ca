"""The reference set of a model version: what its training rows looked like, and its own answers."""

from collections import OrderedDict
from typing import Any, Final

import numpy as np
import pyarrow
from botocore.exceptions import ClientError
from pyarrow import parquet

from contract import scores
from contract.features import FEATURE_NAMES
from contract.grades import GRADES
from monitoring.clients import error_code
from monitoring.errors import ReferenceMissingError, ReferenceUnusableError
from monitoring.windows import performance
from monitoring.windows.drift import NUMERICAL, PREDICTION, Array, Columns

PREDICTED: Final = "predicted_GradeClass"
TRUTH: Final = "GradeClass"
PROBABILITIES: Final = tuple(f"p_{grade}" for grade in GRADES)
RECENT: Final = "recent"
"""Optional flag of rows that came from the stream: with enough of them they are what "normal" looked
like when the model was made. A shifted stream never matches a mixture of old and shifted rows."""
MINIMUM_RECENT: Final = 200
MAXIMUM_ROWS: Final = 20_000
_KEPT: Final = 3


class Reference:
    """Reference rows in the columns a window has, with the figures dashboards draw as bands."""

    def __init__(self, version: str, table: Columns) -> None:
        needed = (*FEATURE_NAMES, TRUTH, PREDICTED, *PROBABILITIES)
        missing = [name for name in needed if name not in table]
        if missing:
            raise ReferenceUnusableError(
                f"the reference set of version {version} lacks {', '.join(missing)}"
            )
        values = np.column_stack([np.asarray(table[name], dtype=float) for name in needed])
        usable = ~np.isnan(values).any(axis=1)
        if not usable.any():
            raise ReferenceUnusableError(f"the reference set of version {version} has no row")
        whole = dict(zip(needed, values[usable].T, strict=True))
        self.version = version
        self.truth = whole[TRUTH].astype(np.int64)
        self.predicted = whole[PREDICTED].astype(np.int64)
        self.probabilities = np.column_stack([whole[name] for name in PROBABILITIES])
        chosen = np.arange(len(self.truth))
        if RECENT in table:
            recent = np.array([flag is True or flag is np.True_ for flag in table[RECENT]])[usable]
            if recent.sum() >= MINIMUM_RECENT:
                chosen = chosen[recent]
        if len(chosen) > MAXIMUM_ROWS:  # bounds the cost of a window; the draw is always the same
            chosen = np.random.default_rng(7).choice(chosen, MAXIMUM_ROWS, replace=False)
        self.columns = {name: _column(whole[name][chosen], name) for name in FEATURE_NAMES}
        self.columns[PREDICTION] = self.predicted[chosen]
        self.f1_macro = float(scores.f1_by_grade(self.truth, self.predicted).mean())

    def stats(self) -> list[tuple[str, str, str, float]]:
        """Return (metric, column, label, value) rows for the reference_stats table."""
        stats: list[tuple[str, str, str, float]] = [
            ("rows", "", "", float(len(self.columns[PREDICTION]))),
            ("f1_macro", "", "", self.f1_macro),
            ("accuracy", "", "", float((self.truth == self.predicted).mean())),
            ("log_loss", "", "", scores.log_loss(self.truth, self.probabilities)),
        ]
        for name in FEATURE_NAMES:
            values = self.columns[name].astype(float)
            stats += [
                ("mean", name, "", float(values.mean())),
                ("sd", name, "", float(values.std())),
                ("minimum", name, "", float(values.min())),
                ("maximum", name, "", float(values.max())),
            ]
        for k, grade in enumerate(GRADES):
            stats.append(("label_share", "", grade, float((self.truth == k).mean())))
        answers = performance.answers(self.probabilities, self.predicted)
        return stats + [(metric, "", label, value) for metric, label, value in answers]

    def bounds(self, column: str) -> tuple[float, float]:
        """Return training's range of a feature."""
        values = self.columns[column]
        return float(values.min()), float(values.max())


def _column(values: Array, name: str) -> Array:
    return values if name in NUMERICAL else values.astype(np.int64)


class ReferenceStore:
    """Fetches reference sets from S3 and keeps the few in use, so memory stays flat."""

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._kept: OrderedDict[str, Reference] = OrderedDict()

    def get(self, version: str) -> Reference:
        """Return the reference of a version.

        Raises ReferenceMissingError when none was ever written, ReferenceUnusableError when it
        cannot serve; S3's transient errors pass through, so that the caller tries again later.
        """
        if version in self._kept:
            self._kept.move_to_end(version)
            return self._kept[version]
        key = f"reference/{version}.parquet"
        try:
            body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error_code(error) in ("NoSuchKey", "404", "NoSuchBucket"):
                raise ReferenceMissingError(
                    f"there is no reference set for version {version} (s3://{self._bucket}/{key})"
                ) from error
            raise
        try:
            table = parquet.read_table(pyarrow.BufferReader(body))
        except (ValueError, OSError) as error:
            raise ReferenceUnusableError(
                f"the reference set of version {version} is no readable parquet file"
            ) from error
        self._kept[version] = Reference(
            version,
            {
                name: table[name].to_pylist() if name == RECENT else table[name].to_numpy()
                for name in table.column_names
            },
        )
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return self._kept[version]
