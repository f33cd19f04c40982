import { createHook } from 'node:async_hooks';

/** Async resource type of native tasks without a name. Here argon2 is the only source of such tasks. */
const NATIVE_TASK = 'undefined';

/** Number of passwords that the application in this process hashes while `work` runs. */
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
