import { Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { WithdrawalHooks } from '../auth/index.js';
import { OpenApiService } from '../platform/docs/index.js';
import { Menu } from './entities/menu.entity.js';
import { describeImport } from './import/menu-import.docs.js';
import { MenuImportController } from './import/menu-import.controller.js';
import { MenuImportHandler } from './import/menu-import.handler.js';
import { MenuImportService } from './import/menu-import.service.js';
import { MenuCatalogue } from './menu-catalogue.js';
import { MenusController } from './menus.controller.js';
import { MenusRepository } from './menus.repository.js';
import { MenusService } from './menus.service.js';

/** The catalogue: public to read; members add menus and change their own. */
@Module({
  imports: [TypeOrmModule.forFeature([Menu])],
  controllers: [MenusController, MenuImportController],
  providers: [MenuCatalogue, MenuImportHandler, MenuImportService, MenusRepository, MenusService],
  exports: [MenuCatalogue],
})
export class MenusModule implements OnModuleInit {
  constructor(
    private readonly menus: MenusService,
    private readonly withdrawals: WithdrawalHooks,
    openApi: OpenApiService,
  ) {
    openApi.contribute(describeImport);
  }

  onModuleInit(): void {
    this.withdrawals.register((memberId, manager) => this.menus.removeOwner(memberId, manager));
  }
}
