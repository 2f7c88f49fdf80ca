"""The core of the service: bytes of events in, bytes of answers out, one model call per batch.

Knows neither AWS nor HTTP. The Lambda handler and the web service both stand on it::

    champion = Champion(store, name, 60)             # inference.model.champion: verified, hot swap
    item = Item(data=b'{"student_id": 1, ...}', partition_key="1",
                prediction_id=str(uuid.uuid4()), event_time=now_text())
    batch = score([item], champion.current())        # exactly one Answer per Item, same order
    batch.answers[0].data                            # the JSON of the output record
    batch.answers[0].status                          # "ok" or "rejected"

`score` never raises for what a record holds: bad input is a rejection, and so is a record the model
fails on (`model_failed`), while the rest of its batch is answered. It raises PredictionError when
the model fails on its golden rows too: then it is the model, and nothing may be acknowledged.
"""

from collections.abc import Iterator
from functools import partial
from itertools import chain, repeat
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from contract.bundle import BundleError
from contract.errors import StudentPerformanceError
from contract.features import FEATURES
from contract.grades import GRADES
from inference.model.guidance import advise
from inference.model.isolation import apart
from inference.model.predictor import Predictions, Predictor
from inference.model.year import predict_in_year, prior
from inference.stream import answers
from inference.stream.answers import Advice, Prediction, Probabilities, UsedFeatures
from inference.stream.decoding import decode
from inference.stream.events import Event
from inference.stream.inspection import has_surrogate
from inference.stream.item import Answer, Item
from inference.stream.problems import MODEL_FAILED, Problem, Rejection

MAX_PARTITION_KEY = 256
"""Characters Kinesis accepts."""

NO_KEY = "unknown"
"""The answer's partition key where neither a student id nor the input's own key can be used."""

_WHOLE = [feature.whole for feature in FEATURES]


class PredictionError(StudentPerformanceError):
    """The served model failed; nothing of the batch may be acknowledged."""

    code = "prediction"


class _Said(NamedTuple):
    """What the model said about n accepted records."""

    events: list[Event]
    rows: npt.NDArray[np.float64]
    elapsed: npt.NDArray[np.float64]
    predictions: Predictions
    guidance: Iterator[list[Advice] | msgspec.UnsetType]


_NOTHING = _Said(
    [],
    np.empty((0, len(FEATURES))),
    np.empty(0),
    Predictions(np.empty((0, len(GRADES)), np.float32), np.empty(0, np.float32)),
    iter(()),
)


class Batch(NamedTuple):
    """The answers, in the items' order, and what metrics and the shadow model need.

    ``rows`` (n, 9), ``elapsed`` (n,) and ``predictions`` hold the n answered records only, in order.
    """

    answers: list[Answer]
    problems: list[Problem]
    rows: npt.NDArray[np.float64]
    predictions: Predictions
    elapsed: npt.NDArray[np.float64]


def score(items: list[Item], predictor: Predictor) -> Batch:
    """Answer every item with one model call (a second one where guidance is asked for)."""
    decoded = [Rejection((item.problem,)) if item.problem else decode(item.data) for item in items]
    try:
        said = _ask(predictor, _events(decoded))
    except PredictionError as error:
        said = _ask_apart(predictor, decoded, error)
    bodies = zip(
        _predicted(said.events, said.predictions),
        _used_features(said.rows),
        said.guidance,
        strict=True,
    )
    manifest = predictor.manifest
    source = answers.Source(manifest.name, manifest.version, manifest.run_id, answers.now_text())
    out: list[Answer] = []
    problems: list[Problem] = []
    for item, event in zip(items, decoded, strict=True):
        if isinstance(event, Event):
            body = answers.ok(item.prediction_id, item.event_time, event, next(bodies), source)
            out.append(Answer(str(event.student_id), body, "ok"))
        else:
            body = answers.rejected(item.prediction_id, item.event_time, event, source)
            out.append(Answer(_key(item, event), body, "rejected"))
            problems.extend(event.problems)
    return Batch(out, problems, said.rows, said.predictions, said.elapsed)


def _key(item: Item, rejection: Rejection) -> str:
    if rejection.student_id is not None:
        return str(rejection.student_id)
    key = item.partition_key
    return key if 0 < len(key) <= MAX_PARTITION_KEY and not has_surrogate(key) else NO_KEY


