import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';

class FieldErrorDto {
  @ApiProperty({
    type: 'array',
    items: { oneOf: [{ type: 'string' }, { type: 'integer' }] },
    example: ['body', 'price'],
  })
  location!: (string | number)[];

  @ApiProperty({ example: 'integer' })
  type!: string;

  @ApiProperty({ example: 'price must be an integer from 0 to 1000000000' })
  message!: string;
}

/** The body of every error response. */
export class ProblemDto {
  @ApiProperty({ example: 'urn:barista:problem:menu.not-found' })
  type!: string;

  @ApiProperty({ example: 'Not Found' })
  title!: string;

  @ApiProperty({ type: 'integer', example: 404 })
  status!: number;

  @ApiProperty({ description: 'Stable and dotted', example: 'menu.not-found' })
  code!: string;

  @ApiProperty({ example: 'There is no menu 42.' })
  detail!: string;

  @ApiProperty({ example: '0b7e6f0c-7d0e-4a3b-9a55-1d8a2f6c3e10' })
  requestId!: string;

  @ApiProperty({ type: [FieldErrorDto], required: false, description: 'One entry for each broken field (422)' })
  errors?: FieldErrorDto[];
}

/** Documents the error responses of an operation: `@ApiProblems({ 404: 'No such menu' })`. */
export function ApiProblems(problems: Readonly<Record<number, string>>): MethodDecorator & ClassDecorator {
  const responses = Object.entries(problems).map(([status, description]) =>
    ApiResponse({
      status: Number(status),
      description,
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } } },
    }),
  );
  return applyDecorators(ApiExtraModels(ProblemDto), ...responses);
}
