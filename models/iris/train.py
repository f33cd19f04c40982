"""Train the iris classifier, export it to ONNX and write everything Barista needs to serve it.

Run ``python models/iris/train.py`` from any folder. With the versions in requirements.txt a second run changes no
file: the model, the images and the tables are identical to the byte.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")  # Draw into files; no display is needed.

import matplotlib.pyplot as plt
import numpy as np
import onnx
import onnxruntime
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix
from sklearn.model_selection import train_test_split

FOLDER = Path(__file__).resolve().parent
REPORT = FOLDER / "report"
VERSION = "1"

SEED = 1234
TREES = 300
TEST_SHARE = 0.3
TARGET_OPSET = {"": 18, "ai.onnx.ml": 3}
MAX_PROBABILITY_DIFFERENCE = 1e-5

INPUT, LABEL, PROBABILITIES = "input", "label", "probabilities"
LABELS = ("setosa", "versicolor", "virginica")
EXAMPLE = {"sepal_length": 5.9, "sepal_width": 3, "petal_length": 5.1, "petal_width": 1.8}

# The colour and marker of each species; colour-blind readers can distinguish the colours.
COLOURS = ("#0072B2", "#E69F00", "#CC3D6E")
MARKERS = ("o", "s", "^")
BAR_WIDTH = 0.2
LINE_WIDTH = 120


@dataclass(frozen=True)
class Feature:
    """One input column, in the model's order."""

    name: str
    description: str
    unit: str = "cm"

    @property
    def title(self) -> str:
        """The display name, such as ``Sepal length``."""
        return self.name.replace("_", " ").capitalize()

    @property
    def axis(self) -> str:
        """The label of an axis, such as ``Sepal length (cm)``."""
        return f"{self.title} ({self.unit})"


FEATURES = (
    Feature("sepal_length", "Length of the sepal"),
    Feature("sepal_width", "Width of the sepal"),
    Feature("petal_length", "Length of the petal"),
    Feature("petal_width", "Width of the petal"),
)


@dataclass(frozen=True)
class Data:
    """The data set: all rows, training rows and held-out rows."""

    rows: NDArray[np.float64]
    species: NDArray[np.int64]
    train_rows: NDArray[np.float64]
    test_rows: NDArray[np.float64]
    train_species: NDArray[np.int64]
    test_species: NDArray[np.int64]


def main() -> None:
    """Train, export, and compare the export with scikit-learn; then write the files."""
    data = load_data()
    forest = train(data)
    accuracy = round(float(accuracy_score(data.test_species, forest.predict(data.test_rows))), 4)
    exported = export(forest)
    difference = verify(exported, forest, data)

    write_report(forest, data)
    write(FOLDER / "fixture.json", fixture(forest, data.rows))
    # The manifest goes first: a running server accepts a pinned file only with a known sha256.
    digest = hashlib.sha256(exported).hexdigest()
    write_manifest(digest, {"accuracy": accuracy})
    write(FOLDER / VERSION / "model.onnx", exported)

    print(f"accuracy   {accuracy} on {len(data.test_species)} held-out flowers")
    print(f"export     {len(exported):,} bytes, probabilities within {difference:.1e} of scikit-learn's")
    print(f"sha256     {digest}")


# ---------------------------------------------------------------------------------------------------------- model


def load_data() -> Data:
    """Load the 150 flowers of scikit-learn and hold out 30 % of them."""
    rows, species = load_iris(return_X_y=True)
    train_rows, test_rows, train_species, test_species = train_test_split(
        rows, species, test_size=TEST_SHARE, random_state=SEED
    )
    return Data(rows, species, train_rows, test_rows, train_species, test_species)


def train(data: Data) -> RandomForestClassifier:
    """Fit the forest on the training rows."""
    forest = RandomForestClassifier(n_estimators=TREES, random_state=SEED)
    return forest.fit(data.train_rows, data.train_species)


