"""Rows of a mixed table on LitServe: one row, `instances`, or a CSV as `file` of a form. The first argument is the port, the second the
settings as JSON."""

import json
import os
import sys

import litserve as ls
import numpy as np
import onnxruntime
import pandas as pd

NUMBERS = [f"number{index}" for index in range(24)]
CATEGORIES = [f"category{index}" for index in range(6)]
CLASSES = ("leaves", "stays")


class TablesAPI(ls.LitAPI):
    """The rows of one request."""

    def setup(self, device: str) -> None:
        """Open the model once for each worker."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            os.environ["MODEL_FILE"], options, providers=["CPUExecutionProvider"]
        )

    def decode_request(self, request) -> dict[str, np.ndarray]:
        """An array a column; missing numbers become NaN."""
        if "file" in request:
            frame = pd.read_csv(request["file"].file)
            columns = {name: frame[[name]].to_numpy(dtype=np.float32) for name in NUMBERS}
            return columns | {name: frame[[name]].to_numpy(dtype=object) for name in CATEGORIES}
        rows = request.get("instances", [request])
        columns = {name: np.array([[row.get(name)] for row in rows], dtype=np.float32) for name in NUMBERS}
        return columns | {name: np.array([[row[name]] for row in rows], dtype=object) for name in CATEGORIES}

    def predict(self, x: dict[str, np.ndarray]) -> tuple[list, list]:
        """Run the model on the rows."""
        labels, probabilities = self.session.run(["label", "probabilities"], x)
        return labels.tolist(), probabilities.tolist()

    def encode_response(self, output: tuple[list, list]) -> dict:
        """Answer with the class and the probabilities of each row."""
        rows = zip(*output, strict=True)
        return {
            "predictions": [{"label": label, "probabilities": dict(zip(CLASSES, row, strict=True))} for label, row in rows]
        }


if __name__ == "__main__":
    port, settings = int(sys.argv[1]), json.loads(sys.argv[2])
    api = TablesAPI(api_path="/predict", **settings.get("api", {}))
    server = ls.LitServer(api, accelerator="cpu", track_requests=False, **settings.get("server", {}))
    server.run(
        host="127.0.0.1",
        port=port,
        log_level="warning",
        access_log=False,
        generate_client_file=False,
        **settings.get("run", {}),
    )
