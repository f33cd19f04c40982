import { type AfterQueryEvent, type EntitySubscriberInterface, EventSubscriber } from 'typeorm';

/**
 * Ends connections to PostgreSQL on which a query was never answered: the server, or the way to it, may be gone without a
 * word. `pg` keeps such a connection in its pool, where all later queries would wait behind that one until the operating
 * system gives up, after some fifteen minutes.
 */
@EventSubscriber()
export class SilentConnections implements EntitySubscriberInterface {
  afterQuery({ error, queryRunner }: AfterQueryEvent): void {
    if (!(error instanceof Error && error.message === 'Query read timeout')) return;
    // Whoever waits for its end would wait for the server.
    queryRunner.connect().then((client: { end(): Promise<void> }) => void client.end().catch(() => undefined), ignore);
  }
}

function ignore(): void {
  // It has ended already.
}
