import type { UnitOfWork } from '../../platform/database/index.js';
import { Member } from '../entities/member.entity.js';
import { emailKeyOf } from './members.repository.js';

export type Role = Member['role'];

/** Gives the member with this e-mail a role. Throws where there is no such member. */
export function changeRole(
  unitOfWork: UnitOfWork,
  email: string,
  role: Role,
): Promise<{ readonly id: string; readonly email: string }> {
  return unitOfWork.run(async (manager) => {
    const member = await manager.findOneBy(Member, { emailKey: emailKeyOf(email.trim()) });
    if (member === null) throw new Error(`There is no member with the e-mail ${email}.`);
    await manager.update(Member, { id: member.id }, { role });
    return { id: member.id, email: member.email };
  });
}
