export { ForbiddenError, NotAuthenticatedError } from './auth.errors.js';
export { AuthModule } from './auth.module.js';
export { Authenticated, CurrentMember, Roles } from './identity/auth.decorators.js';
export { Identity } from './identity/identity.service.js';
export type { Principal } from './identity/principal.js';
export { MemberWithdrawals } from './members/member-withdrawals.js';
export { type AccountSection, AccountSections } from './pages/account-sections.js';
export { loginPath } from './pages/login-page.js';
export { Visitors } from './pages/visitors.js';
