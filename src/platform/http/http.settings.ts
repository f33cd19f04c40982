import type { Env } from '../config/index.js';

const MEGABYTE = 1024 * 1024;

export class HttpSettings {
  readonly host: string;
  readonly port: number;
  /** Number of proxies in front whose headers about the client's address and TLS are trusted. */
  readonly trustProxy: number;
  /** Origins of other sites that may send requests with credentials. */
  readonly corsOrigins: readonly string[];
  /** Maximum size of a body in bytes, before and after decompression, by purpose. */
  readonly bodyLimit: { readonly ordinary: number; readonly predictions: number; readonly files: number };
  /** Longest time that work in flight gets to finish when the process stops. */
  readonly shutdownGraceMs: number;

  constructor(env: Env) {
    this.host = env.text('HOST', '127.0.0.1');
    this.port = env.integer('PORT', { default: 3000, min: 0, max: 65_535 });
    this.trustProxy = env.integer('TRUST_PROXY', { default: 0, min: 0, max: 100 });
    this.corsOrigins = env.list('CORS_ORIGINS');
    for (const origin of this.corsOrigins.filter((candidate) => !isOrigin(candidate))) {
      env.addProblem('CORS_ORIGINS', `expected origins such as https://shop.example, got "${origin}"`);
    }
    this.bodyLimit = {
      ordinary: megabytes(env, 'BODY_LIMIT_MB', 1),
      predictions: megabytes(env, 'PREDICT_LIMIT_MB', 32),
      files: megabytes(env, 'UPLOAD_LIMIT_MB', 1024),
    };
    this.shutdownGraceMs = env.integer('SHUTDOWN_GRACE_MS', { default: 10_000, min: 0, max: 600_000 });
  }
}

function megabytes(env: Env, name: string, fallback: number): number {
  return Math.floor(env.decimal(name, { default: fallback, min: 0.001, max: 65_536 }) * MEGABYTE);
}

/** Whether `text` is a complete origin. Wildcards are refused: the CORS middleware would compare them literally. */
function isOrigin(text: string): boolean {
  if (text.includes('*') || !URL.canParse(text)) return false;
  return /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text;
}