def export(forest: RandomForestClassifier) -> bytes:
    """Export the forest as plain tensors: ``input`` to ``label`` and ``probabilities``.

    The forest compares float32 inputs with float64 thresholds, and ONNX has float32 thresholds only. skl2onnx rounds each
    threshold down, to the largest float32 that is not above it: ``x <= threshold`` then has the same result for every
    float32 ``x``. Rounded up, it would be true for an input that the forest sends to the other branch. ``verify`` checks
    inputs at each threshold.
    """
    converted = convert_sklearn(
        forest,
        initial_types=[(INPUT, FloatTensorType([None, len(FEATURES)]))],
        options={"zipmap": False},
        target_opset=TARGET_OPSET,
    )
    model = with_stable_signature(converted)
    onnx.checker.check_model(model, full_check=True)
    exported: bytes = model.SerializeToString(deterministic=True)
    return exported


def with_stable_signature(converted: onnx.ModelProto) -> onnx.ModelProto:
    """Rebuild the converted model with a fixed graph name and the symbolic dimension ``batch`` on every tensor.

    The converter does not name the first dimension, and gives the graph a random name. Batching needs the same dimension
    name on all inputs and outputs, and a reproducible file needs a fixed graph name.
    """
    tensor = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes=converted.graph.node,
        name="iris",
        inputs=[tensor(INPUT, onnx.TensorProto.FLOAT, ["batch", len(FEATURES)])],
        outputs=[
            tensor(LABEL, onnx.TensorProto.INT64, ["batch"]),
            tensor(PROBABILITIES, onnx.TensorProto.FLOAT, ["batch", len(LABELS)]),
        ],
        initializer=converted.graph.initializer,
    )
    opsets = {opset.domain: opset.version for opset in converted.opset_import}
    return onnx.helper.make_model(
        graph,
        opset_imports=[onnx.helper.make_opsetid(domain, version) for domain, version in sorted(opsets.items())],
        ir_version=converted.ir_version,
        producer_name=converted.producer_name,
        producer_version=converted.producer_version,
    )


def verify(exported: bytes, forest: RandomForestClassifier, data: Data) -> float:
    """Fail unless the export predicts as the forest; return the largest difference between probabilities.

    Labels are not enough: thresholds rounded the wrong way change probabilities while every label stays correct.
    """
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    labels, _ = session.run([LABEL, PROBABILITIES], {INPUT: data.rows.astype(np.float32)})
    wrong = int((labels != forest.predict(data.rows)).sum())
    if wrong:
        raise SystemExit(f"The exported model gives another label than scikit-learn for {wrong} rows.")

    rows = np.concatenate([data.rows.astype(np.float32), threshold_rows(forest, data.rows)])
    (probabilities,) = session.run([PROBABILITIES], {INPUT: rows})
    difference = float(np.abs(probabilities - forest.predict_proba(rows)).max())
    if difference > MAX_PROBABILITY_DIFFERENCE:
        raise SystemExit(f"The exported model's probabilities differ from scikit-learn's by up to {difference:.2g}.")
    return difference


def threshold_rows(forest: RandomForestClassifier, rows: NDArray[np.float64]) -> NDArray[np.float32]:
    """Inputs that reveal rounding: each threshold of the forest and its float32 neighbours.

    The other features of these rows are those of the first, the last and the median flower.
    """
    backgrounds = np.stack([rows[0], rows[-1], np.median(rows, axis=0)]).astype(np.float32)
    probes = []
    for feature, threshold in sorted(thresholds(forest)):
        nearest = np.float32(threshold)
        for value in (np.nextafter(nearest, np.float32(-np.inf)), nearest, np.nextafter(nearest, np.float32(np.inf))):
            probe = backgrounds.copy()
            probe[:, feature] = value
            probes.append(probe)
    return np.concatenate(probes)


def thresholds(forest: RandomForestClassifier) -> set[tuple[int, float]]:
    """The (feature, threshold) pairs of all splits of the forest."""
    found: set[tuple[int, float]] = set()
    for estimator in forest.estimators_:
        tree = estimator.tree_
        splits = tree.children_left >= 0  # A leaf has no children.
        found.update(zip(tree.feature[splits].tolist(), tree.threshold[splits].tolist()))
    return found


