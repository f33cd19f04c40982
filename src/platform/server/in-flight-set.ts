const INDEX = Symbol('index');

interface Indexed {
  [INDEX]?: number;
}

/**
 * A set for members that are added and deleted with every request. Each member stores its index in an array. A `Set` would
 * reallocate its table every few operations, and an old table refers to the new one: once V8 has promoted one of them to the
 * old space, all members added since stay in memory until the next full collection. As in a `Set`, adding or deleting twice
 * has no effect.
 */
export class InFlightSet<T extends object> {
  private readonly members: T[] = [];

  get size(): number {
    return this.members.length;
  }

  add(member: T & Indexed): void {
    if (member[INDEX] !== undefined) return;
    member[INDEX] = this.members.push(member) - 1;
  }

  /** Moves the last member to the index that becomes free. */
  delete(member: T & Indexed): void {
    const index = member[INDEX];
    if (index === undefined) return;
    const last = this.members.pop() as T & Indexed;
    if (last !== member) {
      this.members[index] = last;
      last[INDEX] = index;
    }
    member[INDEX] = undefined;
  }

  forEach(visit: (member: T) => void): void {
    this.members.forEach(visit);
  }
}
