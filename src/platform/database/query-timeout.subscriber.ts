import { type AfterQueryEvent, type EntitySubscriberInterface, EventSubscriber } from 'typeorm';

/**
 * Closes a PostgreSQL connection after a query timeout, because the server or the network may be down without notice. `pg` would keep
 * the connection in its pool, and later queries on it would wait until TCP gives up, after about fifteen minutes.
 */
@EventSubscriber()
export class QueryTimeoutSubscriber implements EntitySubscriberInterface {
  afterQuery({ error, queryRunner }: AfterQueryEvent): void {
    if (!(error instanceof Error && error.message === 'Query read timeout')) return;
    // Not awaited: `end` waits for the server.
    queryRunner.connect().then((client: { end(): Promise<void> }) => void client.end().catch(() => undefined), ignore);
  }
}

function ignore(): void {
  // The connection is already closed.
}
