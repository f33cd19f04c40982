import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';

type Participant = (memberId: string, manager: EntityManager) => Promise<void>;

/** Lets a room take its part in a withdrawal: what it keeps of the member is removed, or left without an owner. */
@Injectable()
export class MemberWithdrawals {
  private readonly participants: Participant[] = [];

  /** @param participant runs inside the withdrawal's transaction, before the member is deleted; if it throws, all is undone */
  add(participant: Participant): void {
    this.participants.push(participant);
  }

  async run(memberId: string, manager: EntityManager): Promise<void> {
    for (const participant of this.participants) await participant(memberId, manager);
  }
}
