import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The version of a model that an administrator has made the default. */
@Entity('model_default')
export class ModelDefault {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  model!: string;

  @Column({ type: 'varchar', length: 9 })
  version!: string;
}
