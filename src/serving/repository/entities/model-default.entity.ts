import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The default version of a model, as chosen by an administrator. */
@Entity('model_default')
export class ModelDefault {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  model!: string;

  @Column({ type: 'varchar', length: 16 })
  version!: string;
}
