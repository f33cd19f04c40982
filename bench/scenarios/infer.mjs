import { isRight, REQUEST } from '../support/predict-peers.mjs';
import { requireCorrectResponse, failureRow, inTurn, formatFigures, ratio } from '../support/rounds.mjs';
import { startBarista } from '../support/servers.mjs';

const CONNECTIONS = 32;
const CLASS = 2n;
const ROW = Float32Array.of(5.9, 3.0, 5.1, 1.8);
const INFER = binaryRequest();

export const title = `POST /v2/models/iris/infer with a binary tensor, beside POST /predict of the same server`;

export async function run(effort) {
  const server = await startBarista();
  const subjects = [
    { server, connections: CONNECTIONS, request: REQUEST, isRight },
    { server, connections: CONNECTIONS, request: INFER, isRight: isRightTensor },
  ];
  try {
    for (const subject of subjects) await requireCorrectResponse(subject);
    const [predict, infer] = await inTurn(subjects, effort);
    return {
      rows: [
        { what: '/v2/models/iris/infer', figure: formatFigures(infer) },
        { what: '/predict', figure: formatFigures(predict), ...ratio(infer.rate / predict.rate, 1) },
        failureRow('requests failed', [infer, predict]),
      ],
      notes: [`One row, ${CONNECTIONS} connections; the tensor comes in binary, and the label goes back in binary.`],
    };
  } finally {
    await server.stop();
  }
}

function binaryRequest() {
  const tensor = Buffer.from(ROW.buffer);
  const parameters = { binary_data_size: tensor.length };
  const head = Buffer.from(
    JSON.stringify({
      inputs: [{ name: 'input', shape: [1, ROW.length], datatype: 'FP32', parameters }],
      outputs: [{ name: 'label', parameters: { binary_data: true } }],
    }),
  );
  const headers = {
    'Content-Type': 'application/octet-stream',
    'Inference-Header-Content-Length': String(head.length),
  };
  return { path: '/v2/models/iris/infer', method: 'POST', headers, body: Buffer.concat([head, tensor]) };
}

/** The last eight bytes are the label. */
function isRightTensor(answer) {
  return answer.readBigInt64LE(answer.length - 8) === CLASS;
}
