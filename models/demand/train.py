"""Train the demand model on a simulated café, export it to ONNX and write everything Barista needs to serve it.

Run ``python models/demand/train.py`` from any folder. With the versions in requirements.txt a second run changes no
file: the simulation, the model, the images and the tables are identical to the byte.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # Fixes the order of sums on every machine; also faster on a busy one.

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from scipy.stats import poisson
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import mean_absolute_error, r2_score

import report
import simulate
from simulate import DAYS_LOOKED_BACK, HOURS, SEED, WEEK, WEEKS, Questions, Sales

FOLDER = Path(__file__).resolve().parent
VERSION = "1"

HELD_OUT_WEEKS = 8
SHORT_MEMORIES = 0.2
TREES, LEAVES, LEARNING_RATE = 150, 15, 0.05
TARGET_OPSET = {"": 18, "ai.onnx.ml": 3}
IR_VERSION = 8
# Between predictions of the exported model and scikit-learn: absolute, or relative above 1.
MAX_DIFFERENCE = 1e-5
FIXTURE_ROWS = 200
# Share of hours in which the number to prepare should be enough; as in src/demand.
ENOUGH = 0.9

INPUT, VALUE = "input", "value"
EXAMPLE = {
    "price_ratio": 0.8,
    "price_change": 1,
    "hour": 8,
    "weekday": 0,
    "sold_at_hour": 6,
    "sold_at_weekday": 6.5,
    "sold_a_day": 44,
    "days_of_sales": 28,
}


@dataclass(frozen=True)
class Feature:
    """One input column, in the model's order; ``effect`` is +1, -1, or 0 for either."""

    name: str
    description: str
    maximum: float | None = None
    unit: str | None = None
    effect: int = 0

    def manifest(self) -> dict[str, Any]:
        """The entry in model.json."""
        limits = {"minimum": 0} if self.maximum is None else {"minimum": 0, "maximum": self.maximum}
        unit = {} if self.unit is None else {"unit": self.unit}
        return {"name": self.name, **unit, **limits, "description": self.description}


FEATURES = (
    Feature("price_ratio", "Price of the item ÷ mean price of the catalogue", effect=-1),
    Feature("price_change", "Price ÷ mean price paid in the last 28 days; 1 where none was sold", effect=-1),
    Feature("hour", "Hour of the day, UTC", 23, "h"),
    Feature("weekday", "Day of the week, UTC: 0 is Monday", 6),
    Feature("sold_at_hour", "Sold at this hour of the day, a day on average over the last 28 days", None, "1/h", 1),
    Feature("sold_at_weekday", "Sold at this hour of this weekday, on average over the last 4 weeks", None, "1/h", 1),
    Feature("sold_a_day", "Sold a day, on average over the last 7 days", None, "1/d", 1),
    Feature("days_of_sales", "Whole days since the first recorded sale, at most 28", DAYS_LOOKED_BACK, "d"),
)
NAMES = tuple(feature.name for feature in FEATURES)


def main() -> None:
    """Train, evaluate, export, and compare the export with scikit-learn; then write the files."""
    sales = simulate.simulate()
    end_of_training = (WEEKS - HELD_OUT_WEEKS) * WEEK
    learn = simulate.with_short_memory(simulate.all_questions(sales, 0, end_of_training), SHORT_MEMORIES)
    rows = simulate.features(sales, learn)
    model = train(rows, sales.sold[learn.item, learn.hour])
    held_out = simulate.in_opening_hours(simulate.all_questions(sales, end_of_training, HOURS))
    mean = float(sales.sold[learn.item, learn.hour][simulate.is_open(learn.hour)].mean())
    metrics = evaluate(model, sales, held_out, mean)

    exported = export(model)
    test_rows = simulate.features(sales, held_out)
    difference = verify(exported, model, test_rows)

    report.write(FOLDER / "report", model, sales, held_out, NAMES, metrics)
    write(FOLDER / "fixture.json", fixture(model, test_rows))
    # The manifest goes first: a running server accepts a pinned file only with a known sha256.
    digest = hashlib.sha256(exported).hexdigest()
    write_manifest(digest, {name: metrics[name] for name in ("mae", "r2", "baselineMae", "baselineR2")}, model)
    write(FOLDER / VERSION / "model.onnx", exported)

    print(json.dumps(metrics, indent=2))
    print(f"trained    on {len(rows):,} rows, judged on {len(test_rows):,}")
    print(f"export     {len(exported):,} bytes, within {difference:.1e} of scikit-learn")
    print(f"sha256     {digest}")


