"""Writes a model with 8-bit weights: `python quantize.py <from.onnx> <to.onnx>`; `npm run model -- quantize` calls it.

Prints as JSON how many of the model's weights are 8-bit then. Where there are none, nothing is written.
"""

import json
import logging
import sys
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

# Beyond this a model has to keep its weights in a file of its own.
MAX_BYTES_IN_ONE_FILE = 1_900_000_000


def quantize(source: Path, target: Path) -> int:
    model = onnx.load(source, load_external_data=False)
    operators = {node.op_type for node in model.graph.node}
    if not any(node.domain in ("", "ai.onnx", "com.microsoft") for node in model.graph.node):
        return 0
    # Convolutions with signed weights are not implemented on CPUs.
    weight_type = QuantType.QUInt8 if "Conv" in operators else QuantType.QInt8
    size = sum(file.stat().st_size for file in source.parent.iterdir())
    quantize_dynamic(source, target, weight_type=weight_type, use_external_data_format=size > MAX_BYTES_IN_ONE_FILE)
    weights = onnx.load(target, load_external_data=False).graph.initializer
    return sum(weight.name.endswith("_quantized") for weight in weights)


if __name__ == "__main__":
    logging.disable()
    print(json.dumps({"quantized": quantize(Path(sys.argv[1]), Path(sys.argv[2]))}))
