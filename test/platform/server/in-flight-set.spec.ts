import fc from 'fast-check';
import { InFlightSet } from '../../../src/platform/server/connection-tracker.js';

describe('InFlightSet', () => {
  it('contains the same members as a Set after the same operations', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('add', 'delete'), fc.nat(5)), { maxLength: 60 });
    const property = fc.property(steps, (taken) => {
      const candidates = Array.from({ length: 6 }, (_, id) => ({ id }));
      const [inFlight, set] = [new InFlightSet<object>(), new Set<object>()];
      for (const [step, id] of taken) {
        inFlight[step as 'add' | 'delete'](candidates[id]!);
        set[step as 'add' | 'delete'](candidates[id]!);
        const members: object[] = [];
        inFlight.forEach((member) => members.push(member));
        expect(inFlight.size).toBe(set.size);
        expect(new Set(members)).toEqual(set);
      }
    });
    fc.assert(property);
  });
});
