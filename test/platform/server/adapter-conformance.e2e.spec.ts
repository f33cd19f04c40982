import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express } from 'express';
import { respondToWrongMethods } from '../../../src/platform/http/index.js';
import { BaristaExpressAdapter } from '../../../src/platform/server/index.js';
import { ANSWERS } from './conformance/answer.shapes.js';
import { CORS, HEADER_VERSIONS, PREFIX, STRICT, VERSIONS } from './conformance/app.shapes.js';
import { APP_NAMES, type AppName, type RunningApp, startApp } from './conformance/apps.js';
import { DIFFERENCES, type Expected } from './conformance/differences.js';
import { EDGES, EXPRESS_EDGES, HEADER_VERSION_EDGES, PREFIX_EDGES } from './conformance/edge.shapes.js';
import { type Answer, sendRawRequests } from './conformance/raw-requests.js';
import { BODIES, EXPRESS, MIDDLEWARE, PIPELINE, ROUTES } from './conformance/routing.shapes.js';
import { type Row, type Shape, shapesOf } from './conformance/shape.js';
import { CONNECTIONS, STATIC, TARGETS } from './conformance/target.shapes.js';

const SHAPES: readonly Shape[] = [
  ...shapesOf('plain', [...ROUTES, ...MIDDLEWARE, ...PIPELINE, ...BODIES, ...ANSWERS, ...TARGETS, ...STATIC, ...EDGES]),
  ...CONNECTIONS,
  ...shapesOf('express', [...EXPRESS, ...EXPRESS_EDGES]),
  ...shapesOf('prefix', [...PREFIX, ...PREFIX_EDGES]),
  ...shapesOf('versions', VERSIONS),
  ...shapesOf('header versions', [...HEADER_VERSIONS, ...HEADER_VERSION_EDGES]),
  ...shapesOf('cors', CORS),
  ...shapesOf('strict', STRICT),
];

/** Headers that only our adapter sends: a longer keep-alive, see the differences, and the standard headers. */
const OURS = ['keep-alive: ', 'x-standard: '];

class AdapterWithStandardHeaders extends BaristaExpressAdapter {
  constructor(instance?: Express) {
    super(instance);
    this.setStandardHeaders([['X-Standard', 'yes']]);
    respondToWrongMethods(this);
  }
}

describe('BaristaExpressAdapter', () => {
  const ours = new Map<AppName, RunningApp>();
  const stock = new Map<AppName, RunningApp>();

  beforeAll(async () => {
    for (const name of APP_NAMES) {
      ours.set(name, await startApp(name, AdapterWithStandardHeaders));
      stock.set(name, await startApp(name, ExpressAdapter));
    }
  });

  afterAll(async () => {
    for (const app of [...ours.values(), ...stock.values()]) await app.close();
  });

  async function askBoth(shape: Shape) {
    const [our, their] = await Promise.all(
      [ours, stock].map((apps) => sendRawRequests(apps.get(shape.app)!.port, shape)),
    );
    return { our: our!, their: their! };
  }

  it('is tested with requests of unique names', () => {
    expect(new Set(SHAPES.map(({ app, name }) => `${app} ${name}`)).size).toBe(SHAPES.length);
  });

  it.each(SHAPES)("responds as Nest's stock adapter does to $name, in the application $app", async (shape) => {
    const { our, their } = await askBoth(shape);
    expect(our.map(withoutOurs)).toEqual(their.map(withoutOurs));
    expect(our.length).toBeGreaterThanOrEqual(shape.methods.length);
  });

  it('sends the standard headers with every response', async () => {
    const { our, their } = await askBoth(shapesOf('plain', [['', 'GET', '/cats']])[0]!);
    expect(our[0]!.headers).toContain('x-standard: yes');
    expect(their[0]!.headers).not.toContain('x-standard: yes');
  });

  it('does not mix up simultaneous requests', async () => {
    const targets = Array.from({ length: 60 }, (_, index) =>
      index % 3 === 0 ? '/cats/mine' : `/cats/${index}?n=${index}`,
    );
    const shapes = shapesOf(
      'plain',
      targets.map((target): Row => ['', 'GET', target]),
    );
    for (const { our, their } of await Promise.all(shapes.map(askBoth))) {
      expect(our.map(withoutOurs)).toEqual(their.map(withoutOurs));
    }
  });

  it.each(DIFFERENCES)(
    'differs from the stock adapter on purpose: $name',
    async ({ shape, our: expected, stock: expectedOfStock }) => {
      const { our, their } = await askBoth(shape);
      expectAnswer(our, expected);
      expectAnswer(their, expectedOfStock);
    },
  );
});

function withoutOurs({ headers, ...answer }: Answer): Answer {
  return { ...answer, headers: headers.filter((line) => !OURS.some((own) => line.startsWith(own))) };
}

function expectAnswer([answer]: readonly Answer[], { status, header, body }: Expected): void {
  expect(answer).toMatchObject(body === undefined ? { status } : { status, body });
  if (header !== undefined) expect(answer!.headers).toContain(header);
}
