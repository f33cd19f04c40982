import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SettingsModule } from '../platform/config/index.js';
import { DatabaseSettings } from '../platform/database/index.js';
import { HttpSettings } from '../platform/http/index.js';
import { Log } from '../platform/logging/index.js';
import { ErrorPages } from '../platform/pages/index.js';
import { ApiKeys } from './api-keys/api-keys.service.js';
import { ApiKeysController } from './api-keys.controller.js';
import { Attempts } from './attempts/attempts.service.js';
import { FailureCounts } from './attempts/failure-counts.js';
import { KnownAddresses } from './attempts/known-addresses.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { AuthSettings } from './auth.settings.js';
import { ApiKey } from './entities/api-key.entity.js';
import { FailureCount } from './entities/failure-count.entity.js';
import { KnownAddress } from './entities/known-address.entity.js';
import { Member } from './entities/member.entity.js';
import { Session } from './entities/session.entity.js';
import { IdentityService } from './identity/identity.service.js';
import { WithdrawalHooks } from './members/withdrawal-hooks.js';
import { Members } from './members/members.repository.js';
import { Passwords } from './members/passwords.service.js';
import { AccountSections } from './pages/account-sections.js';
import { AccountPagesController } from './pages/account-pages.controller.js';
import { EntryPagesController } from './pages/entry-pages.controller.js';
import { PageAuthentication } from './pages/page-authentication.js';
import { SessionsController } from './sessions.controller.js';
import { SessionRows } from './sessions/session-rows.js';
import { keptSecret } from './sessions/session-secret.js';
import { SESSION_SECRETS, Sessions } from './sessions/sessions.service.js';

/** Members, sessions and API keys. Global: a room that asks who calls need not import it. */
@Global()
@Module({
  imports: [
    SettingsModule.forFeature(AuthSettings),
    TypeOrmModule.forFeature([ApiKey, FailureCount, KnownAddress, Member, Session]),
  ],
  controllers: [AuthController, SessionsController, ApiKeysController, EntryPagesController, AccountPagesController],
  providers: [
    AccountSections,
    ApiKeys,
    Attempts,
    AuthService,
    FailureCounts,
    IdentityService,
    KnownAddresses,
    Members,
    WithdrawalHooks,
    Passwords,
    SessionRows,
    Sessions,
    PageAuthentication,
    { provide: SESSION_SECRETS, inject: [AuthSettings, DatabaseSettings], useFactory: sessionSecrets },
  ],
  exports: [AccountSections, IdentityService, WithdrawalHooks, PageAuthentication],
})
export class AuthModule implements OnModuleInit {
  constructor(
    private readonly settings: AuthSettings,
    private readonly http: HttpSettings,
    private readonly log: Log,
    errorPages: ErrorPages,
  ) {
    for (const path of ['/account', '/login', '/logout', '/signup']) errorPages.add(path);
  }

  onModuleInit(): void {
    if (!this.settings.isSecure || this.http.trustProxy > 0) return;
    this.log.lines.warn('TRUST_PROXY is 0: where a proxy ends TLS, every login is refused with auth.tls-required');
  }
}

async function sessionSecrets(auth: AuthSettings, database: DatabaseSettings): Promise<readonly string[]> {
  return auth.secrets.length > 0 ? auth.secrets : [await keptSecret(database.directory)];
}
