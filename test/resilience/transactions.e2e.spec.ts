import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStoredRows } from '../support/stored-rows.js';
import { Journal } from '../support/journal.js';
import { killLeftovers, ProcessApp } from '../support/process-app.js';
import { ATTACK_MS, randomFrom, report, scale } from '../support/reliability.js';
import { Spoiler } from '../support/spoiler.js';
import { Writer } from '../support/writer.js';

const OPERATIONS = scale(1_000, 20_000);
const WRITERS = 16;
const SPOILERS = 8;

describe('transactions beside failing transactions', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'barista-transactions-'));
  });

  afterAll(async () => {
    await killLeftovers();
    await rm(directory, { recursive: true, force: true });
  });

  it(
    'are all committed, and the failed ones leave nothing behind',
    async () => {
      const file = join(directory, 'barista.db');
      const app = await ProcessApp.start({ TRUST_PROXY: '1' }, { databaseUrl: `sqlite:${file}` });
      const journal = new Journal();
      const writers = Array.from(
        { length: WRITERS },
        (_, index) => new Writer(`w${index}`, `10.0.0.${index}`, journal, randomFrom(index)),
      );
      const spoilers = Array.from(
        { length: SPOILERS },
        (_, index) => new Spoiler(app.url, `s${index}`, journal, randomFrom(100 + index)),
      );
      let foreignMenu = 0;
      for (const spoiler of spoilers) foreignMenu = await spoiler.prepare(foreignMenu);
      const target = journal.acknowledged + OPERATIONS;
      const isOver = (): boolean => journal.acknowledged >= target;
      await Promise.all([
        ...writers.map(async (writer) => {
          while (!isOver()) await writer.step(app.url);
        }),
        ...spoilers.map(async (spoiler) => {
          while (!isOver()) await spoiler.step();
        }),
      ]);
      await Promise.all(writers.map((writer) => writer.verify(app.url)));
      const { code } = await app.stop();
      const { rows, violations } = readStoredRows(file);
      const { lost, phantom, half, done } = journal.settle(rows);
      const surprises = [...writers, ...spoilers].flatMap((member) => member.surprises);
      const failed = spoilers.reduce((sum, spoiler) => sum + spoiler.failed, 0);
      const abandoned = spoilers.reduce((sum, spoiler) => sum + spoiler.abandoned, 0);
      report('transactions', {
        acknowledged: journal.acknowledged,
        failed,
        abandoned,
        'of these done': done.size,
        lost: lost.length,
        phantom: phantom.length,
      });
      expect({ code, lost, phantom, half, violations, surprises }).toEqual({
        code: 0,
        lost: [],
        phantom: [],
        half: [],
        violations: [],
        surprises: [],
      });
      // The operations ran concurrently. Some of the aborted ones were applied and some not.
      expect(failed).toBeGreaterThan(OPERATIONS / 10);
      expect(done.size).toBeGreaterThan(0);
      expect(done.size).toBeLessThan(abandoned);
    },
    ATTACK_MS,
  );
});
