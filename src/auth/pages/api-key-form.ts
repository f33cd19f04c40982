import { PickType } from '@nestjs/swagger';
import { ChoiceField } from '../../platform/http/index.js';
import { CreateApiKeyDto } from '../dto/api-key.dto.js';

const DAY_MS = 86_400_000;

/** The lifetimes that the form offers, by field value. */
export const KEY_LIFETIMES: Readonly<Record<string, { readonly label: string; readonly days?: number }>> = {
  never: { label: 'Never' },
  '30': { label: 'In 30 days', days: 30 },
  '90': { label: 'In 90 days', days: 90 },
  '365': { label: 'In a year', days: 365 },
};

export class ApiKeyFormDto extends PickType(CreateApiKeyDto, ['name']) {
  @ChoiceField(Object.keys(KEY_LIFETIMES))
  lifetime!: string;
}

export function toCreateApiKeyDto({ name, lifetime }: ApiKeyFormDto): CreateApiKeyDto {
  const days = KEY_LIFETIMES[lifetime]?.days;
  return days === undefined ? { name } : { name, expiresAt: new Date(Date.now() + days * DAY_MS) };
}
