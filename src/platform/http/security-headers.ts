import type { NextFunction, Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';

export type StandardHeaders = readonly (readonly [name: string, value: string])[];

/**
 * The headers of every response, errors included. No page needs inline scripts or styles, or any from other origins. Responses
 * are not cached unless their handler allows it. The headers are constant, so helmet computes them once.
 */
export function standardHeaders(isProduction: boolean): StandardHeaders {
  return [...headersOf(helmetFor(isProduction)), ['Cache-Control', 'no-store']];
}

/** Middleware that sets the standard headers, for servers whose responses do not have them from the start. */
export function setStandardHeaders(headers: StandardHeaders) {
  return (_: Request, response: Response, next: NextFunction): void => {
    for (const [name, value] of headers) response.setHeader(name, value);
    next();
  };
}

function headersOf(middleware: RequestHandler): StandardHeaders {
  const headers = new Map<string, string>();
  const response = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: (name: string) => headers.delete(name),
  };
  // helmet's middleware is synchronous.
  middleware({} as Request, response as unknown as Response, () => undefined);
  return [...headers];
}

function helmetFor(isProduction: boolean): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: isProduction ? { maxAge: 31_536_000, includeSubDomains: true } : false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
}
