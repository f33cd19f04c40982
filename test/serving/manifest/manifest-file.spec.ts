import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishVersion } from '../../../src/cli/model/publish.js';
import { mergeVersionEntry, updateManifest } from '../../../src/cli/model/update-manifest.js';
import type { Manifest } from '../../../src/serving/manifest/manifest.js';
import { parseManifest, readManifest } from '../../../src/serving/manifest/read-manifest.js';
import { formatManifest, writeManifest } from '../../../src/serving/manifest/write-manifest.js';
import { ROOT } from '../../support/project.js';

describe('formatManifest', () => {
  it('leaves the shipped manifest of iris unchanged', async () => {
    const text = await readFile(join(ROOT, 'models/iris/model.json'), 'utf8');
    expect(formatManifest(parseManifest(text))).toBe(text);
  });

  it.each<[string, Manifest]>([
    ['an empty manifest', {}],
    ['many numbers', { example: { input: { x: Array.from({ length: 200 }, (_, index) => index / 7) } } }],
    ['a grid', { example: { input: { x: [Array.from({ length: 40 }, () => 1.5), [1, 2]] } } }],
    ['many labels', { labels: Array.from({ length: 30 }, (_, index) => `label ${index}`) }],
    ['a text that fills a line', { description: 'x'.repeat(120 - '  "description": ""'.length) }],
    ['a row of two long texts', { example: { input: { a: 'x'.repeat(68) }, label: 'y'.repeat(8) } }],
    ['special characters', { description: '"\\\n아메\u2028', versions: { 1: { metrics: {} } } }],
  ])('writes %s in lines of at most 120 characters', (_, manifest) => {
    const text = formatManifest(manifest);
    expect(JSON.parse(text)).toEqual(manifest);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });
});

describe('readManifest', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'barista-manifest-'));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  const TEXT = '{\r\n  "description": "아메리카노"\r\n}\r\n';
  const littleEndian = Buffer.from(`\ufeff${TEXT}`, 'utf16le');

  async function read(bytes: string | Uint8Array): Promise<Manifest | undefined> {
    await writeFile(join(folder, 'model.json'), bytes);
    return readManifest(join(folder, 'model.json'));
  }

  it.each([
    ['UTF-8', Buffer.from(TEXT)],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${TEXT}`)],
    ['UTF-16 as PowerShell writes it', littleEndian],
    ['big-endian UTF-16', Buffer.from(littleEndian).swap16()],
  ])('reads %s', async (_, bytes) => {
    expect(await read(bytes)).toEqual({ description: '아메리카노' });
  });

  it.each([
    ['text in another encoding', Buffer.from([0x7b, 0xbe, 0xc6, 0xb8, 0xde, 0x7d]), 'is not UTF-8: save it as UTF-8'],
    ['an empty file', '', 'is not well-formed JSON'],
    ['a byte order mark alone', '\ufeff', 'is not well-formed JSON'],
    ['a byte order mark inside', '{"description":\ufeff"x"}', 'is not well-formed JSON'],
  ])('rejects %s', async (_, bytes, reason) => {
    await expect(read(bytes)).rejects.toThrow(`model.json ${reason}`);
  });
});

describe('changeManifest and publishVersion', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'barista-manifest-'));
    await writeManifest(folder, { description: 'before' });
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  const read = async () => parseManifest(await readFile(join(folder, 'model.json'), 'utf8'));

  it('apply concurrent changes one after another', async () => {
    const changes = Array.from({ length: 8 }, (_, index) =>
      updateManifest(folder, (manifest) => writeManifest(folder, mergeVersionEntry(manifest, String(index + 1), {}))),
    );
    await Promise.all(changes);
    expect(Object.keys((await read()).versions ?? {})).toHaveLength(8);
    expect(await readdir(folder)).toEqual(['model.json']);
  });

  it('ignore the stale lock of a killed command', async () => {
    await mkdir(join(folder, '.lock'));
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(join(folder, '.lock'), longAgo, longAgo);
    await updateManifest(folder, () => writeManifest(folder, { description: 'after' }));
    expect(await read()).toEqual({ description: 'after' });
  });

  it('leave the manifest unchanged if a version cannot be moved into the store', async () => {
    await expect(publishVersion(join(folder, 'nowhere'), folder, '1', { candidate: true })).rejects.toThrow('ENOENT');
    expect(await read()).toEqual({ description: 'before' });
    await mkdir(join(folder, '1'));
    await expect(publishVersion(join(folder, 'nowhere'), folder, '1', {})).rejects.toThrow(/exists already/);
    expect(await read()).toEqual({ description: 'before' });
    expect((await readdir(folder)).sort()).toEqual(['1', 'model.json']);
  });

  it('keep the existing entries of a version beside new ones', () => {
    const manifest = { versions: { 1: { metrics: { accuracy: 1 } } } };
    expect(mergeVersionEntry(manifest, '1', { candidate: true })).toEqual({
      versions: { 1: { metrics: { accuracy: 1 }, candidate: true } },
    });
  });
});
