import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Authenticated, CurrentMember, type AuthenticatedMember } from '../auth/index.js';
import { ApiProblems, CurrentActor, type RequestActor } from '../platform/http/index.js';
import { MenuIdDto } from '../menus/index.js';
import { NewSaleDto, SaleDto } from './dto/sale.dto.js';
import { SalesService } from './sales.service.js';

@ApiTags('demand')
@Controller('menus/:id/sales')
@Authenticated()
export class SalesController {
  constructor(private readonly sales: SalesService) {}

  @Post()
  @ApiOperation({ summary: 'Record a sale of a menu' })
  @ApiCreatedResponse({ type: SaleDto, description: 'The sale' })
  @ApiProblems({
    403: 'The menu is not yours, and you are not an administrator',
    404: 'No such menu',
    422: 'A field is wrong; `errors` names it',
    503: 'The database cannot be reached, or is busy',
    507: 'The database is full',
  })
  async record(
    @Param() { id }: MenuIdDto,
    @Body() { quantity, soldAt }: NewSaleDto,
    @CurrentMember() member: AuthenticatedMember,
    @CurrentActor() actor: RequestActor,
  ): Promise<SaleDto> {
    return SaleDto.of(await this.sales.record({ menuId: id, quantity, soldAt, member, actor }));
  }
}
