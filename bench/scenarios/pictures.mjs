import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compare, startPeers } from '../support/compare-peers.mjs';
import { postFile } from '../support/multipart.mjs';
import { isLike, predictionsOf } from '../support/predictions.mjs';
import { fastApi, litServe } from '../support/python-servers.mjs';
import { ROOT, startBarista } from '../support/servers.mjs';
import { nodeVersions, pythonEnvironment, pythonVersions } from '../support/tools.mjs';

const MODEL = join(ROOT, 'bench/models/cnn.onnx');
const MANIFEST = {
  labels: Array.from({ length: 10 }, (_, index) => `class${index}`),
  output: { probabilities: 'probabilities' },
  input: { image: { width: 224, height: 224, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } },
};
const CONNECTIONS = 16;
const GOAL = 2;

export const title = `A picture, 640 × 480 JPEG, to a small CNN of 224 × 224, ${CONNECTIONS} connections`;
export const peers = ['fastapi', 'litserve'];

export async function run({ trial, only, ...effort }) {
  const file = { name: 'picture.jpg', type: 'image/jpeg', content: await makePicture() };
  const barista = {
    server: await startBarista({ models: { cnn: { file: MODEL, manifest: MANIFEST } } }),
    request: postFile('/models/cnn/predict', file),
  };
  const subjects = [barista];
  try {
    const isRight = isLike(await predictionsOf(barista.server, barista.request));
    barista.server.pause();
    const chosen = peersFor(file).filter(({ id }) => only === undefined || only.includes(id));
    const workload = { request: barista.request, isRight, connections: CONNECTIONS, trial };
    const found = await startPeers(chosen, workload);
    subjects.push(...found.subjects);
    const rows = await compare(subjects, { connections: CONNECTIONS, what: `${CONNECTIONS} connections` }, effort);
    const versions = nodeVersions('sharp', 'onnxruntime-node').join(', ');
    const notes = [`Barista (${versions}): as it ships, two images decoded at a time.`, ...found.notes];
    return { rows: [...rows, ...found.missing], notes };
  } finally {
    await Promise.all(subjects.map(({ server }) => server.stop()));
  }
}

/** Smooth patches of colour: a JPEG of some 70 kB, as of a photograph. */
async function makePicture() {
  const sharp = createRequire(join(ROOT, 'package.json'))('sharp');
  let state = 1;
  const patches = Uint8Array.from({ length: 64 * 48 * 3 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
  const raw = { width: 64, height: 48, channels: 3 };
  return sharp(patches, { raw }).resize(640, 480, { kernel: 'cubic' }).jpeg({ quality: 90 }).toBuffer();
}

function peersFor(file) {
  const onFastApi = (path, workers) => {
    return fastApi({ app: 'pictures:app', model: MODEL, request: postFile(path, file), workers });
  };
  const onLitServe = (settings) => {
    return litServe({ program: 'pictures.py', model: MODEL, request: postFile('/predict', file), settings });
  };
  return [
    {
      id: 'fastapi',
      name: 'FastAPI, Pillow, NumPy, onnxruntime',
      goal: GOAL,
      on: 'an UploadFile, ImageOps.fit with BILINEAR, a run in this process; uvicorn with uvloop and httptools',
      versions: () => pythonVersions('fastapi', 'fastapi', 'uvicorn', 'pillow', 'numpy', 'onnxruntime'),
      prepare: () => pythonEnvironment('fastapi'),
      settings: {
        'async def': onFastApi('/async/predict', 1),
        def: onFastApi('/threads/predict', 1),
        'async def, 2 workers': onFastApi('/async/predict', 2),
        'def, 2 workers': onFastApi('/threads/predict', 2),
      },
    },
    {
      id: 'litserve',
      name: 'LitServe, Pillow, NumPy, onnxruntime',
      goal: GOAL,
      on: 'a form, the same steps; the run in a worker process, as LitServe has it',
      versions: () => pythonVersions('litserve', 'litserve', 'fastapi', 'pillow', 'numpy', 'onnxruntime'),
      prepare: () => pythonEnvironment('litserve'),
      settings: {
        'one worker': onLitServe({}),
        '2 workers, 2 API servers': onLitServe({ server: { workers_per_device: 2 }, run: { num_api_servers: 2 } }),
      },
    },
  ];
}
