"""Uses a running Barista through Triton's and KServe's own clients, as they are on PyPI.

`python open-inference-clients.py <url> <API key of an administrator>` writes a line of JSON for each check:
{"check": "its name", "error": null or what went wrong}. The models are those of `open-inference-clients.e2e.spec.ts`.
"""

import asyncio
import json
import sys
import traceback

import numpy as np
import tritonclient.http as triton
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput
from tritonclient.utils import InferenceServerException

URL, KEY = sys.argv[1:]
ADMIN = {"Authorization": f"Bearer {KEY}"}
FLOWERS = np.array([[5.9, 3.0, 5.1, 1.8], [5.1, 3.5, 1.4, 0.2]], dtype=np.float32)
SPECIES = [2, 0]
TEXTS = np.array([["caffè", ""], ["아메리카노", "☕" * 40]], dtype=np.object_)
# By the names of `datatypes.onnx`: datatype of the protocol, and values that only an exact way there and back keeps.
EVERY_TYPE = {
    "BOOL": ("BOOL", np.array([[True], [False]])),
    "UINT8": ("UINT8", np.array([[0, 255], [1, 2]], np.uint8)),
    "UINT16": ("UINT16", np.array([[65535], [0]], np.uint16)),
    "UINT32": ("UINT32", np.array([[2**32 - 1], [0]], np.uint32)),
    "UINT64": ("UINT64", np.array([[2**64 - 1], [2**53 + 1]], np.uint64)),
    "INT8": ("INT8", np.array([[-128, 127, 0], [1, 2, 3]], np.int8)),
    "INT16": ("INT16", np.array([[-32768], [32767]], np.int16)),
    "INT32": ("INT32", np.array([[-(2**31)], [2**31 - 1]], np.int32)),
    "INT64": ("INT64", np.array([[-(2**63)], [2**53 + 1]], np.int64)),
    "FLOAT16": ("FP16", np.array([[65504, 6e-8], [-0.1, 1]], np.float16)),
    "FLOAT": ("FP32", np.array([[0.1], [-3.4e38]], np.float32)),
    "DOUBLE": ("FP64", np.array([[0.1], [1.7e308]], np.float64)),
    "STRING": ("BYTES", TEXTS),
}


def flowers(binary=True):
    tensor = triton.InferInput("input", FLOWERS.shape, "FP32")
    tensor.set_data_from_numpy(FLOWERS, binary_data=binary)
    return [tensor]


def output(name, **options):
    return triton.InferRequestedOutput(name, **options)


def texts(values):
    """The clients give bytes for binary data, and text for JSON."""
    return [item if isinstance(item, str) else item.decode() for item in values.flatten()]


def refused(work, status, *words):
    try:
        work()
    except InferenceServerException as error:
        assert error.status() == str(status), f"{error.status()}: {error}"
        assert all(word in error.message() for word in words), error.message()
        return
    raise AssertionError("nothing was refused")


def triton_health(client):
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready("iris") and client.is_model_ready("iris", "1")
    assert not client.is_model_ready("rose") and not client.is_model_ready("iris", "7")


def triton_metadata(client):
    server = client.get_server_metadata()
    assert server["name"] == "barista" and "binary_tensor_data" in server["extensions"], server
    expected = {
        "name": "iris",
        "versions": ["1"],
        "platform": "onnx_onnxv1",
        "inputs": [{"name": "input", "datatype": "FP32", "shape": [-1, 4]}],
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": [-1]},
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]},
        ],
    }
    assert client.get_model_metadata("iris") == expected
    assert client.get_model_metadata("iris", "1") == expected
    config = client.get_model_config("iris", "1")
    assert config["max_batch_size"] == 256 and config["input"][0]["dims"] == [4], config


