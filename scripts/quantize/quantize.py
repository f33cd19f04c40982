"""Converts the weights of a model to 8 bits: `python quantize.py <source.onnx> <target.onnx>`.

Called by `npm run model -- quantize`. Prints the number of quantized weights as JSON, `{"quantized": 2}`. Writes no file if that
is 0.
"""

import json
import logging
import sys
from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

# A larger model needs external weights: protobuf messages are limited to 2 GiB.
MAX_BYTES_IN_ONE_FILE = 1_900_000_000


def quantize(source: Path, target: Path) -> int:
    model = onnx.load(source, load_external_data=False)
    operators = {node.op_type for node in model.graph.node}
    if not any(node.domain in ("", "ai.onnx", "com.microsoft") for node in model.graph.node):
        return 0
    # ONNX Runtime has no CPU kernel for convolutions with signed 8-bit weights.
    weight_type = QuantType.QUInt8 if "Conv" in operators else QuantType.QInt8
    size = sum(file.stat().st_size for file in source.parent.iterdir())
    quantize_dynamic(source, target, weight_type=weight_type, use_external_data_format=size > MAX_BYTES_IN_ONE_FILE)
    weights = onnx.load(target, load_external_data=False).graph.initializer
    return sum(weight.name.endswith("_quantized") for weight in weights)


if __name__ == "__main__":
    logging.disable()
    print(json.dumps({"quantized": quantize(Path(sys.argv[1]), Path(sys.argv[2]))}))
