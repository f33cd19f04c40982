import fc from 'fast-check';
import { Roster } from '../../../src/platform/server/in-flight-set.js';

describe('Roster', () => {
  it('holds what a Set would', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('add', 'delete'), fc.nat(5)), { maxLength: 60 });
    const property = fc.property(steps, (taken) => {
      const people = Array.from({ length: 6 }, (_, id) => ({ id }));
      const [roster, set] = [new Roster<object>(), new Set<object>()];
      for (const [step, id] of taken) {
        roster[step as 'add' | 'delete'](people[id]!);
        set[step as 'add' | 'delete'](people[id]!);
        const members: object[] = [];
        roster.forEach((member) => members.push(member));
        expect(roster.size).toBe(set.size);
        expect(new Set(members)).toEqual(set);
      }
    });
    fc.assert(property);
  });
});