def triton_infer(client):
    for binary_in in (True, False):
        for binary_out in (True, False):
            outputs = [output("probabilities", binary_data=binary_out), output("label", binary_data=not binary_out)]
            result = client.infer("iris", flowers(binary_in), outputs=outputs, request_id="a-7", model_version="1")
            answer = result.get_response()
            assert (answer["model_name"], answer["model_version"], answer["id"]) == ("iris", "1", "a-7"), answer
            assert [tensor["name"] for tensor in answer["outputs"]] == ["probabilities", "label"], answer
            assert result.as_numpy("label").tolist() == SPECIES
            assert result.as_numpy("probabilities").argmax(axis=1).tolist() == SPECIES
    everything = client.infer("iris", flowers())
    assert everything.as_numpy("label").tolist() == SPECIES and everything.as_numpy("probabilities").shape == (2, 3)


def triton_compression(client):
    for algorithm in ("gzip", "deflate"):
        for binary in (True, False):
            result = client.infer(
                "iris",
                flowers(binary),
                outputs=[output("label", binary_data=binary)],
                request_compression_algorithm=algorithm,
                response_compression_algorithm=algorithm,
            )
            assert result.as_numpy("label").tolist() == SPECIES


def triton_datatypes(client):
    for binary in (True, False):
        inputs = []
        for name, (datatype, values) in EVERY_TYPE.items():
            # The client itself refuses to send FP16 as JSON.
            tensor = triton.InferInput(name, values.shape, datatype)
            tensor.set_data_from_numpy(values, binary_data=binary or datatype == "FP16")
            inputs.append(tensor)
        outputs = [output(f"{name}_OUT", binary_data=binary) for name in EVERY_TYPE]
        result = client.infer("datatypes", inputs, outputs=outputs)
        for name, (datatype, values) in EVERY_TYPE.items():
            found = result.as_numpy(f"{name}_OUT")
            assert found.shape == values.shape, found
            assert (texts(found) == texts(values) if datatype == "BYTES" else (found == values).all()), f"{name}: {found}"


def triton_classification(client):
    result = client.infer("iris", flowers(), outputs=[output("probabilities", class_count=2)])
    best = result.as_numpy("probabilities")
    assert best.shape == (2, 2), best
    assert [row[0].decode().split(":")[1:] for row in best] == [["2", "virginica"], ["0", "setosa"]], best


def triton_in_parallel(client):
    requests = [client.async_infer("iris", flowers(index % 2 == 0)) for index in range(40)]
    assert all(request.get_result().as_numpy("label").tolist() == SPECIES for request in requests)


def triton_statistics(client):
    before = client.get_inference_statistics("iris", "1")["model_stats"][0]
    client.infer("iris", flowers())
    after = client.get_inference_statistics("iris")["model_stats"][0]
    assert after["inference_count"] == before["inference_count"] + 2, after
    assert after["execution_count"] == before["execution_count"] + 1, after
    assert after["inference_stats"]["success"]["count"] == before["inference_stats"]["success"]["count"] + 1, after
    names = {entry["name"] for entry in client.get_inference_statistics()["model_stats"]}
    assert {"iris", "datatypes"} <= names, names


def triton_repository(client):
    refused(lambda: client.get_model_repository_index(), 401)
    index = client.get_model_repository_index(headers=ADMIN)
    assert {"name": "iris", "version": "1", "state": "READY", "reason": ""} in index, index
    client.unload_model("datatypes", headers=ADMIN)
    assert not client.is_model_ready("datatypes") and client.is_model_ready("iris")
    states = {entry["name"]: entry["state"] for entry in client.get_model_repository_index(headers=ADMIN)}
    assert states["datatypes"] == "UNAVAILABLE", states
    client.load_model("datatypes", headers=ADMIN)
    assert client.is_model_ready("datatypes")
    refused(lambda: client.load_model("rose", headers=ADMIN), 404, "rose")
    refused(lambda: client.load_model("iris", headers=ADMIN, config="{}"), 400, "config")


