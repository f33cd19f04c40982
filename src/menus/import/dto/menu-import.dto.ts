import { ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { ChoiceField, type FieldError } from '../../../platform/http/index.js';
import { IMPORT_OUTCOMES, type ImportOutcome } from '../import-plan.js';

export class ImportMenusDto {
  @ChoiceField(['true', 'false'], {
    optional: true,
    default: 'false',
    description: 'Only say what would change: nothing is stored',
  })
  preview: 'true' | 'false' = 'false';
}

/** What would become of one row. */
export class ImportSampleDto {
  @ApiProperty({ type: 'integer', description: 'The line, or the index in a JSON array', example: 2 })
  row!: number;

  @ApiProperty({ example: 'Americano' })
  name!: string;

  @ApiProperty({ type: 'integer', minimum: 0, example: 4500 })
  price!: number;

  @ApiProperty({ enum: IMPORT_OUTCOMES, example: 'created' })
  outcome!: ImportOutcome;
}

export class ImportPreviewDto {
  @ApiProperty({ type: 'integer', minimum: 0, description: 'Rows whose name you have no menu of', example: 1 })
  toCreate!: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Rows whose name you have, at another price', example: 0 })
  toUpdate!: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Rows that are as they are', example: 0 })
  unchanged!: number;

  @ApiProperty({
    type: 'array',
    items: { $ref: getSchemaPath('FieldErrorDto') },
    description: 'What is wrong, a hundred at most: such rows would be left out',
  })
  errors!: FieldError[];

  @ApiProperty({ type: [ImportSampleDto], description: 'The first rows that would change something' })
  sample!: ImportSampleDto[];
}
