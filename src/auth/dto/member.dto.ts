import { ApiProperty } from '@nestjs/swagger';
import type { Member } from '../entities/member.entity.js';

export class MemberDto {
  @ApiProperty({ type: 'string', format: 'uuid', example: '5f0c9f57-2f7e-4a39-9f0f-0d6d2f6c3b11' })
  id!: string;

  @ApiProperty({ type: 'string', example: 'barista@cafe.example' })
  email!: string;

  @ApiProperty({ type: 'string', nullable: true, example: 'Barista' })
  name!: string | null;

  @ApiProperty({ enum: ['member', 'admin'], example: 'member' })
  role!: Member['role'];

  @ApiProperty({ type: 'string', format: 'date-time', example: '2026-11-22T09:30:00.000Z' })
  createdAt!: Date;
}

/** The public fields of a member; never the password hash. */
export function toMemberDto({ id, email, name, role, createdAt }: Member): MemberDto {
  return { id, email, name, role, createdAt };
}
