"""Iris as an MLServer runtime, over the Open Inference Protocol, which is how MLServer is asked."""

import onnxruntime
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Iris(MLModel):
    """A session of onnxruntime on one thread."""

    async def load(self) -> bool:
        """Open the model."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            self.settings.parameters.uri, options, providers=["CPUExecutionProvider"]
        )
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Run the rows of the request, one or a batch of them."""
        rows = NumpyCodec.decode_input(payload.inputs[0])
        (labels,) = self.session.run(["label"], {"input": rows})
        return InferenceResponse(model_name=self.name, outputs=[NumpyCodec.encode_output("label", labels)])
