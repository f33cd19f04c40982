import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Algorithm, hash, verify } from '@node-rs/argon2';
import { HashingLimiter } from './hashing-limiter.js';

/** OWASP's first choice for argon2id: 19 MiB, 2 passes, 1 lane. */
const PARAMETERS = { algorithm: 2 satisfies Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Hashes passwords with argon2id, off the event loop, and few at a time. */
@Injectable()
export class Passwords {
  private readonly limiter = new HashingLimiter();
  /** Of a password that nobody has. */
  private readonly nobodys = this.hash(randomBytes(32).toString('base64'));

  /** @throws HashingBusyError */
  hash(password: string): Promise<string> {
    return this.limiter.run(() => hash(normalised(password), PARAMETERS));
  }

  /**
   * Takes as long without a hash as with one: the time does not tell whether there is such a member.
   *
   * @throws HashingBusyError
   */
  async matches(password: string, storedHash: string | undefined): Promise<boolean> {
    const hashed = storedHash ?? (await this.nobodys);
    const matches = await this.limiter.run(() => verify(hashed, normalised(password)));
    return matches && storedHash !== undefined;
  }
}

/** The same characters may be typed in several encodings. Nothing is cut off or trimmed. */
function normalised(password: string): string {
  return password.normalize('NFC');
}
