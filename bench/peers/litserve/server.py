"""Iris on LitServe: decode, predict, encode. The first argument is the port, the second the settings as JSON."""

import json
import os
import sys

import litserve as ls
import numpy as np
import onnxruntime

FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")


class IrisAPI(ls.LitAPI):
    """One row a request."""

    def setup(self, device: str) -> None:
        """Open the model once for each worker."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            os.environ["MODEL_FILE"], options, providers=["CPUExecutionProvider"]
        )

    def decode_request(self, request: dict) -> np.ndarray:
        """Take the features in order."""
        return np.array([float(request[name]) for name in FEATURES], dtype=np.float32)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Run the model on one row, or on a batch of them."""
        (labels,) = self.session.run(["label"], {"input": x.reshape(-1, 4)})
        return labels

    def encode_response(self, output: np.ndarray) -> dict:
        """Answer with the class."""
        return {"result": np.atleast_1d(output).tolist()}


if __name__ == "__main__":
    port, settings = int(sys.argv[1]), json.loads(sys.argv[2])
    api = IrisAPI(api_path="/predict", **settings.get("api", {}))
    server = ls.LitServer(api, accelerator="cpu", track_requests=False, **settings.get("server", {}))
    server.run(
        host="127.0.0.1",
        port=port,
        log_level="warning",
        access_log=False,
        generate_client_file=False,
        **settings.get("run", {}),
    )