def triton_errors(client):
    refused(lambda: client.infer("rose", flowers()), 404, "rose")
    refused(lambda: client.infer("iris", flowers(), model_version="7"), 404, "7")
    refused(lambda: client.infer("iris", flowers(), outputs=[output("scent")]), 400, "label")
    refused(lambda: client.infer("iris", flowers(), sequence_id=1, sequence_start=True), 400, "Sequences")
    wrong = triton.InferInput("petals", [1, 4], "FP32")
    wrong.set_data_from_numpy(FLOWERS[:1])
    refused(lambda: client.infer("iris", [wrong]), 400, "petals", "input")
    infinite = triton.InferInput("input", [1, 4], "FP32")
    infinite.set_data_from_numpy(np.array([[np.nan, 1, 1, 1]], np.float32))
    refused(lambda: client.infer("iris", [infinite]), 400, "finite")
    shared = triton.InferInput("input", [1, 4], "FP32")
    shared.set_shared_memory("region", 16)
    refused(lambda: client.infer("iris", [shared]), 400, "Shared memory")


def triton_timeout(client):
    slow = triton.InferInput("turns", [1], "INT64")
    slow.set_data_from_numpy(np.array([300_000], np.int64))
    refused(lambda: client.infer("spin", [slow], timeout=50_000), 504)
    slow.set_data_from_numpy(np.array([1], np.int64))
    assert client.infer("spin", [slow], timeout=20_000_000).as_numpy("answer").shape == (1,)


async def kserve_health(client):
    assert await client.is_server_live(URL) and await client.is_server_ready(URL)
    assert await client.is_model_ready(URL, "iris")
    assert not await client.is_model_ready(URL, "rose")


async def kserve_infer(client):
    for binary_in in (True, False):
        for binary_out in (True, False):
            tensor = InferInput("input", list(FLOWERS.shape), "FP32")
            tensor.set_data_from_numpy(FLOWERS, binary_data=binary_in)
            outputs = [RequestedOutput("label", {"binary_data": binary_out})]
            request = InferRequest("iris", [tensor], request_id="b-8", request_outputs=outputs)
            answer = await client.infer(URL, request, model_name="iris")
            assert (answer.id, answer.model_name) == ("b-8", "iris"), answer
            assert [found.name for found in answer.outputs] == ["label"], answer
            assert answer.outputs[0].as_numpy().tolist() == SPECIES, answer
    data = {"inputs": [{"name": "input", "shape": [2, 4], "datatype": "FP32", "data": FLOWERS.tolist()}]}
    answer = await client.infer(URL, data, model_name="iris")
    assert answer.outputs[0].as_numpy().tolist() == SPECIES, answer


async def kserve_texts(client):
    inputs = []
    for name, (datatype, values) in EVERY_TYPE.items():
        tensor = InferInput(name, list(values.shape), datatype)
        tensor.set_data_from_numpy(values, binary_data=True)
        inputs.append(tensor)
    request = InferRequest("datatypes", inputs, parameters={"binary_data_output": True})
    answer = await client.infer(URL, request, model_name="datatypes")
    found = {tensor.name: tensor.as_numpy() for tensor in answer.outputs}
    assert texts(found["STRING_OUT"]) == texts(TEXTS), found
    assert (found["UINT64_OUT"] == EVERY_TYPE["UINT64"][1]).all(), found


async def kserve_errors(client):
    try:
        await client.infer(URL, {"inputs": []}, model_name="iris")
    except Exception as error:
        assert '"input" is missing' in str(error) and "400" in str(error), error
        return
    raise AssertionError("nothing was refused")


def outcome(name, work):
    try:
        work()
        error = None
    except Exception:
        error = traceback.format_exc()
    print(json.dumps({"check": name, "error": error}), flush=True)


async def ask_kserve(check):
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        await check(client)


if __name__ == "__main__":
    with triton.InferenceServerClient(URL.removeprefix("http://"), concurrency=8) as client:
        for check in (
            triton_health,
            triton_metadata,
            triton_infer,
            triton_compression,
            triton_datatypes,
            triton_classification,
            triton_in_parallel,
            triton_statistics,
            triton_repository,
            triton_errors,
            triton_timeout,
        ):
            outcome(check.__name__, lambda: check(client))
    for check in (kserve_health, kserve_infer, kserve_texts, kserve_errors):
        outcome(check.__name__, lambda: asyncio.run(ask_kserve(check)))
