"""Train the digits model on scikit-learn's 8×8 digits, export it to ONNX and write everything Barista needs to serve it.

Run ``python models/digits/train.py`` from any folder. With the versions in requirements.txt a second run changes no
file: the model, the images and the tables are identical to the byte.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # Fixes the order of sums on every machine; also faster on a busy one.

import hashlib
import io
import json
import re
import textwrap
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import report
import strokes
from strokes import SIDE, Digits, Pictures

FOLDER = Path(__file__).resolve().parent
VERSION = "1"

SEED = 1234
TEST_SHARE = 0.3
PICTURES_OF_EACH = 24
HIDDEN = 96
EPOCHS = 40
GRID, REACH, POOL = 24, 1.8, 2
"""Points of the sampling grid, its extent in standard deviations of the ink, and the pooling factor."""
FEATURES = (GRID // POOL) ** 2
MAX_PROBABILITY_DIFFERENCE = 1e-5
FIXTURE_ROWS = 20
SAMPLE_SIDE = 64
LINE_WIDTH = 120

IMAGE, LOOKS, PROBABILITIES = "image", "looks", "probabilities"
LABELS = tuple("0123456789")

FIND_INK = """
flat = Flatten (image)
edge = MatMul (flat, frame)
top = ReduceMax <keepdims = 1> (flat, along)
bottom = ReduceMin <keepdims = 1> (flat, along)
both = Add (top, bottom)
middle = Mul (both, half)
is_bright = Greater (edge, middle)
negative = Sub (one, flat)
light = Where (is_bright, negative, flat)
dark_edge = Sub (one, edge)
paper = Where (is_bright, dark_edge, edge)
peak = ReduceMax <keepdims = 1> (light, along)
contrast = Sub (peak, paper)
noise = Mul (contrast, quarter)
floor = Add (paper, noise)
above = Sub (light, floor)
room = Sub (peak, floor)
span = Max (room, least)
share = Div (above, span)
ink = Clip (share, zero, one)
"""
"""Makes the ink white on black; the edge of the image has the colour of the paper."""

LOOK_AT_IT = """
amount = ReduceSum <keepdims = 1> (ink, along)
mass = Add (amount, tiny)
sums = MatMul (ink, powers)
moments = Div (sums, mass)
centre, square = Split <axis = 1> (moments, two_and_one)
centre_squares = Mul (centre, centre)
centre_square = ReduceSum <keepdims = 1> (centre_squares, along)
variance = Sub (square, centre_square)
positive = Max (variance, least)
spread = Sqrt (positive)
reach = Mul (spread, how_far)
reach_of_each = Unsqueeze (reach, along)
centre_of_each = Unsqueeze (centre, along)
scaled = Mul (points, reach_of_each)
places = Add (scaled, centre_of_each)
grid = Reshape (places, grid_shape)
sheet = Reshape (ink, sheet_shape)
sampled = GridSample <mode = "bilinear", padding_mode = "zeros"> (sheet, grid)
pooled = AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (sampled)
looks = Flatten (pooled)
"""
"""Centres and scales the ink, by its centre of mass and its spread."""

NAME_IT = """
hidden = Gemm (looks, weights_1, bias_1)
active = Relu (hidden)
scores = Gemm (active, weights_2, bias_2)
probabilities = Softmax <axis = 1> (scores)
"""


@dataclass(frozen=True)
class Data:
    """Training digits and held-out digits."""

    train: Digits
    test: Digits
    train_labels: NDArray[np.int64]
    test_labels: NDArray[np.int64]


def main() -> None:
    """Train, evaluate, export, and compare the export with scikit-learn; then write the files."""
    data = load_data()
    network = train(data)
    exported = export(network)
    plain = strokes.plain(data.test)
    varied = strokes.varied(data.test, SEED + 1)
    difference = verify(exported, network, np.concatenate([plain, varied]))
    answers = [predict(exported, pictures) for pictures in (plain, varied)]
    accuracy, accuracy_varied = (share_right(answer, data.test_labels) for answer in answers)

    samples = {f"{label}.png": sample_of(plain, data.test_labels, int(label)) for label in LABELS}
    report.write(FOLDER / "report", data.test_labels, plain, varied, *answers)
    write(FOLDER / "fixture.json", fixture(network, plain))
    # The manifest goes first: a running server accepts a pinned file only with a known sha256.
    digest = hashlib.sha256(exported).hexdigest()
    write_manifest(digest, {"accuracy": accuracy, "accuracyVaried": accuracy_varied}, plain[0], answers[0][0])
    write(FOLDER / VERSION / "model.onnx", exported)
    for name, picture in samples.items():
        write(FOLDER / "samples" / name, picture)

    print(f"accuracy   {accuracy} on {len(plain)} held-out digits, {accuracy_varied} on the same drawn otherwise")
    print(f"export     {len(exported):,} bytes, probabilities within {difference:.1e} of scikit-learn's")
    print(f"sha256     {digest}")


# ---------------------------------------------------------------------------------------------------------- model


def load_data() -> Data:
    """Load the 1,797 digits of scikit-learn and hold out 30 % of each class."""
    rows, labels = load_digits(return_X_y=True)
    digits = rows.reshape(-1, strokes.BOX, strokes.BOX) / 16
    split = train_test_split(digits, labels, test_size=TEST_SHARE, stratify=labels, random_state=SEED)
    return Data(*split)


def train(data: Data) -> MLPClassifier:
    """Fit a network with one hidden layer to the normalised images of the training digits."""
    pictures = np.concatenate([strokes.plain(data.train), strokes.varied(data.train, SEED, PICTURES_OF_EACH)])
    network = MLPClassifier(
        hidden_layer_sizes=(HIDDEN,),
        alpha=1e-3,
        batch_size=128,
        max_iter=EPOCHS,
        n_iter_no_change=EPOCHS,
        random_state=SEED,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # The number of epochs is intended.
        return network.fit(look(pictures), np.tile(data.train_labels, 1 + PICTURES_OF_EACH))


def look(pictures: Pictures) -> NDArray[np.float32]:
    """The network's input for each image, computed by the exported operators."""
    eye = model(FIND_INK + LOOK_AT_IT, LOOKS, FEATURES, {})
    return np.concatenate([run(eye, part, LOOKS) for part in np.array_split(pictures, 1 + len(pictures) // 1000)])


def export(network: MLPClassifier) -> bytes:
    """Export normalisation and network as one model, from ``image`` to ``probabilities``."""
    layers = zip(network.coefs_, network.intercepts_)
    weights = {
        f"{name}_{number}": values.astype(np.float32)
        for number, layer in enumerate(layers, 1)
        for name, values in zip(("weights", "bias"), layer)
    }
    return model(FIND_INK + LOOK_AT_IT + NAME_IT, PROBABILITIES, len(LABELS), weights)


def model(nodes: str, output: str, size: int, weights: dict[str, NDArray[Any]]) -> bytes:
    """Build a model from nodes in ONNX's text format, with the constants that they use."""
    text = f"""
    <ir_version: 8, opset_import: ["" : 18]>
    digits (float[batch, 1, {SIDE}, {SIDE}] {IMAGE}) => (float[batch, {size}] {output}) {{ {nodes} }}
    """
    parsed = onnx.parser.parse_model(text)
    used = {name for node in parsed.graph.node for name in node.input}
    constants = {**constants_of_the_eye(), **weights}
    tensors = [onnx.numpy_helper.from_array(value, name) for name, value in constants.items() if name in used]
    parsed.graph.initializer.extend(tensors)
    onnx.checker.check_model(parsed, full_check=True)
    exported: bytes = parsed.SerializeToString(deterministic=True)
    return exported


def constants_of_the_eye() -> dict[str, NDArray[Any]]:
    """The constants of FIND_INK and LOOK_AT_IT; coordinates go from -1 to 1, x before y."""
    side = (2 * np.arange(SIDE) + 1) / SIDE - 1
    across, down = np.meshgrid(side, side)
    frame = np.ones((SIDE, SIDE))
    frame[1:-1, 1:-1] = 0
    line = (2 * np.arange(GRID) + 1) / GRID - 1
    points = np.stack(np.meshgrid(line, line), axis=-1).reshape(1, -1, 2)
    floats = {
        "frame": frame.reshape(-1, 1) / frame.sum(),
        "powers": np.stack([across, down, across**2 + down**2], axis=-1).reshape(-1, 3),
        "points": points,
        "how_far": REACH,
        "zero": 0,
        "quarter": 0.25,
        "half": 0.5,
        "one": 1,
        "least": 0.001,
        "tiny": 1e-6,
    }
    integers = {
        "along": [1],
        "two_and_one": [2, 1],
        "grid_shape": [-1, GRID, GRID, 2],
        "sheet_shape": [-1, 1, SIDE, SIDE],
    }
    return {name: np.asarray(value, np.float32) for name, value in floats.items()} | {
        name: np.asarray(value, np.int64) for name, value in integers.items()
    }


def predict(exported: bytes, pictures: Pictures) -> NDArray[np.float32]:
    """The exported model's probabilities for each image."""
    return run(exported, pictures, PROBABILITIES)


def run(exported: bytes, pictures: Pictures, output: str) -> NDArray[np.float32]:
    """Run a model on one thread, which fixes the order of sums."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(exported, options, providers=["CPUExecutionProvider"])
    (answer,) = session.run([output], {IMAGE: pictures.reshape(-1, 1, SIDE, SIDE)})
    return answer


def verify(exported: bytes, network: MLPClassifier, pictures: Pictures) -> float:
    """Fail unless the export predicts as the network, together and alone; return the largest difference."""
    together = predict(exported, pictures)
    alone = np.concatenate([predict(exported, pictures[row : row + 1]) for row in range(50)])
    differences = np.abs(together - network.predict_proba(look(pictures))).max(), np.abs(together[:50] - alone).max()
    difference = float(max(differences))
    if difference > MAX_PROBABILITY_DIFFERENCE:
        raise SystemExit(f"The exported model's probabilities differ from scikit-learn's by up to {difference:.2g}.")
    return difference


def share_right(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The share of images whose most probable label is correct."""
    return round(float((probabilities.argmax(axis=1) == labels).mean()), 4)


# ------------------------------------------------------------------------------------------------------- manifest


def write_manifest(digest: str, metrics: dict[str, float], picture: Pictures, answer: NDArray[np.float32]) -> None:
    """Pin the trained version in model.json; keep all other entries."""
    path = FOLDER / "model.json"
    manifest = json.loads(path.read_text("utf-8")) if path.exists() else new_manifest(picture, answer)
    before = json.dumps(manifest)
    entry = manifest.setdefault("versions", {}).setdefault(VERSION, {})
    known = entry.get("sha256") == digest and "trainedAt" in entry
    trained_at = entry["trainedAt"] if known else datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    entry.update(sha256=digest, trainedAt=trained_at, metrics=metrics)
    if not path.exists() or json.dumps(manifest) != before:
        write(path, pretty(manifest))


def new_manifest(picture: Pictures, answer: NDArray[np.float32]) -> dict[str, Any]:
    """The initial manifest."""
    return {
        "description": "Which digit a picture shows: drawn, scanned or photographed, dark on bright or bright on dark",
        "access": "public",
        "load": "first-use",
        "input": {"image": {"width": SIDE, "height": SIDE, "channels": 1, "layout": "NCHW", "fit": "fill"}},
        "features": [{"name": IMAGE, "minimum": 0, "maximum": 1, "description": "Brightness of each pixel"}],
        "labels": list(LABELS),
        "output": {"probabilities": PROBABILITIES, "topK": 3},
        "example": {"input": {IMAGE: [short(picture, 1)]}, "label": LABELS[int(answer.argmax())]},
        "batching": {"maxBatchSize": 64, "maxWaitMs": 0},
    }


def short(picture: Pictures, digits: int) -> list[list[float]]:
    """The values of an image, rounded; whole numbers without decimals."""
    rounded = picture.astype(np.float64).round(digits).tolist()
    return [[int(value) if value in (0, 1) else value for value in row] for row in rounded]


def pretty(manifest: dict[str, Any]) -> str:
    """Format JSON like Prettier: lists of plain values on one line, or filled over several."""

    def fill(match: re.Match[str]) -> str:
        indent, key, items = match[1], match[2] or "", " ".join(match[3].split())
        line = f"{indent}{key}[{items}]"
        if len(line) < LINE_WIDTH:
            return line
        lines = textwrap.wrap(items, LINE_WIDTH, initial_indent=f"{indent}  ", subsequent_indent=f"{indent}  ")
        return "\n".join([f"{indent}{key}[", *lines, f"{indent}]"])

    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    return re.sub(r'^( *)("[^"]*": )?\[([^][{}]*)\]', fill, text, flags=re.MULTILINE) + "\n"


# ---------------------------------------------------------------------------------------------- samples, fixture


def sample_of(pictures: Pictures, labels: NDArray[np.int64], label: int) -> bytes:
    """The first held-out digit of a label as a PNG, dark on white."""
    picture = pictures[labels == label][0]
    paper = Image.fromarray((255 * (1 - picture)).round().astype(np.uint8))
    buffer = io.BytesIO()
    paper.resize((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.BICUBIC).save(buffer, format="png", optimize=True)
    return buffer.getvalue()


def fixture(network: MLPClassifier, pictures: Pictures) -> str:
    """scikit-learn's predictions for some images, one a line, for comparison with a server."""
    chosen = pictures[:FIXTURE_ROWS].round(2)
    rows = []
    for picture, probabilities in zip(chosen, network.predict_proba(look(chosen))):
        index = int(probabilities.argmax())
        best = sorted(range(len(LABELS)), key=lambda label: -probabilities[label])[:3]
        answer = {LABELS[label]: round(float(probabilities[label]), 8) for label in best}
        row = {"input": {IMAGE: [short(picture, 2)]}, "label": LABELS[index], "index": index, "probabilities": answer}
        rows.append(json.dumps(row, separators=(",", ":")))
    return '{"rows":[\n' + ",\n".join(rows) + "\n]}\n"


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
