import { IsNumber, Max, Min } from 'class-validator';

export class PredictDto {
  @IsNumber()
  @Min(0)
  @Max(100)
  sepal_length!: number;

  @IsNumber()
  @Min(0)
  @Max(100)
  sepal_width!: number;

  @IsNumber()
  @Min(0)
  @Max(100)
  petal_length!: number;

  @IsNumber()
  @Min(0)
  @Max(100)
  petal_width!: number;
}
