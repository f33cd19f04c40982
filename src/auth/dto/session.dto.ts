import { ApiProperty } from '@nestjs/swagger';
import type { Session } from '../entities/session.entity.js';

export class SessionDto {
  @ApiProperty({ type: 'string', format: 'uuid', description: 'Not the secret in the cookie' })
  id!: string;

  @ApiProperty({ type: 'string', format: 'date-time' })
  createdAt!: Date;

  @ApiProperty({ type: 'string', format: 'date-time', description: 'To the minute' })
  lastSeenAt!: Date;

  @ApiProperty({ type: 'string', nullable: true, description: 'The User-Agent header of the login' })
  userAgent!: string | null;

  @ApiProperty({ description: 'Whether this request uses the session' })
  current!: boolean;
}

export class SessionListDto {
  @ApiProperty({ type: [SessionDto] })
  items!: SessionDto[];
}

export function toSessionDto(session: Session, currentId: string | undefined): SessionDto {
  const { id, createdAt, lastSeenAt, userAgent } = session;
  return { id, createdAt, lastSeenAt, userAgent, current: id === currentId };
}
