import { ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { BooleanParameter, type FieldError } from '../../../platform/http/index.js';
import { type Delimiter, DelimiterParameter } from '../../../platform/records/index.js';
import { IMPORT_OUTCOMES, type ImportOutcome } from '../import-plan.js';

export class ImportMenusDto {
  @BooleanParameter({ optional: true, default: false, description: 'Only report the changes: nothing is stored' })
  preview = false;

  @DelimiterParameter()
  delimiter?: Delimiter;
}

/** The planned outcome of one row. */
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
  @ApiProperty({ type: 'integer', minimum: 0, description: 'Rows whose name none of your menus has', example: 1 })
  toCreate!: number;

  @ApiProperty({
    type: 'integer',
    minimum: 0,
    description: 'Rows whose name one of your menus has, at another price',
    example: 0,
  })
  toUpdate!: number;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Rows that equal one of your menus', example: 0 })
  unchanged!: number;

  @ApiProperty({
    type: 'array',
    items: { $ref: getSchemaPath('FieldErrorDto') },
    description: 'The first hundred errors; rows with errors are skipped',
  })
  errors!: FieldError[];

  @ApiProperty({ type: [ImportSampleDto], description: 'The first rows that would change something' })
  sample!: ImportSampleDto[];
}
