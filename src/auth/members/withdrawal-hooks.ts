import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

type WithdrawalHook = (memberId: string, manager: EntityManager) => Promise<void>;

/** Registry through which other modules delete or disown their rows when a member withdraws. */
@Injectable()
export class WithdrawalHooks {
  private readonly hooks: WithdrawalHook[] = [];

  /** @param hook runs in the withdrawal's transaction, before the member is deleted; an error rolls everything back */
  register(hook: WithdrawalHook): void {
    this.hooks.push(hook);
  }

  /** Runs the hooks one after another. Call it inside a unit of work. */
  async run(memberId: string, manager: EntityManager): Promise<void> {
    for (const hook of this.hooks) await hook(memberId, manager);
  }
}
