import { Injectable } from '@nestjs/common';
import { IdentityService } from '../identity/identity.service.js';
import type { AuthenticatedMember } from '../identity/authenticated-member.js';
import type { HttpContext } from '../sessions/http-context.js';

/** Authenticates the viewer of a page, and marks the response as dependent on the cookie. */
@Injectable()
export class PageAuthentication {
  constructor(private readonly identity: IdentityService) {}

  /** The viewer; undefined if not logged in. */
  authenticate({ request, response }: HttpContext): Promise<AuthenticatedMember | undefined> {
    response.vary('Cookie');
    return this.identity.authenticate(request, response);
  }

  /** For pages that also work without the database: undefined if the database cannot be asked. */
  isLoggedIn(context: HttpContext): Promise<boolean | undefined> {
    return this.authenticate(context).then(Boolean, () => undefined);
  }
}
