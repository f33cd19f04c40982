import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { OpenApiService } from '../platform/docs/index.js';
import { MenusModule } from '../menus/index.js';
import { DemandPipeline } from './demand-pipeline.js';
import { Sale } from './entities/sale.entity.js';
import { SalesController } from './sales.controller.js';
import { SalesRepository } from './sales.repository.js';
import { SalesService } from './sales.service.js';

/** Records sales, and computes the features of the model `demand` from them. */
@Module({
  imports: [TypeOrmModule.forFeature([Sale]), MenusModule],
  controllers: [SalesController],
  providers: [DemandPipeline, SalesRepository, SalesService],
})
export class DemandModule {
  constructor(openApi: OpenApiService) {
    openApi.contribute(({ tags }) => tags?.push({ name: 'demand', description: 'Sales of menus' }));
  }
}
