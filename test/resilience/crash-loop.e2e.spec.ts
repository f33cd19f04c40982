import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readStoredRows } from '../support/stored-rows.js';
import { Journal } from '../support/journal.js';
import { TestModelStore } from '../support/model-store.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { ATTACK_MS, randomFrom, report, scale } from '../support/reliability.js';
import { Writer } from '../support/writer.js';

const KILLS = scale(5, 300);
const WRITERS = 32;
/** Range of acknowledgements between a start and its kill. */
const MIN_ACKNOWLEDGED = 10;
const MORE_ACKNOWLEDGED = 120;
/** Maximum of event loop turns between the last acknowledgement and the kill. */
const MAX_TURNS = 60;

describe('kill -9 under 32 writers', () => {
  const random = randomFrom(1);
  const journal = new Journal();
  const writers = Array.from(
    { length: WRITERS },
    (_, index) => new Writer(`w${index}`, `10.0.0.${index}`, journal, randomFrom(index)),
  );
  const figures = { kills: 0, acknowledged: 0, unanswered: 0, 'of these done': 0 };
  const defects: unknown[] = [];
  let directory: string;
  let file: string;
  let store: TestModelStore;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-crash-'));
    file = join(directory, 'barista.db');
    store = await TestModelStore.create();
  });

  afterAll(async () => {
    await killLeftovers();
    await store.remove();
    await rm(directory, { recursive: true, force: true });
  });

  it(
    'keeps every acknowledged operation, and leaves none half done',
    async () => {
      while (figures.kills < KILLS && defects.length === 0) {
        const app = await start();
        await checkDatabase(app);
        await workUntilKilled(app, MIN_ACKNOWLEDGED + random(MORE_ACKNOWLEDGED));
        figures.kills += 1;
        if (figures.kills % 10 === 0) report('crash loop so far', { ...figures, acknowledged: journal.acknowledged });
      }
      await checkDatabase(await start());
      figures.acknowledged = journal.acknowledged;
      report('crash loop', figures);
      expect(defects).toEqual([]);
      expect(figures).toMatchObject({ kills: KILLS });
      // Requests were in flight when the process was killed.
      expect(figures.unanswered).toBeGreaterThan(KILLS);
    },
    ATTACK_MS,
  );

  async function start(): Promise<ProcessApp> {
    const settings = { MODELS_DIR: store.path, TRUST_PROXY: '1' };
    const app = await ProcessApp.spawn(settings, { databaseUrl: `sqlite:${file}` });
    // The writers need no model, so they do not wait for readiness.
    await app.line('listening');
    return app;
  }

  async function workUntilKilled(app: ProcessApp, acknowledgements: number): Promise<void> {
    const { url } = app;
    let left = acknowledgements;
    const work = async (writer: Writer): Promise<void> => {
      while (left > 0) {
        const outcome = await writer.step(url);
        if (outcome === 'unanswered') figures.unanswered += 1;
        if (outcome !== 'acknowledged') continue;
        left -= 1;
        if (left === 0) await killSoon(app);
      }
    };
    await Promise.all(writers.map(work));
    await app.ended;
  }

  /** Kills between any two steps of the operations in flight, not only right after an acknowledgement. */
  async function killSoon(app: ProcessApp): Promise<void> {
    for (let turns = random(MAX_TURNS); turns > 0; turns -= 1) await nextTurn();
    app.signal('SIGKILL');
  }

  async function checkDatabase({ url }: ProcessApp): Promise<void> {
    const { rows, violations } = readStoredRows(file);
    const { lost, phantom, half, done } = journal.settle(rows);
    figures['of these done'] += done.size;
    for (const writer of writers) writer.learn(done);
    await Promise.all(writers.map((writer) => writer.verify(url)));
    const surprises = writers.flatMap((writer) => writer.surprises);
    const found = { kill: figures.kills, lost, phantom, half, violations, surprises };
    if ([lost, phantom, half, violations, surprises].some(({ length }) => length > 0)) defects.push(found);
  }
});
