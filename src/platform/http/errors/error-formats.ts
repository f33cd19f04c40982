import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import type { Problem } from './problem.js';

/** An error answer as a protocol has it. */
export interface FormattedError {
  readonly status: number;
  readonly contentType: string;
  /** Text is sent as it is, the rest as JSON. */
  readonly body: object | string;
  /** The header of the request that it depends on. */
  readonly vary?: string;
}

/** Nothing where the caller gets what everybody gets. The path is empty where the request's target is no URL. */
type Format = (problem: Problem, request: Request, path: string) => FormattedError | undefined;

/** Lets a room answer errors in its own way, as somebody else's protocol has them or as a page, also where no route is met. */
@Injectable()
export class ErrorFormats {
  /** The longest path first. */
  private formats: readonly (readonly [path: string, format: Format])[] = [];

  /** @param path under which errors are answered so: `/v2`; nothing where it is everywhere */
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
