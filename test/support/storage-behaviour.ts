import { createHash, randomBytes } from 'node:crypto';
import { UnitOfWork } from '../../src/platform/database/index.js';
import { FileStore } from '../../src/platform/storage/index.js';
import { countRows, sql } from './auth.js';
import type { TestApp } from './test-app.js';
import { until } from './until.js';

const MEGABYTE = 2 ** 20;

/** Behaviour of FileStore on any database. Call it inside a `describe` whose app stores no other files. */
export function itStoresFiles(running: () => TestApp): void {
  let app: TestApp;
  let files: FileStore;
  let unitOfWork: UnitOfWork;

  beforeAll(() => {
    app = running();
    files = app.app.get(FileStore);
    unitOfWork = app.app.get(UnitOfWork);
  });

  const receive = (bytes: Buffer, pieceSize = 10_000, limit = bytes.length) =>
    files.receive(inPieces(bytes, pieceSize), { limit });
  const untilEmpty = (): Promise<void> =>
    until(
      'all files are removed',
      async () => (await countRows(app, 'stored_file')) + (await countRows(app, 'stored_chunk')) === 0,
    );
  const release = (id: string): Promise<void> => unitOfWork.run((manager) => files.release(manager, [id]));

  it.each([
    [0, 1],
    [1, 1],
    [5_000, 1],
    [256 * 1024, 10_000],
    [3 * MEGABYTE + 17, 70_000],
    [MEGABYTE, 700_000],
  ])('returns %d bytes received in pieces of %d, from any offset on', async (size, pieceSize) => {
    const bytes = randomBytes(size);
    const { id, ...file } = await receive(bytes, pieceSize);
    expect(file).toEqual({ size, sha256: createHash('sha256').update(bytes).digest('hex') });
    expect(await files.size(id)).toBe(size);
    for (const from of [0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, size - 1, size, size + 1]) {
      if (from < 0) continue;
      expect((await contentOf(files, id, from)).equals(bytes.subarray(from))).toBe(true);
    }
    const [largest] = await sql<{ n: number | null }>(app, 'SELECT MAX(LENGTH(bytes)) AS n FROM stored_chunk');
    expect(largest!.n ?? 0).toBeLessThanOrEqual(256 * 1024);
    await release(id);
    await untilEmpty();
  });

  it('appends in a unit of work, and rolls back with it', async () => {
    const id = await unitOfWork.run((manager) => files.create(manager));
    await unitOfWork.run((manager) => files.append(manager, id, Buffer.from('one ')));
    const undone = unitOfWork.run(async (manager) => {
      await files.append(manager, id, Buffer.from('two '));
      throw new Error('changed my mind');
    });
    await expect(undone).rejects.toThrow('changed my mind');
    await unitOfWork.run((manager) => files.append(manager, id, Buffer.from('three')));
    expect((await contentOf(files, id)).toString()).toBe('one three');
    await release(id);
    await expect(contentOf(files, id)).rejects.toMatchObject({ code: 'storage.file-gone' });
    await expect(files.size(id)).rejects.toMatchObject({ code: 'storage.file-gone' });
    await expect(unitOfWork.run((manager) => files.append(manager, id, Buffer.from('four')))).rejects.toMatchObject({
      code: 'storage.file-gone',
    });
    await untilEmpty();
  });

  it('keeps nothing of a file that is too large or breaks off', async () => {
    const bytes = randomBytes(MEGABYTE);
    await expect(receive(bytes, 50_000, MEGABYTE - 1)).rejects.toMatchObject({ kind: 'too-large' });
    async function* broken(): AsyncGenerator<Buffer> {
      yield bytes;
      throw new Error('hung up');
    }
    await expect(files.receive(broken(), { limit: 2 * MEGABYTE })).rejects.toThrow('hung up');
    await untilEmpty();
  });

  it('stops reading as soon as a file is too large', async () => {
    let taken = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) {
        taken += 1;
        yield Buffer.alloc(100_000);
      }
    }
    await expect(files.receive(endless(), { limit: 1_000_000 })).rejects.toMatchObject({ code: 'request.too-large' });
    expect(taken).toBe(11);
    await untilEmpty();
  });

  it('removes a file that is not kept an hour after its last chunk', async () => {
    const started = Date.now();
    const [lost, kept] = [await receive(Buffer.from('lost')), await receive(Buffer.from('kept'))];
    await unitOfWork.run((manager) => files.keep(manager, kept.id));
    const rows = await sql<{ removeAt: number | string | null }>(
      app,
      `SELECT "removeAt" FROM stored_file WHERE id = '${lost.id}'`,
    );
    expect(Number(rows[0]!.removeAt) - started).toBeGreaterThanOrEqual(3_600_000);
    await sql(app, 'UPDATE stored_file SET "removeAt" = 1000 WHERE "removeAt" IS NOT NULL');
    await expect(unitOfWork.run((manager) => files.keep(manager, lost.id))).rejects.toMatchObject({
      code: 'storage.file-gone',
    });
    // A release wakes the janitor.
    await release(lost.id);
    await until('it is removed', async () => (await countRows(app, 'stored_file')) === 1);
    expect((await contentOf(files, kept.id)).toString()).toBe('kept');
    await release(kept.id);
    await untilEmpty();
  });

  it('discards a file that is not kept, and no other', async () => {
    const [lost, kept] = [await receive(Buffer.from('lost')), await receive(Buffer.from('kept'))];
    await unitOfWork.run((manager) => files.keep(manager, kept.id));
    for (const { id } of [lost, kept]) await files.discard(id);
    await until('it is removed', async () => (await countRows(app, 'stored_file')) === 1);
    expect((await contentOf(files, kept.id)).toString()).toBe('kept');
    await release(kept.id);
    await untilEmpty();
  });

  it('fails a read when the file is removed meanwhile', async () => {
    const { id } = await receive(randomBytes(3 * MEGABYTE));
    const reader = files.read(id);
    await reader.next();
    await release(id);
    await untilEmpty();
    await expect(reader.next()).rejects.toMatchObject({ code: 'storage.file-gone' });
  });

  it('stores at most STORAGE_LIMIT_MB in total under concurrent uploads, and as much again after a release', async () => {
    // The app is started with 8 MB.
    const results = await Promise.allSettled(
      Array.from({ length: 6 }, () => receive(Buffer.alloc(2 * MEGABYTE), 100_000)),
    );
    const [row] = await sql<{ n: number | string }>(app, 'SELECT SUM(size) AS n FROM stored_file');
    expect(Number(row!.n)).toBeLessThanOrEqual(8 * MEGABYTE);
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThanOrEqual(2);
    for (const result of refused) expect(result).toMatchObject({ reason: { code: 'storage.full' } });
    for (const result of results) if (result.status === 'fulfilled') await release(result.value.id);
    await untilEmpty();
    const { id } = await receive(Buffer.alloc(8 * MEGABYTE), 100_000);
    await expect(receive(Buffer.from('x'))).rejects.toMatchObject({ code: 'storage.full' });
    await release(id);
    await untilEmpty();
  });
}

async function contentOf(files: FileStore, id: string, from?: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of files.read(id, from)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
