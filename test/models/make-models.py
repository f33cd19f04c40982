"""Writes the tiny ONNX models that the tests use: `python make-models.py` (needs the package `onnx`).

Each shows one thing that real models do and that serving has to cope with. The files are checked in, so that no test
needs Python.
"""

from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

HERE = Path(__file__).parent
FLOAT, INT64, STRING, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING, TensorProto.BOOL


def tensor(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name, values, dtype):
    return numpy_helper.from_array(np.array(values, dtype=dtype), name)


def write(name, nodes, inputs, outputs, constants=()):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(constants))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    checker.check_model(model)
    save(model, HERE / f"{name}.onnx")


def sum_of_two():
    """A regression: the sum of two numbers."""
    nodes = [helper.make_node("ReduceSum", ["x", "axes"], ["sum"], keepdims=1)]
    write("sum", nodes, [tensor("x", FLOAT, ["n", 2])], [tensor("sum", FLOAT, ["n", 1])], [constant("axes", [1], np.int64)])


def difference():
    """A regression with the signature of `sum`, so that it can stand for a changed file."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["sum"])]
    write("difference", nodes, [tensor("x", FLOAT, ["n", 2])], [tensor("sum", FLOAT, ["n", 1])], [constant("w", [[1], [-1]], np.float32)])


def centre():
    """Subtracts the mean over the rows: a perfect signature for batching, and wrong answers with it."""
    nodes = [
        helper.make_node("ReduceMean", ["x", "axes"], ["mean"], keepdims=1),
        helper.make_node("Sub", ["x", "mean"], ["centred"]),
    ]
    write("centre", nodes, [tensor("x", FLOAT, ["n", 2])], [tensor("centred", FLOAT, ["n", 2])], [constant("axes", [0], np.int64)])


def kinds():
    """Inputs and outputs of several types and shapes, one of them a scalar; passes each through."""
    shapes = [("number", FLOAT, ["n"]), ("count", INT64, ["n", 1]), ("word", STRING, ["n", 1]), ("flag", BOOL, ["n"]), ("grid", FLOAT, ["n", 2, 3])]
    nodes = [helper.make_node("Identity", [name], [f"{name}_out"]) for name, _, _ in shapes]
    write("kinds", nodes, [tensor(*shape) for shape in shapes], [tensor(f"{name}_out", kind, shape) for name, kind, shape in shapes])


def pick():
    """Looks a number up in a table of three: any other index makes the run fail."""
    nodes = [helper.make_node("Gather", ["table", "index"], ["picked"])]
    write("pick", nodes, [tensor("index", INT64, ["n"])], [tensor("picked", FLOAT, ["n"])], [constant("table", [10, 20, 30], np.float32)])


def spin():
    """Counts to its input before it answers: as slow as it is asked to be, and past any deadline if so asked."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["again"], ["again_out"]), helper.make_node("Sin", ["value"], ["value_out"])],
        "body",
        [tensor("step", INT64, []), tensor("again", BOOL, []), tensor("value", FLOAT, [None])],
        [tensor("again_out", BOOL, []), tensor("value_out", FLOAT, [None])],
    )
    nodes = [
        helper.make_node("Squeeze", ["turns"], ["trips"]),
        helper.make_node("Loop", ["trips", "true", "start"], ["spun"], body=body),
        helper.make_node("ReduceSum", ["spun"], ["total"], keepdims=0),
        helper.make_node("Unsqueeze", ["total", "axes"], ["answer"]),
    ]
    constants = [constant("true", True, np.bool_), constant("start", np.ones(1000), np.float32), constant("axes", [0], np.int64)]
    write("spin", nodes, [tensor("turns", INT64, [1])], [tensor("answer", FLOAT, [1])], constants)


def ragged():
    """Inputs with open lengths, one of them shared: a batch of grids and a mask over their rows."""
    nodes = [helper.make_node("Identity", ["grid"], ["grid_out"]), helper.make_node("Identity", ["mask"], ["mask_out"])]
    inputs = [tensor("grid", FLOAT, ["n", "h", "w"]), tensor("mask", FLOAT, ["n", "h"])]
    write("ragged", nodes, inputs, [tensor("grid_out", FLOAT, ["n", "h", "w"]), tensor("mask_out", FLOAT, ["n", "h"])])


def detect():
    """Finds as many boxes as it likes in one picture: the first dimension of its answer counts no rows."""
    nodes = [
        helper.make_node("ReduceSum", ["picture"], ["total"], keepdims=0),
        helper.make_node("Add", ["total", "offsets"], ["boxes"]),
    ]
    offsets = constant("offsets", np.arange(12).reshape(3, 4), np.float32)
    write("detect", nodes, [tensor("picture", FLOAT, [1, 2])], [tensor("boxes", FLOAT, ["found", 4])], [offsets])


def sequence():
    """Answers with a sequence, as a classifier exported with ZipMap does: it cannot be carried."""
    nodes = [helper.make_node("SequenceConstruct", ["x"], ["parts"])]
    output = helper.make_tensor_sequence_value_info("parts", FLOAT, ["n", 2])
    write("sequence", nodes, [tensor("x", FLOAT, ["n", 2])], [output])


def external():
    """Keeps its weights in a file of its own, as models of more than 2 GB must: a sum, with a weight for each number."""
    weights = constant("weights", [[2], [3]], np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weights"], ["sum"])],
        "external",
        [tensor("x", FLOAT, ["n", 2])],
        [tensor("sum", FLOAT, ["n", 1])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    (HERE / "external.weights").unlink(missing_ok=True)
    save(model, HERE / "external.onnx", save_as_external_data=True, location="external.weights", size_threshold=0)


def classifier():
    """A classifier with the outputs that skl2onnx gives one: an integer label, and probabilities."""
    nodes = [
        helper.make_node("MatMul", ["features", "weights"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probabilities"]),
        helper.make_node("ArgMax", ["probabilities"], ["label"], axis=1, keepdims=0),
    ]
    outputs = [tensor("label", INT64, ["n"]), tensor("probabilities", FLOAT, ["n", 3])]
    weights = constant("weights", [[1, 0, -1], [0, 1, -1]], np.float32)
    write("classifier", nodes, [tensor("features", FLOAT, ["n", 2])], outputs, [weights])


def perceptron():
    """Two layers, 64 to 128 to 10, with weights that are worth quantizing."""
    random = np.random.default_rng(7)
    constants = [
        constant("w1", random.normal(0, 0.2, (64, 128)), np.float32),
        constant("b1", np.zeros(128), np.float32),
        constant("w2", random.normal(0, 0.2, (128, 10)), np.float32),
        constant("b2", np.zeros(10), np.float32),
    ]
    nodes = [
        helper.make_node("Gemm", ["pixels", "w1", "b1"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["active"]),
        helper.make_node("Gemm", ["active", "w2", "b2"], ["logits"]),
    ]
    write("perceptron", nodes, [tensor("pixels", FLOAT, ["n", 64])], [tensor("logits", FLOAT, ["n", 10])], constants)


if __name__ == "__main__":
    for make in (sum_of_two, difference, centre, kinds, pick, spin, ragged, detect, sequence, external, classifier, perceptron):
        make()
