import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from './manifest.js';

const WIDTH = 120;
const INDENT = '  ';

/** Replaces `model.json` in a model's folder: whoever reads it sees the old one or the new one, also after a power cut. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const temporary = join(folder, `.model.json.${process.pid}`);
  await rm(temporary, { force: true });
  try {
    await writeSynced(temporary, formatManifest(manifest));
    await rename(temporary, join(folder, 'model.json'));
    await syncFolder(folder);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Writes a new file, down to the disk. */
export async function writeSynced(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Brings down to the disk what has been put into a folder, or taken out of it. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** As Prettier has it: what fits on a line is on one. */
export function formatManifest(manifest: Manifest): string {
  return `${block(manifest, '')}\n`;
}

/** @param used how much of its first line is taken by what stands around it */
function format(value: unknown, indent: string, used: number): string {
  const line = inline(value);
  return indent.length + used + line.length <= WIDTH || !isNested(value) ? line : block(value, indent);
}

function isNested(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (!isNested(value)) return JSON.stringify(value);
  const entries = definedEntries(value).map(([key, item]) => `${JSON.stringify(key)}: ${inline(item)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

function block(value: object, indent: string): string {
  const inner = indent + INDENT;
  if (Array.isArray(value)) return `[\n${itemLines(value, inner)}\n${indent}]`;
  const entries = definedEntries(value).map(([key, item]) => {
    const name = `${JSON.stringify(key)}: `;
    return `${inner}${name}${format(item, inner, name.length + 1)}`;
  });
  return entries.length === 0 ? '{}' : `{\n${entries.join(',\n')}\n${indent}}`;
}

function itemLines(items: readonly unknown[], indent: string): string {
  if (!items.every((item) => typeof item === 'number')) {
    return items.map((item) => indent + format(item, indent, 1)).join(',\n');
  }
  // Numbers fill their lines.
  const lines: string[] = [];
  for (const [index, item] of items.entries()) {
    const text = `${item}${index < items.length - 1 ? ',' : ''}`;
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + text.length <= WIDTH) lines[lines.length - 1] = `${last} ${text}`;
    else lines.push(indent + text);
  }
  return lines.join('\n');
}

function definedEntries(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, item]) => item !== undefined);
}
