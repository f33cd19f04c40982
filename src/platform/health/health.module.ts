import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { GracefulShutdown } from '../http/index.js';
import { HealthController } from './health.controller.js';
import { ReadinessRegistry } from './readiness-registry.js';

@Global()
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [ReadinessRegistry],
  exports: [ReadinessRegistry],
})
export class HealthModule implements OnModuleInit {
  constructor(
    private readonly readiness: ReadinessRegistry,
    private readonly shutdown: GracefulShutdown,
  ) {}

  onModuleInit(): void {
    this.readiness.add('server', () => (this.shutdown.isStopping ? { ok: false, detail: 'stopping' } : { ok: true }));
  }
}
