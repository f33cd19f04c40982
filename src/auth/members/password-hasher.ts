import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Algorithm, hash, verify } from '@node-rs/argon2';
import { HashingLimiter } from './hashing-limiter.js';

/** First choice of the OWASP Password Storage Cheat Sheet for argon2id: 19 MiB, 2 iterations, parallelism 1. */
const PARAMETERS = { algorithm: 2 satisfies Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Hashes and verifies passwords with argon2id, in worker threads and with limited concurrency. */
@Injectable()
export class PasswordHasher {
  private readonly limiter = new HashingLimiter();
  /** The hash of a random password, verified in place of a missing one. */
  private readonly dummyHash = this.hash(randomBytes(32).toString('base64'));

  /** @throws HashingBusyError if too many passwords wait to be hashed */
  hash(password: string): Promise<string> {
    return this.limiter.run(() => hash(normalize(password), PARAMETERS));
  }

  /**
   * Verifies a password. Does the same work without a stored hash, so that the response time does not reveal whether the
   * member exists.
   *
   * @throws HashingBusyError if too many passwords wait to be hashed
   */
  async verify(password: string, storedHash: string | undefined): Promise<boolean> {
    const hashed = storedHash ?? (await this.dummyHash);
    const matches = await this.limiter.run(() => verify(hashed, normalize(password)));
    return matches && storedHash !== undefined;
  }
}

/** The same characters have several Unicode encodings. Neither truncates nor trims. */
function normalize(password: string): string {
  return password.normalize('NFC');
}
