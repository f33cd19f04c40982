"""Classes of pictures on LitServe: decode, predict, encode. The first argument is the port, the second the settings as JSON."""

import json
import os
import sys

import litserve as ls
import numpy as np
import onnxruntime
from PIL import Image, ImageOps

SIZE = (224, 224)
MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)
LABELS = [f"class{index}" for index in range(10)]


class PicturesAPI(ls.LitAPI):
    """One picture a request."""

    def setup(self, device: str) -> None:
        """Open the model once for each worker."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            os.environ["MODEL_FILE"], options, providers=["CPUExecutionProvider"]
        )

    def decode_request(self, request) -> np.ndarray:
        """Decode, resize and normalize."""
        picture = Image.open(request["file"].file).convert("RGB")
        picture = ImageOps.fit(picture, SIZE, Image.Resampling.BILINEAR)
        return ((np.asarray(picture, dtype=np.float32) / 255 - MEAN) / STD).transpose(2, 0, 1)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Run the model on one picture, or on a batch of them."""
        (probabilities,) = self.session.run(["probabilities"], {"image": x.reshape(-1, 3, *SIZE)})
        return probabilities

    def encode_response(self, output: np.ndarray) -> dict:
        """Answer with the class and the probabilities."""
        row = output.reshape(-1)
        probabilities = dict(zip(LABELS, row.tolist(), strict=True))
        return {"predictions": [{"label": LABELS[int(row.argmax())], "probabilities": probabilities}]}


if __name__ == "__main__":
    port, settings = int(sys.argv[1]), json.loads(sys.argv[2])
    api = PicturesAPI(api_path="/predict", **settings.get("api", {}))
    server = ls.LitServer(api, accelerator="cpu", track_requests=False, **settings.get("server", {}))
    server.run(
        host="127.0.0.1",
        port=port,
        log_level="warning",
        access_log=False,
        generate_client_file=False,
        **settings.get("run", {}),
    )
