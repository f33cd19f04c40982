"""Writes the tiny ONNX models that the tests use: `python make-models.py` (needs the package `onnx`).

Each shows one thing that real models do and that serving has to cope with. The files are checked in, so that no test
needs Python.
"""

from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

HERE = Path(__file__).parent
FLOAT, FLOAT16, INT64, STRING, BOOL = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT64, TensorProto.STRING, TensorProto.BOOL


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


def half():
    """Doubles numbers of half precision."""
    nodes = [helper.make_node("Add", ["x", "x"], ["doubled"])]
    write("half", nodes, [tensor("x", FLOAT16, ["n", 2])], [tensor("doubled", FLOAT16, ["n", 2])])


def recurrent():
    """As voice detectors are published: a state whose second dimension counts rows, and a sample rate for all of them."""
    nodes = [
        helper.make_node("ReduceSum", ["sound", "axes"], ["sum"], keepdims=1),
        helper.make_node("Cast", ["rate"], ["rate_float"], to=FLOAT),
        helper.make_node("Div", ["sum", "rate_float"], ["speech"]),
        helper.make_node("Add", ["state", "one"], ["state_out"]),
    ]
    inputs = [tensor("sound", FLOAT, ["n", "samples"]), tensor("state", FLOAT, [2, "n", 2]), tensor("rate", INT64, [])]
    outputs = [tensor("speech", FLOAT, ["n", 1]), tensor("state_out", FLOAT, [2, "n", 2])]
    write("recurrent", nodes, inputs, outputs, [constant("axes", [1], np.int64), constant("one", 1, np.float32)])


def wide():
    """A thousand outputs."""
    names = [f"part_{index}" for index in range(1000)]
    nodes = [helper.make_node("Split", ["x"], names, axis=1, num_outputs=1000)]
    write("wide", nodes, [tensor("x", FLOAT, ["n", 1000])], [tensor(name, FLOAT, ["n", 1]) for name in names])


def hungry():
    """Takes as much memory as it is asked to, four bytes for each of `cells`, and answers with as many values as it is asked to."""
    nodes = [
        helper.make_node("ConstantOfShape", ["cells"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["total"], keepdims=1),
        helper.make_node("ConstantOfShape", ["values"], ["answer"]),
    ]
    outputs = [tensor("total", FLOAT, [1]), tensor("answer", FLOAT, ["found"])]
    write("hungry", nodes, [tensor("cells", INT64, [1]), tensor("values", INT64, [1])], outputs)


def dense():
    """Three layers, 256 to 1024 to 1024 to 10: heavy. Its weights are sines that are computed once, when it is loaded."""
    sizes, nodes, constants, last = [256, 1024, 1024, 10], [], [constant("zero", 0, np.float32), constant("one", 1, np.float32)], "x"
    for layer, (rows, columns) in enumerate(zip(sizes, sizes[1:])):
        constants += [constant(f"count{layer}", rows * columns, np.float32), constant(f"shape{layer}", [rows, columns], np.int64)]
        nodes += [
            helper.make_node("Range", ["zero", f"count{layer}", "one"], [f"range{layer}"]),
            helper.make_node("Sin", [f"range{layer}"], [f"sine{layer}"]),
            helper.make_node("Reshape", [f"sine{layer}", f"shape{layer}"], [f"weights{layer}"]),
            helper.make_node("MatMul", [last, f"weights{layer}"], [f"sums{layer}"]),
        ]
        last = f"sums{layer}"
        if layer < 2:
            nodes.append(helper.make_node("Tanh", [last], [f"active{layer}"]))
            last = f"active{layer}"
    write("dense", nodes, [tensor("x", FLOAT, ["n", 256])], [tensor(last, FLOAT, ["n", 10])], constants)


def datatypes():
    """A tensor of every type that can be carried, passed through: any number of rows, of any width."""
    kinds = "BOOL UINT8 UINT16 UINT32 UINT64 INT8 INT16 INT32 INT64 FLOAT16 FLOAT DOUBLE STRING".split()
    nodes = [helper.make_node("Identity", [kind], [f"{kind}_OUT"]) for kind in kinds]
    inputs = [tensor(kind, getattr(TensorProto, kind), ["n", kind.lower()]) for kind in kinds]
    outputs = [tensor(f"{kind}_OUT", getattr(TensorProto, kind), ["n", kind.lower()]) for kind in kinds]
    write("datatypes", nodes, inputs, outputs)


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


def picture():
    """Passes pictures through, whatever their size, and in whichever layout."""
    shape = ["n", "a", "b", "c"]
    write("picture", [helper.make_node("Identity", ["image"], ["values"])], [tensor("image", FLOAT, shape)], [tensor("values", FLOAT, shape)])


if __name__ == "__main__":
    for make in (sum_of_two, difference, centre, kinds, pick, spin, ragged, detect, sequence, half, recurrent, wide, hungry, dense, datatypes, external, classifier, perceptron, picture):
        make()
