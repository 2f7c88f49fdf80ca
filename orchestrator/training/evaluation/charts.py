"""Pictures a teacher can read; each function returns PNG bytes and draws without global state."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from contract.grades import GRADES
from contract.scores import Classes, Floats, confusion
from orchestrator.training.evaluation.effects import Effect, Importance
from orchestrator.training.evaluation.learning_curve import CurvePoint

INK, ACCENT, SOFT = "#1f2937", "#2563eb", "#93c5fd"
DPI = 110


def confusion_chart(grades: Classes, probabilities: Floats) -> bytes:
    """Given grade by predicted grade, counts and shares of each row."""
    table = confusion(grades, probabilities.argmax(axis=1))
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    figure, axes = _figure("How often is each grade predicted?", (5.4, 4.8))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in range(len(GRADES)):
        for column in range(len(GRADES)):
            axes.text(
                column,
                row,
                f"{table[row, column]}\n{shares[row, column]:.0%}",
                ha="center",
                va="center",
                fontsize=9,
                color="white" if shares[row, column] > 0.5 else INK,
            )
    axes.set_xticks(range(len(GRADES)), GRADES)
    axes.set_yticks(range(len(GRADES)), GRADES)
    axes.set_xlabel("predicted grade")
    axes.set_ylabel("grade the student has")
    return _png(figure)


def reliability_chart(grades: Classes, probabilities: Floats, bins: int = 10) -> bytes:
    """Confidence against the share that came true, with 95 % binomial bands."""
    confidence = probabilities.max(axis=1)
    hit = probabilities.argmax(axis=1) == grades
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    figure, axes = _figure("When the model says 80 %, is it right 8 times in 10?", (5.4, 4.8))
    axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle="--", label="exactly as said")
    for k in range(bins):
        rows = index == k
        if rows.sum() < 5:
            continue
        rate, spread = hit[rows].mean(), 1.96 * np.sqrt(0.25 / rows.sum())
        axes.errorbar(
            confidence[rows].mean(),
            rate,
            yerr=spread,
            fmt="o",
            color=ACCENT,
            ecolor=SOFT,
            capsize=3,
        )
        axes.annotate(f"n={rows.sum()}", (confidence[rows].mean() + 0.015, rate - 0.04), fontsize=8)
    axes.set(
        xlim=(0.15, 1), ylim=(0, 1.05), xlabel="what the model said", ylabel="share that came true"
    )
    axes.legend(loc="upper left", frameon=False)
    return _png(figure)


def importance_chart(importances: Sequence[Importance]) -> bytes:
    """What shuffling each feature costs, in f1-macro."""
    figure, axes = _figure("What does the model lose without knowing ...?", (6.4, 4.2))
    ordered = list(reversed(importances))
    axes.barh(
        [importance.feature for importance in ordered],
        [importance.f1_loss for importance in ordered],
        xerr=[importance.f1_sd for importance in ordered],
        color=ACCENT,
        ecolor=INK,
        capsize=3,
    )
    axes.set_xlabel("loss of f1-macro when this column is shuffled")
    return _png(figure)


def effects_chart(curves: Sequence[Effect]) -> bytes:
    """Expected GPA along each feature, all on one scale, with 95 % bands."""
    figure = Figure(figsize=(9.6, 7.2), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle("Expected GPA, all else equal (association, not cause)", color=INK)
    grid = figure.subplots(3, 3, sharey=True)
    for axes, curve in zip(grid.flat, curves):
        values, gpa, sd = np.array(curve.values), np.array(curve.gpa), np.array(curve.sd)
        axes.fill_between(values, gpa - 1.96 * sd, gpa + 1.96 * sd, color=SOFT, alpha=0.6)
        axes.plot(values, gpa, color=ACCENT, marker="o", markersize=3)
        axes.set_title(f"{curve.feature}: {curve.change:+.2f}", fontsize=10)
        axes.set_xlabel("" if curve.unit == "flag" else curve.unit, fontsize=8)
        if curve.unit == "flag":
            axes.set_xticks([0, 1], ["no", "yes"])
        axes.grid(alpha=0.2)
    return _png(figure)


def learning_chart(points: Sequence[CurvePoint], ceiling: float) -> bytes:
    """f1-macro against the number of students trained on, with the Bayes ceiling."""
    figure, axes = _figure("Would more students help?", (5.8, 4.0))
    rows = [point.rows for point in points]
    axes.errorbar(
        rows,
        [point.f1_macro for point in points],
        yerr=[point.sd for point in points],
        color=ACCENT,
        marker="o",
        capsize=3,
        label="held-out students",
    )
    axes.axhline(ceiling, color=INK, linestyle="--", linewidth=1, label="best possible (simulator)")
    axes.set(xlabel="students trained on", ylabel="f1-macro", ylim=(0, 0.85))
    axes.legend(loc="lower right", frameon=False)
    return _png(figure)


def cross_validation_chart(rows: Sequence[tuple[str, float, float]], ceiling: float) -> bytes:
    """(title, f1-macro, standard error) of every candidate beside the ceiling."""
    figure, axes = _figure("Candidates, cross-validated", (6.8, 3.8))
    ordered = sorted(rows, key=lambda row: row[1])
    axes.errorbar(
        [row[1] for row in ordered],
        [row[0] for row in ordered],
        xerr=[1.96 * row[2] for row in ordered],
        fmt="o",
        color=ACCENT,
        ecolor=SOFT,
        elinewidth=3,
        capsize=4,
    )
    axes.axvline(ceiling, color=INK, linestyle="--", linewidth=1, label="best possible (simulator)")
    axes.legend(loc="lower right", frameon=False)
    axes.set_xlabel("f1-macro (mean and 95 % interval of the mean)")
    axes.grid(axis="x", alpha=0.2)
    return _png(figure)


def _figure(title: str, size: tuple[float, float]) -> tuple[Figure, Any]:
    figure = Figure(figsize=size, dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set_title(title, color=INK)
    return figure, axes


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    # Without the date and version in the file the same figures give the same bytes.
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
