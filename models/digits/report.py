"""Images and tables that evaluate the model."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")  # Draw into files; no display is needed.

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import classification_report, confusion_matrix

from strokes import Pictures

Answers = NDArray[np.float32]
Labels = NDArray[np.int64]

ROWS, COLUMNS = 6, 10
RIGHT, WRONG = "#222222", "#CC3D6E"
STYLE: dict[str, Any] = {
    "figure.dpi": 110,
    "savefig.dpi": 110,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
}


def write(
    folder: Path, labels: Labels, plain: Pictures, varied: Pictures, to_plain: Answers, to_varied: Answers
) -> None:
    """Write all files into ``folder``, from the predictions for held-out digits, plain and varied."""
    folder.mkdir(exist_ok=True)
    plt.style.use(["default", STYLE])  # Ignore the style configured on this machine.
    tables = [
        f"{title}\n\n{classification_report(labels, answers.argmax(axis=1), digits=4)}"
        for title, answers in (("Held-out digits", to_plain), ("The same, drawn otherwise", to_varied))
    ]
    (folder / "classification-report.txt").write_text("\n".join(tables), "utf-8")
    (folder / "confusion-matrix.png").write_bytes(png(draw_confusion(labels, to_plain.argmax(axis=1))))
    (folder / "examples.png").write_bytes(png(draw_examples(labels, varied, to_varied)))
    (folder / "mistakes.png").write_bytes(png(draw_mistakes(labels, plain, to_plain)))
    (folder / "captions.json").write_text(json.dumps(captions(labels, to_plain), indent=2) + "\n", "utf-8")


def captions(labels: Labels, answers: Answers) -> dict[str, str]:
    """The caption of each file, in the order of the model's page."""
    right = int((answers.argmax(axis=1) == labels).sum())
    return {
        "confusion-matrix.png": f"Of {len(labels)} digits held out, {right} are named right.",
        "examples.png": "Digits held out, drawn otherwise: what the model says, and how sure it is.",
        "mistakes.png": "The digits held out that it takes for others.",
        "classification-report.txt": "Precision, recall and F1 by digit, as they are and drawn otherwise.",
    }


def draw_confusion(actual: Labels, predicted: Labels) -> Figure:
    """Draw the confusion matrix of the held-out digits."""
    counts = confusion_matrix(actual, predicted)
    figure, axes = plt.subplots(figsize=(6.4, 6.4), layout="constrained")
    axes.imshow(counts, cmap="Blues", vmin=0)
    for row, column in np.ndindex(counts.shape):
        count = counts[row, column]
        colour = "white" if count > counts.max() / 2 else "#222222" if count else "#c9c9c9"
        axes.text(column, row, str(count), ha="center", va="center", color=colour)
    axes.set_xticks(range(len(counts)))
    axes.set_yticks(range(len(counts)))
    axes.set_xlabel("Predicted digit")
    axes.set_ylabel("Actual digit")
    axes.set_title(f"Held-out digits: {np.trace(counts)} of {counts.sum()} right")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def draw_examples(labels: Labels, pictures: Pictures, answers: Answers) -> Figure:
    """Draw varied held-out digits with their predictions."""
    figure = draw_grid(labels, pictures, answers, ROWS)
    figure.suptitle("Held-out digits, drawn otherwise: what the model says, and how sure it is", fontsize=12)
    return figure


def draw_mistakes(labels: Labels, pictures: Pictures, answers: Answers) -> Figure:
    """Draw the misclassified held-out digits."""
    wrong = answers.argmax(axis=1) != labels
    figure = draw_grid(labels[wrong], pictures[wrong], answers[wrong], max(1, -(-int(wrong.sum()) // COLUMNS)))
    figure.suptitle(f"All {wrong.sum()} held-out digits that it takes for others", fontsize=12)
    return figure


def draw_grid(labels: Labels, pictures: Pictures, answers: Answers, rows: int) -> Figure:
    """Draw images in a grid with their predictions, wrong ones in colour."""
    figure, grid = plt.subplots(rows, COLUMNS, figsize=(9.5, 0.5 + 1.15 * rows), layout="constrained", squeeze=False)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, label, picture, answer in zip(grid.flat, labels, pictures, answers):
        named = int(answer.argmax())
        axes.imshow(picture, cmap="gray", vmin=0, vmax=1)
        words = f"{named}  {answer[named]:.0%}" + ("" if named == label else f"  (is {label})")
        axes.set_title(words, fontsize=8, loc="center", color=RIGHT if named == label else WRONG)
    return figure


def png(figure: Figure) -> bytes:
    """Render a figure without metadata that depends on the version of Matplotlib."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    plt.close(figure)
    return buffer.getvalue()
