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

/** The catalogue is public: caches may store responses, but must revalidate them each time. */
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
  @ApiProblems({ 422: 'A parameter is wrong, or the cursor belongs to another sort or filter', 503: 'No database' })
  async list(@Query() query: ListMenusDto): Promise<MenuPageDto> {
    return MenuPageDto.of(await this.menus.list(query.listing(), query.limit, query.cursor));
  }

  @Get(':id')
  @Header('Cache-Control', REVALIDATE)
  @ApiOperation({ summary: 'Show a menu' })
  @ApiHeader({
    name: 'If-None-Match',
    required: false,
    description: 'A known `ETag`: the response is 304 if it is current',
    schema: { type: 'string' },
  })
  @ApiMenu(200, 'The menu')
  @ApiResponse({
    status: 304,
    description: 'Not modified since the `ETag` in If-None-Match',
    headers: { ETag: ETAG_HEADER },
  })
  @ApiProblems({ 404: 'No such menu', 422: 'The id is not a positive integer', 503: 'No database' })
  async show(
    @Param() { id }: MenuIdDto,
    @Headers('If-None-Match') ifNoneMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MenuDto | undefined> {
    const menu = await this.menus.find(id);
    const body = withEntityTag(menu, response);
    if (ifNoneMatch === undefined || !matchesWeakly(ifNoneMatch, menu.entityTag)) return body;
    response.status(304);
    return undefined;
  }

  @Post()
  @Authenticated()
  @ApiOperation({ summary: 'Add a menu; you become its owner' })
  @ApiMenu(201, 'The menu')
  @ApiProblems({ ...BODY_PROBLEMS, 422: 'A field is wrong', 503: 'The database is busy', 507: 'The database is full' })
  async create(
    @Body() fields: MenuFieldsDto,
    @CurrentMember() member: AuthenticatedMember,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MenuDto> {
    const menu = await this.menus.create(fields, member);
    response.location(`/menus/${menu.id}`);
    return withEntityTag(menu, response);
  }

  @Put(':id')
  @Authenticated()
  @ApiOperation({ summary: 'Replace all fields of a menu' })
  @ApiMenu(200, 'The menu as it is now')
  @ApiMenuChange(BODY_PROBLEMS)
  async replace(
    @Param() { id }: MenuIdDto,
    @Body() fields: MenuFieldsDto,
    @CurrentMember() member: AuthenticatedMember,
    @CurrentActor() actor: RequestActor,
    @Headers('If-Match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MenuDto> {
    return withEntityTag(await this.menus.change({ id, member, actor, ifMatch }, fields), response);
  }

  @Patch(':id')
  @Authenticated()
  @ApiOperation({ summary: 'Change some fields of a menu' })
  @ApiMenu(200, 'The menu as it is now')
  @ApiMenuChange(BODY_PROBLEMS)
  async update(
    @Param() { id }: MenuIdDto,
    @Body() changes: MenuChangesDto,
    @CurrentMember() member: AuthenticatedMember,
    @CurrentActor() actor: RequestActor,
    @Headers('If-Match') ifMatch: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<MenuDto> {
    return withEntityTag(await this.menus.change({ id, member, actor, ifMatch }, changes), response);
  }

  @Delete(':id')
  @Authenticated()
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a menu' })
  @ApiNoContentResponse({ description: 'The menu is deleted' })
  @ApiMenuChange()
  async remove(
    @Param() { id }: MenuIdDto,
    @CurrentMember() member: AuthenticatedMember,
    @CurrentActor() actor: RequestActor,
    @Headers('If-Match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.menus.remove({ id, member, actor, ifMatch });
  }
}

function withEntityTag(menu: Menu, response: Response): MenuDto {
  response.setHeader('ETag', menu.entityTag);
  return MenuDto.of(menu);
}