def _events(decoded: list[Event | Rejection]) -> list[Event]:
    return [event for event in decoded if isinstance(event, Event)]


def _ask(predictor: Predictor, events: list[Event]) -> _Said:
    rows = np.array([msgspec.structs.astuple(event.student) for event in events], dtype=np.float64)
    rows = rows.reshape(-1, len(FEATURES)) + 0.0  # -0.0 becomes 0.0
    elapsed = np.array(
        [1.0 if event.year_elapsed is None else event.year_elapsed for event in events],
        dtype=np.float64,
    )
    predictions = _predict(predictor, rows, elapsed)
    guidance = _guidance(predictor, events, rows, predictions, elapsed)
    return _Said(events, rows, elapsed, predictions, guidance)


def _ask_apart(
    predictor: Predictor, decoded: list[Event | Rejection], error: PredictionError
) -> _Said:
    """Ask in parts, and put a rejection into ``decoded`` for each record the model fails on.

    Before and after, the golden rows tell whether the model itself is at fault.
    """
    _check(predictor, error)
    places = [place for place, event in enumerate(decoded) if isinstance(event, Event)]
    events = _events(decoded)
    parts = [_NOTHING]
    for start, end, said in apart(
        lambda start, end: _ask(predictor, events[start:end]), 0, len(events), PredictionError
    ):
        if said is not None:
            parts.append(said)
            continue
        for place, event in zip(places[start:end], events[start:end], strict=True):
            decoded[place] = Rejection((MODEL_FAILED,), event.student_id, event.request_id)
    _check(predictor, error)
    predictions = [part.predictions for part in parts]
    return _Said(
        [event for part in parts for event in part.events],
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.elapsed for part in parts]),
        Predictions(
            np.concatenate([one.probabilities for one in predictions]),
            np.concatenate([one.gpa for one in predictions]),
        ),
        chain.from_iterable(part.guidance for part in parts),
    )


def _check(predictor: Predictor, error: PredictionError) -> None:
    try:
        predictor.check_golden_rows()
    except BundleError:
        raise error from error.__cause__


def _predict(
    predictor: Predictor, rows: npt.NDArray[np.float64], elapsed: npt.NDArray[np.float64]
) -> Predictions:
    try:
        predictions = predict_in_year(predictor.predict, rows, elapsed, prior(predictor.manifest))
    except Exception as error:  # onnxruntime's errors have no public root
        raise PredictionError(f"version {predictor.manifest.version} failed") from error
    if not (np.isfinite(predictions.probabilities).all() and np.isfinite(predictions.gpa).all()):
        raise PredictionError(f"version {predictor.manifest.version} gave no finite numbers")
    return predictions


def _predicted(events: list[Event], predictions: Predictions) -> Iterator[Prediction]:
    classes: list[int] = predictions.probabilities.argmax(axis=1).tolist()
    gpas: list[float] = predictions.gpa.astype(np.float64).round(4).tolist()
    rounded = predictions.probabilities.astype(np.float64).round(6).tolist()
    for event, index, gpa, row in zip(events, classes, gpas, rounded, strict=True):
        yield Prediction(event.student_id, index, GRADES[index], gpa, Probabilities(*row))


def _used_features(rows: npt.NDArray[np.float64]) -> Iterator[msgspec.Struct]:
    columns = [
        (column.astype(np.int64) if whole else column).tolist()
        for column, whole in zip(rows.T, _WHOLE, strict=True)
    ]
    return map(UsedFeatures, *columns)


def _guidance(
    predictor: Predictor,
    events: list[Event],
    rows: npt.NDArray[np.float64],
    predictions: Predictions,
    elapsed: npt.NDArray[np.float64],
) -> Iterator[list[Advice] | msgspec.UnsetType]:
    asked = [index for index, event in enumerate(events) if event.explain]
    if not asked:
        return repeat(msgspec.UNSET, len(events))
    now = Predictions(predictions.probabilities[asked], predictions.gpa[asked])
    advice = iter(advise(partial(_predict, predictor), rows[asked], now, elapsed[asked]))
    return (next(advice) if event.explain else msgspec.UNSET for event in events)
