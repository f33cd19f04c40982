import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  Headers,
  HttpCode,
  Param,
  Patch,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiNoContentResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Authenticated, CurrentMember, type AuthenticatedMember } from '../auth/index.js';
import { ApiProblems, CurrentActor, matchesWeakly, type RequestActor } from '../platform/http/index.js';
import { ListMenusDto } from './dto/list-menus.dto.js';
import { MenuChangesDto, MenuFieldsDto } from './dto/menu-fields.dto.js';
import { MenuIdDto } from './dto/menu-id.dto.js';
import { MenuDto, MenuPageDto } from './dto/menu.dto.js';
import type { Menu } from './entities/menu.entity.js';
import { ApiMenu, ApiMenuChange, ETAG_HEADER } from './menus.docs.js';
import { MenusService } from './menus.service.js';

/** The catalogue is public: a cache may keep it, as long as it asks each time whether it still holds. */
const REVALIDATE = 'no-cache';
const BODY_PROBLEMS = {
  400: 'The body is not well-formed JSON',
  413: 'The body is too large',
  415: 'The body is not JSON',
};

@ApiTags('menus')
@Controller('menus')
export class MenusController {
  constructor(private readonly menus: MenusService) {}

  @Get()
  @Header('Cache-Control', REVALIDATE)
  @ApiOperation({ summary: 'Find menus, page by page' })
  @ApiOkResponse({ type: MenuPageDto })
  @ApiProblems({ 422: 'A parameter is wrong, or the cursor is of another sort or filter', 503: 'No database' })
  async list(@Query() query: ListMenusDto): Promise<MenuPageDto> {
    return MenuPageDto.of(await this.menus.list(query.listing(), query.limit, query.cursor));
  }

  @Get(':id')
  @Header('Cache-Control', REVALIDATE)
  @ApiOperation({ summary: 'One menu' })
  @ApiHeader({
    name: 'If-None-Match',
    required: false,
    description: 'An `ETag` that you have: 304 where it still holds',
    schema: { type: 'string' },
  })
  @ApiMenu(200, 'The menu')
  @ApiResponse({ status: 304, description: 'It is as If-None-Match says', headers: { ETag: ETAG_HEADER } })
  @ApiProblems({ 404: 'No such menu', 422: 'The id is not a positive integer', 503: 'No database' })
  async show(
    @Param() { id }: MenuIdDto,
    @Headers('If-None-Match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MenuDto | undefined> {
    const menu = await this.menus.find(id);
    const answer = withTag(menu, response);
    if (ifNoneMatch === undefined || !matchesWeakly(ifNoneMatch, menu.entityTag)) return answer;
    response.status(304);
    return undefined;
  }

  @Post()
  @Authenticated()
  @ApiOperation({ summary: 'Add a menu, which is then yours' })
  @ApiMenu(201, 'The menu')
  @ApiProblems({ ...BODY_PROBLEMS, 422: 'A field is wrong', 503: 'The database is busy', 507: 'The database is full' })
  async create(
    @Body() fields: MenuFieldsDto,
    @CurrentMember() member: AuthenticatedMember,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MenuDto> {
    const menu = await this.menus.create(fields, member);
    response.location(`/menus/${menu.id}`);
    return withTag(menu, response);
  }

  @Put(':id')
  @Authenticated()
  @ApiOperation({ summary: 'Replace all fields of a menu' })
  @ApiMenu(200, 'The menu as it is now')
  @ApiMenuChange(BODY_PROBLEMS)
  async replace(
    @Param() { id }: MenuIdDto,
    @Body() fields: MenuFieldsDto,
    @CurrentMember() by: AuthenticatedMember,
    @CurrentActor() actor: RequestActor,
    @Headers('If-Match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MenuDto> {
    return withTag(await this.menus.change({ id, by, actor, ifMatch }, fields), response);
  }

  @Patch(':id')
  @Authenticated()
  @ApiOperation({ summary: 'Change some fields of a menu' })
  @ApiMenu(200, 'The menu as it is now')
  @ApiMenuChange(BODY_PROBLEMS)
  async update(
    @Param() { id }: MenuIdDto,
    @Body() changes: MenuChangesDto,
    @CurrentMember() by: AuthenticatedMember,
    @CurrentActor() actor: RequestActor,
    @Headers('If-Match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MenuDto> {
    return withTag(await this.menus.change({ id, by, actor, ifMatch }, changes), response);
  }

  @Delete(':id')
  @Authenticated()
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a menu' })
  @ApiNoContentResponse({ description: 'It is gone' })
  @ApiMenuChange()
  async remove(
    @Param() { id }: MenuIdDto,
    @CurrentMember() by: AuthenticatedMember,
    @CurrentActor() actor: RequestActor,
    @Headers('If-Match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.menus.remove({ id, by, actor, ifMatch });
  }
}

function withTag(menu: Menu, response: Response): MenuDto {
  response.setHeader('ETag', menu.entityTag);
  return MenuDto.of(menu);
}
