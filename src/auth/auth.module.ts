import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SettingsModule } from '../platform/config/index.js';
import { DatabaseSettings } from '../platform/database/index.js';
import { HttpSettings } from '../platform/http/index.js';
import { Log } from '../platform/logging/index.js';
import { ErrorPages } from '../platform/pages/index.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysService } from './api-keys/api-keys.service.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { AuthSettings } from './auth.settings.js';
import { ApiKey } from './entities/api-key.entity.js';
import { FailureCount } from './entities/failure-count.entity.js';
import { KnownAddress } from './entities/known-address.entity.js';
import { Member } from './entities/member.entity.js';
import { Session } from './entities/session.entity.js';
import { IdentityService } from './identity/identity.service.js';
import { FailureCountsRepository } from './login-throttle/failure-counts.repository.js';
import { KnownAddressesRepository } from './login-throttle/known-addresses.repository.js';
import { LoginThrottle } from './login-throttle/login-throttle.service.js';
import { MembersRepository } from './members/members.repository.js';
import { PasswordHasher } from './members/password-hasher.js';
import { WithdrawalHooks } from './members/withdrawal-hooks.js';
import { AccountPagesController } from './pages/account-pages.controller.js';
import { AccountSections } from './pages/account-sections.js';
import { LoginPagesController } from './pages/login-pages.controller.js';
import { PageAuthentication } from './pages/page-authentication.js';
import { SessionsController } from './sessions.controller.js';
import { loadOrCreateSecret } from './sessions/session-secret.js';
import { SessionsRepository } from './sessions/sessions.repository.js';
import { SESSION_SECRETS, SessionsService } from './sessions/sessions.service.js';

/**
 * Members, sessions and API keys. Global: other modules use the guards without importing it. `sessions/session-expiry.ts` says
 * when sessions expire, `login-throttle/login-throttle.service.ts` what limits logins.
 */
@Global()
@Module({
  imports: [
    SettingsModule.forFeature(AuthSettings),
    TypeOrmModule.forFeature([ApiKey, FailureCount, KnownAddress, Member, Session]),
  ],
  controllers: [AuthController, SessionsController, ApiKeysController, LoginPagesController, AccountPagesController],
  providers: [
    AccountSections,
    ApiKeysService,
    AuthService,
    FailureCountsRepository,
    IdentityService,
    KnownAddressesRepository,
    LoginThrottle,
    MembersRepository,
    PageAuthentication,
    PasswordHasher,
    SessionsRepository,
    SessionsService,
    WithdrawalHooks,
    { provide: SESSION_SECRETS, inject: [AuthSettings, DatabaseSettings], useFactory: sessionSecrets },
  ],
  exports: [AccountSections, IdentityService, PageAuthentication, WithdrawalHooks],
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
    this.log.lines.warn(
      'TRUST_PROXY is 0: behind a proxy that ends TLS, every login is refused with auth.tls-required',
    );
  }
}

async function sessionSecrets(auth: AuthSettings, database: DatabaseSettings): Promise<readonly string[]> {
  return auth.secrets.length > 0 ? auth.secrets : [await loadOrCreateSecret(database.directory)];
}
