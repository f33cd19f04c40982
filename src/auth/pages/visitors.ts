import { Injectable } from '@nestjs/common';
import { Identity } from '../identity/identity.service.js';
import type { Principal } from '../identity/principal.js';
import type { Exchange } from '../sessions/exchange.js';

/** Who looks at a page. */
@Injectable()
export class Visitors {
  constructor(private readonly identity: Identity) {}

  /** Undefined where nobody is logged in. Says that the page is not the same for everybody. */
  see({ request, response }: Exchange): Promise<Principal | undefined> {
    response.vary('Cookie');
    return this.identity.identify(request, response);
  }

  /** For a page that is there without the database, too: undefined where it cannot be known who looks. */
  isMember(exchange: Exchange): Promise<boolean | undefined> {
    return this.see(exchange).then(Boolean, () => undefined);
  }
}
