import { ApiProperty, OmitType } from '@nestjs/swagger';
import { InstantField, TextField } from '../../platform/http/index.js';
import type { ApiKey } from '../entities/api-key.entity.js';

export class CreateApiKeyDto {
  @TextField({ example: 'Till at the counter', maxLength: 100 })
  name!: string;

  @InstantField({
    description: 'When the key expires; by default never',
    optional: true,
    example: '2099-12-31T23:59:59Z',
    within: 'in the future',
    accepts: (time) => time > Date.now(),
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
  @ApiProperty({ description: 'Shown only once' })
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
