import { join } from 'node:path';
import { freePort, startProgram } from './processes.mjs';
import { IRIS, ROOT } from './servers.mjs';

const PEERS = join(ROOT, 'bench/peers');

/** A setting of FastAPI: uvicorn with an app of `bench/peers/fastapi`, such as `tables:app`. */
export function fastApi({ app, model, request, workers, ...rest }) {
  const args = [app, '--workers', String(workers), '--no-access-log', '--log-level', 'warning'];
  return {
    ...rest,
    request,
    start: (bin) =>
      startOnFreePort('FastAPI', request, (port) => [
        join(bin, 'uvicorn'),
        [...args, '--host', '127.0.0.1', '--port', port],
        { cwd: join(PEERS, 'fastapi'), variables: { MODEL_FILE: model } },
      ]),
  };
}

/** A setting of LitServe: a program of `bench/peers/litserve`, with the arguments of its API, its server and `run`. */
export function litServe({ program, model, request, settings, ...rest }) {
  return {
    ...rest,
    request,
    start: (bin) =>
      startOnFreePort('LitServe', request, (port) => [
        join(bin, 'python'),
        [join(PEERS, 'litserve', program), port, JSON.stringify(settings)],
        { variables: { MODEL_FILE: model } },
      ]),
  };
}

export async function startOnFreePort(name, probe, programOf) {
  const port = String(await freePort());
  const [command, args, options] = programOf(port);
  const { variables = {}, cwd } = options;
  return startProgram(name, command, args, {
    url: `http://127.0.0.1:${port}`,
    probe,
    cwd,
    variables: { MODEL_FILE: IRIS, PYTHONDONTWRITEBYTECODE: '1', ...variables },
  });
}
