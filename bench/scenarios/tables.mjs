import { join } from 'node:path';
import { compare, startPeers } from '../support/compare-peers.mjs';
import { postFile } from '../support/multipart.mjs';
import { isLike, predictionsOf } from '../support/predictions.mjs';
import { fastApi, litServe } from '../support/python-servers.mjs';
import { ROOT, startBarista } from '../support/servers.mjs';
import { tableCsv, tableFeatures, tableRows } from '../support/table-rows.mjs';
import { nodeVersions, pythonEnvironment, pythonVersions } from '../support/tools.mjs';

const MODEL = join(ROOT, 'bench/models/table.onnx');
const MANIFEST = {
  features: tableFeatures(),
  labels: ['leaves', 'stays'],
  output: { label: 'label', probabilities: 'probabilities' },
};
const ROWS = 1_000;
const GOAL = 2;

/** `path` is the last part of FastAPI's address; `request` makes the request for a path. */
const WORKLOADS = [
  { what: 'one row', path: 'predict', connections: 32, request: (path) => postJson(path, tableRows(1)[0]) },
  {
    what: '1,000 rows as JSON',
    path: 'rows',
    connections: 8,
    request: (path) => postJson(path, { instances: tableRows(ROWS) }),
  },
  {
    what: '1,000 rows as CSV',
    path: 'csv',
    connections: 8,
    request: (path) => postFile(path, { name: 'rows.csv', type: 'text/csv', content: tableCsv(ROWS) }),
  },
];

export const title = 'A table of 30 columns, numbers with gaps and categories, one input of the model a column';
export const peers = ['fastapi', 'litserve'];

export async function run({ trial, only, ...effort }) {
  const server = await startBarista({ models: { table: { file: MODEL, manifest: MANIFEST } } });
  const rows = [];
  const notes = [`Barista (${nodeVersions('@nestjs/core', 'express', 'onnxruntime-node').join(', ')}): as it ships.`];
  try {
    for (const workload of WORKLOADS) {
      const found = await measure(server, workload, { trial, only, effort });
      rows.push(...found.rows);
      notes.push(...found.notes.map((note) => `${workload.what}: ${note}`));
    }
    return { rows, notes };
  } finally {
    await server.stop();
  }
}

async function measure(server, { what, path, connections, request }, { trial, only, effort }) {
  const ours = request('/models/table/predict');
  server.resume();
  const isRight = isLike(await predictionsOf(server, ours));
  server.pause();
  const chosen = peersFor(request, path).filter(({ id }) => only === undefined || only.includes(id));
  const found = await startPeers(chosen, { request: ours, isRight, connections, trial });
  try {
    const subjects = [{ server, request: ours }, ...found.subjects];
    const rows = await compare(subjects, { connections, what: `${what}, ${connections} connections` }, effort);
    return { rows: [...rows, ...found.missing], notes: found.notes };
  } finally {
    await Promise.all(found.subjects.map((subject) => subject.server.stop()));
  }
}

function postJson(path, content) {
  return { path, method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(content) };
}

function peersFor(request, path) {
  const onFastApi = (library, workers) => {
    return fastApi({ app: 'tables:app', model: MODEL, request: request(`/${library}/${path}`), workers });
  };
  const onLitServe = (settings) => {
    return litServe({ program: 'tables.py', model: MODEL, request: request('/predict'), settings });
  };
  return [
    {
      id: 'fastapi',
      name: 'FastAPI, onnxruntime',
      goal: GOAL,
      on: 'pydantic for body and answer, a run in this process; uvicorn with uvloop and httptools',
      versions: () => pythonVersions('fastapi', 'fastapi', 'uvicorn', 'pydantic', 'numpy', 'pandas', 'onnxruntime'),
      prepare: () => pythonEnvironment('fastapi'),
      settings: {
        NumPy: onFastApi('numpy', 1),
        pandas: onFastApi('pandas', 1),
        'NumPy, 2 workers': onFastApi('numpy', 2),
        'pandas, 2 workers': onFastApi('pandas', 2),
      },
    },
    {
      id: 'litserve',
      name: 'LitServe, onnxruntime',
      goal: GOAL,
      on: 'decode, predict and encode without checks; NumPy, and pandas for CSV; the run in a worker process',
      versions: () => pythonVersions('litserve', 'litserve', 'fastapi', 'numpy', 'pandas', 'onnxruntime'),
      prepare: () => pythonEnvironment('litserve'),
      settings: {
        'one worker': onLitServe({}),
        '2 workers, 2 API servers': onLitServe({ server: { workers_per_device: 2 }, run: { num_api_servers: 2 } }),
      },
    },
  ];
}
