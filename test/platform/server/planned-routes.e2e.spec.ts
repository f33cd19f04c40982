import type { BaristaExpressAdapter } from '../../../src/platform/server/index.js';
import { startTestApp, type TestApp } from '../../support/test-app.js';

interface Document {
  readonly paths: Record<string, Record<string, object>>;
}

/**
 * A test of the speed that `bench/` measures would be unreliable. This test checks a precondition of it: every route has a plan.
 * A route without a plan is slower than any change of a few lines could make it.
 */
describe('the route plans of the application', () => {
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

  it('cover all operations of the OpenAPI document', () => {
    const { plans } = app.app.getHttpAdapter() as unknown as BaristaExpressAdapter;
    const unplanned = operations.filter(({ method, path }) => {
      const url = path.replaceAll(/\{\w+\}/g, '1');
      return plans.match({ method, url }) === undefined;
    });
    expect(unplanned).toEqual([]);
    expect(operations.length).toBeGreaterThan(30);
  });
});
