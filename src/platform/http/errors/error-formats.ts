import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import type { Problem } from './problem.js';

/** An error response in the format of a protocol. */
export interface FormattedError {
  readonly status: number;
  readonly contentType: string;
  /** A string is sent unchanged, an object as JSON. */
  readonly body: object | string;
  /** Name of the request header that the format depends on. */
  readonly vary?: string;
}

/** Returns undefined for the default format. The path is empty if the request target is not a valid URL. */
type Format = (problem: Problem, request: Request, path: string) => FormattedError | undefined;

/** Lets a room format error responses for its paths, as another protocol or as a page, even if no route matches. */
@Injectable()
export class ErrorFormats {
  /** The longest path first. */
  private formats: readonly (readonly [path: string, format: Format])[] = [];

  /** @param path prefix of the paths to format, such as `/v2`; empty for all paths */
  add(path: string, format: Format): void {
    this.formats = [...this.formats, [path, format] as const].sort(([one], [other]) => other.length - one.length);
  }

  format(problem: Problem, request: Request): FormattedError | undefined {
    const path = pathOf(request);
    for (const [prefix, format] of this.formats) {
      const formatted = isUnder(path, prefix) ? format(problem, request, path) : undefined;
      if (formatted) return formatted;
    }
    return undefined;
  }
}

function isUnder(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

function pathOf(request: Request): string {
  try {
    return request.path;
  } catch {
    return '';
  }
}
