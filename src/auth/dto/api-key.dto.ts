import { ApiProperty, OmitType } from '@nestjs/swagger';
import { isISO8601 } from 'class-validator';
import { Field, TextField } from '../../http/index.js';
import type { ApiKey } from '../entities/api-key.entity.js';

/** RFC 3339: a date, a time and a zone. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

export class CreateApiKeyDto {
  @TextField({ example: 'Till at the counter', maxLength: 100 })
  name!: string;

  @Field({
    name: 'instant',
    description: 'When the key stops opening anything; never, where it is left out',
    optional: true,
    schema: { type: 'string', format: 'date-time', example: '2099-12-31T23:59:59Z' },
    expected: 'a date and time with a zone, in the future, such as 2099-12-31T23:59:59Z',
    accepts: (value) => value instanceof Date && value.getTime() > Date.now(),
    convert: (value) => (isInstant(value) ? new Date(value) : value),
  })
  expiresAt?: Date;
}

export class ApiKeyDto {
  @ApiProperty({ type: 'string', format: 'uuid' })
  id!: string;

  @ApiProperty({ example: 'Till at the counter' })
  name!: string;

  @ApiProperty({ type: 'string', format: 'date-time' })
  createdAt!: Date;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  expiresAt!: Date | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, description: 'To the minute' })
  lastUsedAt!: Date | null;
}

export class CreatedApiKeyDto extends OmitType(ApiKeyDto, ['lastUsedAt']) {
  @ApiProperty({ description: 'Shown this once' })
  key!: string;
}

export class ApiKeyListDto {
  @ApiProperty({ type: [ApiKeyDto] })
  items!: ApiKeyDto[];
}

export function toApiKeyDto({ id, name, createdAt, expiresAt, lastUsedAt }: ApiKey): ApiKeyDto {
  return { id, name, createdAt, expiresAt, lastUsedAt };
}

export function toCreatedApiKeyDto({ id, name, createdAt, expiresAt }: ApiKey, key: string): CreatedApiKeyDto {
  return { id, name, key, createdAt, expiresAt };
}

function isInstant(value: unknown): value is string {
  return typeof value === 'string' && INSTANT.test(value) && isISO8601(value, { strict: true });
}
