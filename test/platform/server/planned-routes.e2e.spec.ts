import type { BaristaExpressAdapter } from '../../../src/platform/server/index.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

interface Document {
  readonly paths: Record<string, Record<string, object>>;
}

/**
 * What is measured in `bench/` cannot be checked here without being noisy. What it rests on can: a route that is no longer
 * planned, or an interceptor around all of them, costs more than any change of a few lines.
 */
describe('the routes of the application', () => {
  let app: TestApp;
  let operations: { method: string; path: string }[];

  beforeAll(async () => {
    app = await startTestApp();
    const { body } = await app.client().get('/openapi.json');
    operations = Object.entries((body as Document).paths).flatMap(([path, methods]) => {
      return Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path }));
    });
  });

  afterAll(() => app.close());

  it('are planned', () => {
    const { plans } = app.app.getHttpAdapter() as unknown as BaristaExpressAdapter;
    const unplanned = operations.filter(({ method, path }) => {
      const url = path.replaceAll(/\{\w+\}/g, '1');
      return plans.find({ method, url }) === undefined;
    });
    expect(unplanned).toEqual([]);
    expect(operations.length).toBeGreaterThan(30);
  });
});
