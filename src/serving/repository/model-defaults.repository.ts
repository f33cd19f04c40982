import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { UnitOfWork } from '../../platform/database/index.js';
import { ModelDefault } from './entities/model-default.entity.js';

/** The default versions that administrators have chosen; kept across restarts. */
@Injectable()
export class ModelDefaultsRepository {
  constructor(
    @InjectRepository(ModelDefault) private readonly defaults: Repository<ModelDefault>,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Chosen versions by model name. */
  async all(): Promise<Map<string, string>> {
    return new Map((await this.defaults.find()).map(({ model, version }) => [model, version]));
  }

  async choose(model: string, version: string): Promise<void> {
    await this.unitOfWork.run((manager) => manager.upsert(ModelDefault, { model, version }, ['model']));
  }

  async clear(model: string): Promise<void> {
    await this.unitOfWork.run((manager) => manager.delete(ModelDefault, { model }));
  }
}