# ------------------------------------------------------------------------------------------------------- manifest


def write_manifest(digest: str, metrics: dict[str, float]) -> None:
    """Pin the trained version in model.json; keep all other entries.

    A model with the recorded digest is not new, so it keeps its ``trainedAt``.
    """
    path = FOLDER / "model.json"
    manifest = json.loads(path.read_text("utf-8")) if path.exists() else new_manifest()
    before = json.dumps(manifest)
    entry = manifest.setdefault("versions", {}).setdefault(VERSION, {})
    known = entry.get("sha256") == digest and "trainedAt" in entry
    trained_at = entry["trainedAt"] if known else datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    entry.update(sha256=digest, trainedAt=trained_at, metrics=metrics)
    if json.dumps(manifest) != before:
        write(path, pretty(manifest) + "\n")


def new_manifest() -> dict[str, Any]:
    """The initial manifest."""
    return {
        "description": "Species of an iris flower from four measurements",
        "access": "public",
        "features": [
            {
                "name": feature.name,
                "unit": feature.unit,
                "minimum": 0,
                "maximum": 100,
                "description": feature.description,
            }
            for feature in FEATURES
        ],
        "labels": list(LABELS),
        "output": {"label": LABEL, "probabilities": PROBABILITIES},
        "example": {"input": EXAMPLE, "label": "virginica"},
        "batching": {"maxBatchSize": 256, "maxWaitMs": 0},
        "cache": {"maxEntries": 0},
        "runtime": {"threads": 1, "memoryMb": 1024, "providers": ["cpu"]},
    }


def pretty(value: Any, depth: int = 0, prefix: int = 0) -> str:
    """Format JSON like Prettier: values that fit on one line, others indented by two spaces.

    ``prefix`` is the width of the key in front of the value. The outermost object always has several lines.
    """
    line = inline(value)
    if not isinstance(value, (dict, list)) or not value:
        return line
    fits = 2 * depth + prefix + len(line) + len(",") <= LINE_WIDTH
    if fits and depth > 0 and not is_table(value):
        return line
    keys = [f"{inline(key)}: " for key in value] if isinstance(value, dict) else [""] * len(value)
    items = value.values() if isinstance(value, dict) else value
    indent = "  " * (depth + 1)
    lines = [f"{indent}{key}{pretty(item, depth + 1, len(key))}" for key, item in zip(keys, items)]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return opening + "\n" + ",\n".join(lines) + "\n" + "  " * depth + closing


