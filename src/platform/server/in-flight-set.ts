const PLACE = Symbol('place');

interface Placed {
  [PLACE]?: number;
}

/**
 * Those who are there just now, for lists that everybody enters and leaves all the time. A `Set` makes itself a new table
 * every so often, and its old tables know the new ones: once one of them is in the garbage collector's old space, so is,
 * for a while, everybody who entered since, with all that hangs on them. Entering twice, or leaving twice, does nothing.
 */
export class Roster<T extends object> {
  private readonly members: T[] = [];

  get size(): number {
    return this.members.length;
  }

  add(member: T & Placed): void {
    if (member[PLACE] !== undefined) return;
    member[PLACE] = this.members.push(member) - 1;
  }

  /** The last one takes the place that becomes free. */
  delete(member: T & Placed): void {
    const place = member[PLACE];
    if (place === undefined) return;
    const last = this.members.pop() as T & Placed;
    if (last !== member) {
      this.members[place] = last;
      last[PLACE] = place;
    }
    member[PLACE] = undefined;
  }

  forEach(visit: (member: T) => void): void {
    this.members.forEach(visit);
  }
}
