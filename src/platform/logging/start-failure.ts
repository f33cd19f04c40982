import { Injectable } from '@nestjs/common';
import { endStart } from './end-start.js';
import { Log } from './log.js';

/** A start that cannot succeed, in words for the operator. */
export class StartError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartError';
  }
}

/** Ends the process for a reason that shows only after the port is open. */
@Injectable()
export class StartFailure {
  constructor(private readonly log: Log) {}

  end(reason: string): void {
    this.log.lines.fatal(reason);
    this.log.flush();
    endStart(new StartError(reason));
  }
}