def train(rows: NDArray[np.float32], sold: NDArray[np.int64]) -> HistGradientBoostingRegressor:
    """Fit trees for the logarithm of a Poisson rate, monotonic in past sales (increasing) and price (decreasing)."""
    model = HistGradientBoostingRegressor(
        loss="poisson",
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        learning_rate=LEARNING_RATE,
        min_samples_leaf=200,
        l2_regularization=10,
        early_stopping=False,
        monotonic_cst=[feature.effect for feature in FEATURES],
        random_state=SEED,
    )
    return model.fit(rows, sold)


def evaluate(model: HistGradientBoostingRegressor, sales: Sales, held_out: Questions, mean: float) -> dict[str, float]:
    """Measure the forecasts of the held-out weeks, in opening hours, and compare them with simpler ones.

    ``baseline`` is the same hour a week before; ``fourWeeks`` the mean of that hour and weekday over four weeks;
    ``mean`` one number for everything; ``noise`` the true rate, the lower bound of any error. ``newItem`` is the model
    without past sales.
    """
    rows = simulate.features(sales, held_out)
    sold, rate = sales.sold[held_out.item, held_out.hour], sales.rate[held_out.item, held_out.hour]
    unknown = simulate.features(sales, simulate.without_memory(held_out))
    expected = model.predict(rows)
    forecasts = {
        "": expected,
        "baseline": simulate.sold_last_week(sales, held_out),
        "fourWeeks": rows[:, NAMES.index("sold_at_weekday")],
        "mean": np.full(len(sold), mean),
        "newItem": model.predict(unknown),
        "noise": rate,
    }
    metrics: dict[str, float] = {}
    for name, forecast in forecasts.items():
        metrics[f"{name}Mae" if name else "mae"] = round(float(mean_absolute_error(sold, forecast)), 4)
        metrics[f"{name}R2" if name else "r2"] = round(float(r2_score(sold, forecast)), 4)
    return {**metrics, "enough": round(float((sold <= poisson.ppf(ENOUGH, expected)).mean()), 4)}


# --------------------------------------------------------------------------------------------------------- export


def export(model: HistGradientBoostingRegressor) -> bytes:
    """Export the model from tensor ``input`` to ``value``: the exponential of the sum of the trees.

    skl2onnx omits the exponential of such a model, and rounds thresholds to the nearest float32. The symbolic dimension
    ``batch`` on both tensors allows batching.
    """
    node, tensor = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        nodes=[
            node("TreeEnsembleRegressor", [INPUT], ["log_rate"], domain="ai.onnx.ml", **tree_attributes(model)),
            node("Exp", ["log_rate"], [VALUE]),
        ],
        name="demand",
        inputs=[tensor(INPUT, onnx.TensorProto.FLOAT, ["batch", len(FEATURES)])],
        outputs=[tensor(VALUE, onnx.TensorProto.FLOAT, ["batch", 1])],
    )
    opsets = [onnx.helper.make_opsetid(domain, version) for domain, version in TARGET_OPSET.items()]
    finished = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    onnx.checker.check_model(finished, full_check=True)
    exported: bytes = finished.SerializeToString(deterministic=True)
    return exported


def tree_attributes(model: HistGradientBoostingRegressor) -> dict[str, Any]:
    """The trees in ONNX's format: a list for each column of the table of nodes, and the weights of the leaves."""
    tables = [tree.nodes for (tree,) in model._predictors]
    nodes = np.concatenate(tables)
    tree = np.repeat(np.arange(len(tables)), [len(table) for table in tables])
    node = np.concatenate([np.arange(len(table)) for table in tables])
    leaf = nodes["is_leaf"] == 1
    return {
        "n_targets": 1,
        "base_values": [float(model._baseline_prediction.item())],
        "nodes_treeids": tree.tolist(),
        "nodes_nodeids": node.tolist(),
        "nodes_modes": np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_featureids": np.where(leaf, 0, nodes["feature_idx"]).tolist(),
        "nodes_values": np.where(leaf, 0, rounded_down(nodes["num_threshold"])).tolist(),
        "nodes_truenodeids": nodes["left"].tolist(),
        "nodes_falsenodeids": nodes["right"].tolist(),
        "target_treeids": tree[leaf].tolist(),
        "target_nodeids": node[leaf].tolist(),
        "target_ids": [0] * int(leaf.sum()),
        "target_weights": nodes["value"][leaf].tolist(),
    }


def rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest float32 that is not above each threshold.

    ONNX has float32 thresholds only. Rounded down, ``x <= threshold`` has the same result for every float32 ``x``.
    Rounded up, it would be true for an input that scikit-learn sends to the other branch.
    """
    nearest = thresholds.astype(np.float32)
    return np.where(nearest > thresholds, np.nextafter(nearest, np.float32(-np.inf)), nearest)


def verify(exported: bytes, model: HistGradientBoostingRegressor, rows: NDArray[np.float32]) -> float:
    """Fail unless the export predicts as scikit-learn on held-out rows and inputs at each threshold."""
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    probes = np.concatenate([rows, threshold_rows(model, rows)])
    (values,) = session.run([VALUE], {INPUT: probes})
    expected = model.predict(probes)
    difference = float((np.abs(values[:, 0] - expected) / np.maximum(1.0, expected)).max())
    if difference > MAX_DIFFERENCE:
        raise SystemExit(f"The exported model's answers differ from scikit-learn's by up to {difference:.2g}.")
    return difference


def threshold_rows(model: HistGradientBoostingRegressor, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Inputs that reveal rounding: each threshold and its neighbours, in the first and the median row."""
    splits = [tree.nodes[tree.nodes["is_leaf"] == 0] for (tree,) in model._predictors]
    found = {(int(node["feature_idx"]), float(node["num_threshold"])) for nodes in splits for node in nodes}
    backgrounds = np.stack([rows[0], np.median(rows, axis=0)]).astype(np.float32)
    probes = []
    for feature, threshold in sorted(found):
        nearest = np.float32(threshold)
        for value in (np.nextafter(nearest, np.float32(-np.inf)), nearest, np.nextafter(nearest, np.float32(np.inf))):
            probe = backgrounds.copy()
            probe[:, feature] = value
            probes.append(probe)
    return np.concatenate(probes)


# ---------------------------------------------------------------------------------------------------------- files


def write_manifest(digest: str, metrics: dict[str, float], model: HistGradientBoostingRegressor) -> None:
    """Pin the trained version in model.json, with its prediction for the example; keep all other entries."""
    path = FOLDER / "model.json"
    manifest = json.loads(path.read_text("utf-8")) if path.exists() else new_manifest()
    row = np.array([[manifest["example"]["input"][name] for name in NAMES]], dtype=np.float32)
    manifest["example"]["value"] = round(float(model.predict(row)[0]), 5)
    entry = manifest.setdefault("versions", {}).setdefault(VERSION, {})
    # A model with the recorded digest is not new.
    known = entry.get("sha256") == digest and "trainedAt" in entry
    trained_at = entry["trainedAt"] if known else datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    entry.update(sha256=digest, trainedAt=trained_at, metrics=metrics)
    write(path, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def new_manifest() -> dict[str, Any]:
    """The initial manifest."""
    return {
        "description": "How many of a menu item will be sold in an hour",
        "access": "member",
        "load": "first-use",
        "features": [feature.manifest() for feature in FEATURES],
        "output": {"value": VALUE},
        "example": {"input": EXAMPLE},
        "batching": {"maxBatchSize": 256, "maxWaitMs": 0},
    }


def fixture(model: HistGradientBoostingRegressor, rows: NDArray[np.float32]) -> str:
    """scikit-learn's predictions for some rows, one a line, for comparison with a server."""
    chosen = np.round(rows[:: len(rows) // FIXTURE_ROWS][:FIXTURE_ROWS].astype(np.float64), 4)
    answers = model.predict(chosen.astype(np.float32)).tolist()
    lines = [
        json.dumps({"input": dict(zip(NAMES, row)), "value": round(answer, 8)}, separators=(",", ":"))
        for row, answer in zip(chosen.tolist(), answers)
    ]
    return '{"rows":[\n' + ",\n".join(lines) + "\n]}\n"


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
