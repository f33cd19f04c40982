"""Writes the models of the scenarios `pictures` and `tables`: `python make-models.py` (needs the packages `onnx`, `scikit-learn`,
`skl2onnx` and `pandas`). The files are checked in, so that the bench needs none of these."""

from pathlib import Path

import numpy as np
import pandas as pd
from onnx import TensorProto, checker, helper, numpy_helper, save
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).parent
NUMBERS = [f"number{index}" for index in range(24)]
# Every other number may be missing.
CATEGORIES = {f"category{index}": [f"value{value}" for value in range(3 + index)] for index in range(6)}


def cnn():
    """Four convolutions with a stride of two, a mean over the picture, ten classes: 14 million multiplications a picture."""
    rng = np.random.default_rng(7)
    nodes, constants, last = [], [], "image"

    def constant(name, values):
        constants.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    for index, (before, after) in enumerate([(3, 8), (8, 16), (16, 32), (32, 64)]):
        weights = constant(f"weights{index}", rng.normal(0, np.sqrt(2 / (9 * before)), (after, before, 3, 3)))
        bias = constant(f"bias{index}", rng.normal(0, 0.1, after))
        nodes.append(helper.make_node("Conv", [last, weights, bias], [f"conv{index}"], strides=[2, 2], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [f"conv{index}"], [f"relu{index}"]))
        last = f"relu{index}"
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["mean"]))
    nodes.append(helper.make_node("Flatten", ["mean"], ["flat"]))
    weights, bias = constant("weights", rng.normal(0, 0.5, (64, 10))), constant("bias", rng.normal(0, 0.1, 10))
    nodes.append(helper.make_node("Gemm", ["flat", weights, bias], ["logits"]))
    nodes.append(helper.make_node("Softmax", ["logits"], ["probabilities"]))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 224, 224])
    probabilities = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 10])
    graph = helper.make_graph(nodes, "cnn", [image], [probabilities], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    checker.check_model(model)
    save(model, HERE / "cnn.onnx")


def table():
    """A pipeline of scikit-learn, as skl2onnx exports it: one input a column, imputed, scaled, one-hot encoded, boosted trees."""
    rng = np.random.default_rng(7)
    count = 2_000
    rows = pd.DataFrame({name: rng.normal(index, 1 + index, count) for index, name in enumerate(NUMBERS)})
    for name in NUMBERS[::2]:
        rows.loc[rng.random(count) < 0.15, name] = np.nan
    for name, values in CATEGORIES.items():
        rows[name] = rng.choice(values, count)
    score = rows.number0.fillna(0) + (rows.number1 - 1) + (rows.category0 == "value1") * 2 + rng.normal(0, 0.5, count)
    classes = np.where(score > 0.5, "leaves", "stays")
    numbers = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    columns = ColumnTransformer([("numbers", numbers, NUMBERS), ("categories", OneHotEncoder(), list(CATEGORIES))])
    trees = GradientBoostingClassifier(n_estimators=40, max_depth=3, random_state=7)
    pipeline = Pipeline([("columns", columns), ("trees", trees)]).fit(rows, classes)
    inputs = [(name, FloatTensorType([None, 1])) for name in NUMBERS]
    inputs += [(name, StringTensorType([None, 1])) for name in CATEGORIES]
    model = convert_sklearn(pipeline, "table", inputs, options={"zipmap": False})
    save(model, HERE / "table.onnx")


cnn()
table()