def inline(value: Any) -> str:
    """Format JSON on one line like Prettier, with spaces inside the braces of an object."""
    if isinstance(value, dict) and value:
        return "{ " + ", ".join(f"{inline(key)}: {inline(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def is_table(value: Any) -> bool:
    """Whether Prettier puts each element on its own line: several objects with several keys each."""
    return (
        isinstance(value, list) and len(value) > 1 and all(isinstance(item, dict) and len(item) > 1 for item in value)
    )


# -------------------------------------------------------------------------------------------------------- fixture


def fixture(forest: RandomForestClassifier, rows: NDArray[np.float64]) -> str:
    """scikit-learn's predictions for all flowers, one a line, for comparison with a server."""
    lines = [
        json.dumps(
            {
                "input": {feature.name: value for feature, value in zip(FEATURES, row.tolist())},
                "label": LABELS[index],
                "index": index,
                "probabilities": {label: round(value, 8) for label, value in zip(LABELS, probabilities.tolist())},
            },
            separators=(",", ":"),
        )
        for row, index, probabilities in zip(rows, forest.predict(rows).tolist(), forest.predict_proba(rows))
    ]
    return '{"rows":[\n' + ",\n".join(lines) + "\n]}\n"


# --------------------------------------------------------------------------------------------------------- report


def write_report(forest: RandomForestClassifier, data: Data) -> None:
    """Write images and tables that describe the data and evaluate the model."""
    predicted = forest.predict(data.test_rows)
    plt.style.use(["default", STYLE])  # Ignore the style configured on this machine.
    write(REPORT / "statistics.json", pretty(statistics(data.rows)) + "\n")
    write(
        REPORT / "classification-report.txt",
        classification_report(data.test_species, predicted, target_names=LABELS, digits=4),
    )
    write(REPORT / "pair-plot.png", png(draw_pairs(data)))
    write(REPORT / "histograms.png", png(draw_histograms(data)))
    write(REPORT / "importances.png", png(draw_importances(forest)))
    write(REPORT / "confusion-matrix.png", png(draw_confusion(data.test_species, predicted)))
    write(REPORT / "captions.json", pretty(captions(data, predicted)) + "\n")


def captions(data: Data, predicted: NDArray[np.int64]) -> dict[str, str]:
    """The caption of each file, in the order of the model's page."""
    counts = confusion_matrix(data.test_species, predicted)
    right = ", ".join(
        f"{counts[index, index]} of {counts[index].sum()} {label}" for index, label in enumerate(LABELS)
    )
    mistakes = "; ".join(
        f"{counts[row, column]} {LABELS[row]} taken for {LABELS[column]}"
        for row, column in np.argwhere(counts - np.diag(np.diag(counts)))
    )
    return {
        "confusion-matrix.png": f"Of the flowers held out, {right} are named right; {mistakes or 'none wrong'}.",
        "importances.png": "How much each measurement matters to the forest: its share of the decrease in impurity.",
        "pair-plot.png": "Every measurement against every other: setosa stands apart, the other two overlap.",
        "histograms.png": "How often each measurement occurs, by species.",
        "classification-report.txt": "Precision, recall and F1 by species, on the flowers held out.",
        "statistics.json": f"Each measurement in centimetres, of all {len(data.rows)} flowers.",
    }


STYLE: dict[str, Any] = {
    "figure.dpi": 110,
    "savefig.dpi": 110,
    "font.size": 10,
    "axes.edgecolor": "#8a8a8a",
    "axes.labelcolor": "#222222",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "figure.titleweight": "bold",
    "figure.constrained_layout.w_pad": 0.1,
    "figure.constrained_layout.h_pad": 0.1,
    "grid.color": "#e6e6e6",
    "xtick.color": "#444444",
    "ytick.color": "#444444",
}


def statistics(rows: NDArray[np.float64]) -> dict[str, dict[str, float]]:
    """Statistics of each feature over the whole data set; ``std`` is that of the population."""
    return {
        feature.name: {
            "min": round(float(column.min()), 4),
            "max": round(float(column.max()), 4),
            "mean": round(float(column.mean()), 4),
            "std": round(float(column.std()), 4),
        }
        for feature, column in zip(FEATURES, rows.T)
    }


def draw_pairs(data: Data) -> Figure:
    """Draw scatter plots of all pairs of features, with histograms on the diagonal."""
    size = len(FEATURES)
    figure, grid = plt.subplots(size, size, figsize=(12, 11.5), sharex="col", layout="constrained")
    for down, vertical in enumerate(FEATURES):
        for across, horizontal in enumerate(FEATURES):
            axes = grid[down, across]
            if down == across:
                draw_histogram(axes, data, down)
            else:
                draw_scatter(axes, data, across, down)
            if down == size - 1:
                axes.set_xlabel(horizontal.axis)
            if down == across:
                axes.set_ylabel("Flowers")
            elif across == 0 or (down, across) == (0, 1):
                axes.set_ylabel(vertical.axis)
    figure.align_labels()
    add_heading(figure, f"Iris measurements, feature by feature ({len(data.rows)} flowers)", grid[0, 1])
    return figure


def draw_histograms(data: Data) -> Figure:
    """Draw the distribution of each feature by species."""
    figure, grid = plt.subplots(2, 2, figsize=(9.5, 7), layout="constrained")
    for column, (axes, feature) in enumerate(zip(grid.flat, FEATURES)):
        draw_histogram(axes, data, column)
        axes.set_title(feature.title)
        axes.set_xlabel(feature.axis)
        axes.set_ylabel("Flowers")
    add_heading(figure, f"Distribution of each measurement ({len(data.rows)} flowers, species stacked)", grid[0, 0])
    return figure


def draw_importances(forest: RandomForestClassifier) -> Figure:
    """Draw each feature's share of the forest's decrease in impurity, largest on top."""
    ranked = sorted(zip(forest.feature_importances_.tolist(), FEATURES), key=lambda pair: pair[0])
    values = [value for value, _ in ranked]
    figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
    bars = axes.barh([feature.title for _, feature in ranked], values, color="#4C6A92", height=0.6)
    axes.bar_label(bars, labels=[f"{value:.3f}" for value in values], padding=4)
    axes.set_xlim(0, max(values) * 1.12)
    axes.set_xlabel("Importance (mean decrease in impurity, as a share of 1)")
    axes.set_title(f"What the {TREES} trees look at")
    axes.grid(axis="x")
    axes.tick_params(left=False)
    return figure


def draw_confusion(actual: NDArray[np.int64], predicted: NDArray[np.int64]) -> Figure:
    """Draw the confusion matrix of the held-out flowers."""
    counts = confusion_matrix(actual, predicted)
    figure, axes = plt.subplots(figsize=(5.2, 5.2), layout="constrained")
    axes.imshow(counts, cmap="Blues", vmin=0)
    for row, column in np.ndindex(counts.shape):
        count = counts[row, column]
        colour = "white" if count > counts.max() / 2 else "#222222"
        axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=15)
    axes.set_xticks(range(len(LABELS)), LABELS)
    axes.set_yticks(range(len(LABELS)), LABELS)
    axes.set_xlabel("Predicted species")
    axes.set_ylabel("Actual species")
    axes.set_title(f"Held-out flowers: {np.trace(counts)} of {counts.sum()} right")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def draw_histogram(axes: Axes, data: Data, column: int) -> None:
    """Draw one feature's histogram, stacked by species.

    The flowers were measured to 0.1 cm, so edges between those marks put the same number of marks into each bar.
    """
    values = data.rows[:, column]
    edges = np.arange(values.min() - 0.05, values.max() + BAR_WIDTH, BAR_WIDTH)
    by_species = [values[data.species == index] for index in range(len(LABELS))]
    axes.hist(by_species, edges.tolist(), stacked=True, color=COLOURS, label=LABELS, edgecolor="white", linewidth=0.6)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.grid(axis="y")


def draw_scatter(axes: Axes, data: Data, across: int, down: int) -> None:
    """Draw one feature against another."""
    for index, label in enumerate(LABELS):
        of_species = data.rows[data.species == index]
        axes.scatter(
            of_species[:, across],
            of_species[:, down],
            s=20,
            color=COLOURS[index],
            marker=MARKERS[index],
            alpha=0.7,
            linewidths=0,
            label=label,
        )
    axes.grid()


def add_heading(figure: Figure, title: str, sample: Axes) -> None:
    """Add a title above a figure and the legend of one of its axes below it."""
    figure.suptitle(title, fontsize=13)
    handles, labels = sample.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(LABELS), frameon=False, title="Species")


def png(figure: Figure) -> bytes:
    """Render a figure without metadata that depends on the version of Matplotlib."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    plt.close(figure)
    return buffer.getvalue()


# ---------------------------------------------------------------------------------------------------------- files


def write(path: Path, content: bytes | str) -> None:
    """Replace a file atomically; leave it alone if nothing changed."""
    encoded = content.encode("utf-8") if isinstance(content, str) else content
    if path.exists() and path.read_bytes() == encoded:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(encoded)
    os.replace(part, path)


if __name__ == "__main__":
    main()
