import { createHook } from 'node:async_hooks';

/** What Node calls a task of a native package that gives it no name, as argon2 does; here nothing else is like that. */
const NATIVE_TASK = 'undefined';

/** How many passwords are hashed, by the application in this process, until `work` has ended. */
export async function countHashesDuring(work: () => Promise<unknown>): Promise<number> {
  let hashes = 0;
  const hook = createHook({
    init: (_, type) => {
      if (type === NATIVE_TASK) hashes += 1;
    },
  }).enable();
  await work();
  hook.disable();
  return hashes;
}
