import type { Readiness } from '../health/index.js';

/** The page a browser sees first. */
export function homePage(readiness: Readiness, hasDocs: boolean): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Barista</title></head><body><h1>Barista</h1><p>${readiness.ok ? 'ready' : 'starting'}</p>${hasDocs ? '<a href="/docs">API</a>' : ''}</body></html>`;
}
