import { Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { MemberWithdrawals } from '../auth/index.js';
import { Menu } from './entities/menu.entity.js';
import { MenuCatalogue } from './menu-catalogue.js';
import { MenusController } from './menus.controller.js';
import { MenusRepository } from './menus.repository.js';
import { MenusService } from './menus.service.js';

/** The catalogue: everybody reads it, members add to it, each changes what is theirs. */
@Module({
  imports: [TypeOrmModule.forFeature([Menu])],
  controllers: [MenusController],
  providers: [MenuCatalogue, MenusRepository, MenusService],
  exports: [MenuCatalogue],
})
export class MenusModule implements OnModuleInit {
  constructor(
    private readonly menus: MenusService,
    private readonly withdrawals: MemberWithdrawals,
  ) {}

  onModuleInit(): void {
    this.withdrawals.add((memberId, manager) => this.menus.disown(memberId, manager));
  }
}
